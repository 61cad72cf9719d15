"""From options to a runtime that works: what this machine has, which engine runs a container, what runs already."""

import re
import resource
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from petset.node.oci import addresses, bundle, capabilities, engine, state, syscalls
from petset.node.oci.containers import Containers
from petset.node.oci.images import HOST_REFERENCE, Image, MappedImages
from petset.node.oci.layout import Layout
from petset.node.oci.network import Network
from petset.node.oci.preparation import PodView
from petset.node.oci.sandboxes import Sandboxes, remove_cgroups
from petset.node.runtime import ContainerSpec, RuntimeFailure, SandboxSpec

_PLAIN = re.compile(r"/[^,:\\]*")
_CGROUPS = Path("/sys/fs/cgroup")
_CHECK = "engine-check"


@dataclass(frozen=True)
class Options:
    """`directory` is the runtime's own, absolute. `maps` are image maps (TOML files that need not exist), the first
    wins. `hide` are directories that no container may see of this machine, besides `directory`.
    """

    directory: Path
    now: Callable[[], datetime]
    kind: str = "auto"
    maps: Sequence[Path] = ()
    hide: Sequence[Path] = ()
    ranges: Sequence[str] = addresses.RANGES


@dataclass(frozen=True)
class Parts:
    """What a runtime is made of."""

    layout: Layout
    engine: engine.Engine
    network: Network
    images: MappedImages
    sandboxes: Sandboxes
    containers: Containers
    boot: str


def assemble(options: Options) -> Parts:
    """Blocking. Unusable says what to install or to do."""
    engine.require_root()
    layout = Layout(options.directory)
    if not _PLAIN.fullmatch(str(layout.directory)):
        raise engine.Unusable(
            f"overlay mounts cannot take the path {layout.directory}: it must have no `,` `:` or `\\`"
        )
    layout.directory.mkdir(parents=True, exist_ok=True)
    layout.directory.chmod(0o700)
    _forget_other_boots(layout)
    for path in (layout.sandboxes, layout.images, layout.engine_root, layout.sockets):
        path.mkdir(parents=True, exist_ok=True)
    network = Network(layout, options.ranges)
    try:
        network.set_up()
    except (OSError, LookupError) as error:
        raise engine.Unusable(f"cannot set the pods' network up: {error}") from error
    images = MappedImages(layout, options.maps, (layout.directory, *options.hide))
    sandboxes = Sandboxes(layout, network)
    host = host_facts()

    def containers(chosen: engine.Engine) -> Containers:
        return Containers(layout, chosen, host, options.now)

    def works(candidate: engine.Engine) -> None:
        _run_one(sandboxes, containers(candidate), images.prepare(HOST_REFERENCE))

    chosen = engine.pick(options.kind, layout.directory / "engine.json", works)
    return Parts(layout, chosen, network, images, sandboxes, containers(chosen), state.boot_id())


def _run_one(sandboxes: Sandboxes, containers: Containers, image: Image) -> None:
    """A whole container, from start to end, in the way all are run. RuntimeError: it did not work."""
    sandbox = state.SandboxRecord(SandboxSpec(_CHECK, "", _CHECK, "", _CHECK, host_network=True), "")
    spec = ContainerSpec("check", 0, HOST_REFERENCE, command=["sh", "-c", "exit 0"])
    record = state.ContainerRecord(_CHECK, _CHECK, spec.name, 0, spec.image, image.id, state.boot_id())
    try:
        sandboxes.make(sandbox)
        ended = containers.outcome(containers.start(record, spec, image, PodView(_CHECK)), seconds=10)
    except (OSError, RuntimeFailure) as error:
        raise RuntimeError(str(error)) from error
    finally:
        containers.remove(record)
        sandboxes.unmake(_CHECK)
    if ended != 0:
        raise RuntimeError(f"a container that should end with 0 ended with {ended}")


def _forget_other_boots(layout: Layout) -> None:
    """Where /run outlived a reboot, what it says of processes and namespaces is wrong."""
    boot = state.boot_id()
    if layout.run.exists() and (not layout.boot.exists() or layout.boot.read_text() != boot):
        shutil.rmtree(layout.run)
    layout.run.mkdir(parents=True, exist_ok=True)
    layout.run.chmod(0o700)
    layout.boot.write_text(boot)


def host_facts() -> bundle.Host:
    """What this process may hand on to containers."""
    lines = Path("/proc/self/status").read_text().splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("CapBnd"))
    bounding = capabilities.from_mask(int(mask, 16))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = 1_048_576
    lowest = -1000 if "CAP_SYS_RESOURCE" in bounding else int(Path("/proc/self/oom_score_adj").read_text())
    unified = _CGROUPS / "cgroup.controllers"
    shares_cpu = "cpu" in unified.read_text().split() if unified.exists() else (_CGROUPS / "cpu").exists()
    return bundle.Host(bounding, most if files == resource.RLIM_INFINITY else min(files, most), lowest, shares_cpu)


def take_down(parts: Parts) -> None:
    """What outlasts the sandboxes: bridge, mounts, cgroup, all of ours under /run. `assemble` makes them again."""
    parts.network.teardown()
    remove_cgroups(f"/{parts.layout.name}")
    syscalls.unmount(parts.layout.covers)
    shutil.rmtree(parts.layout.run, ignore_errors=True)
