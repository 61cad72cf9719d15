"""Laying out a container's directory before it is created: its OCI document, its private layer, its small files."""

import os
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from petset.node.oci import bundle, capabilities, conmon, seccomp, state, syscalls, users
from petset.node.oci.images import Image
from petset.node.oci.layout import Layout
from petset.node.oci.network import NAMESPACES
from petset.node.runtime import ContainerSpec, Mount, RuntimeFailure

CONFIG = "config.json"
TERMINATION = "termination"
_SHARED_FILES = ("hosts", "hostname", "resolv.conf")


@dataclass(frozen=True)
class PodView:
    """What a container sees of its pod beside the sandbox: the host name, and the process namespace that it enters
    instead of one of its own."""

    hostname: str
    processes: Path | None = None


def surroundings(
    layout: Layout, record: state.ContainerRecord, spec: ContainerSpec, pod: PodView
) -> bundle.Surroundings:
    """What the sandbox, and the container's own directory, bring into the container."""
    sandbox, kept = layout.sandbox(record.sandbox_uid), layout.kept(record.sandbox_uid)
    directory = layout.container(record.sandbox_uid, record.id)
    files = [Mount(sandbox / name, f"/etc/{name}", spec.security.read_only_root) for name in _SHARED_FILES]
    files.append(Mount(kept / "shm", "/dev/shm"))  # noqa: S108 - it is the pod's own
    if spec.termination_message_path:
        files.append(Mount(directory / TERMINATION, spec.termination_message_path))
    namespaces = {kind: kept / kind for kind in NAMESPACES if (kept / kind).exists()}
    if pod.processes is not None:
        namespaces["pid"] = pod.processes
    cgroup = f"{layout.cgroup(record.sandbox_uid)}/{record.id}"
    return bundle.Surroundings(directory / "root", pod.hostname, cgroup, namespaces, files)


def confined(
    layout: Layout, spec: ContainerSpec, around: bundle.Surroundings, host: bundle.Host
) -> bundle.Surroundings:
    """The same with the profile of system calls. RuntimeFailure: it is not there."""
    try:
        held = capabilities.granted(spec.security, host.bounding)
    except LookupError as error:
        raise RuntimeFailure("CreateContainerError", str(error.args[0])) from error
    return replace(around, seccomp=seccomp.profile_of(spec.security, held, layout.seccomp))


def prepare(
    directory: Path, spec: ContainerSpec, image: Image, around: bundle.Surroundings, host: bundle.Host
) -> None:
    """Write all of it. RuntimeFailure names what the pod asked for that cannot be."""
    for mount in spec.mounts:
        if not mount.source.exists():
            raise RuntimeFailure("CreateContainerError", f"mount {mount.target}: there is no {mount.source}")
    try:
        user = users.resolve(image.config.user, spec.security, image.text("etc/passwd"), image.text("etc/group"))
        document = bundle.document(spec, image.config, user, around, host)
    except LookupError as error:
        raise RuntimeFailure("CreateContainerError", str(error.args[0])) from error
    for name, mode in ((conmon.EXITS, 0o700), ("work", 0o700), ("root", 0o755), ("upper", 0o755)):
        (directory / name).mkdir()
        (directory / name).chmod(mode)
    for name in image.directories:
        _make_directory(directory / "upper", name, user)
    (directory / TERMINATION).touch()
    (directory / TERMINATION).chmod(0o666)
    state.write(directory / CONFIG, document)


def mount_root(directory: Path, image: Image) -> None:
    """Lay the private layer over the image's, for the calling thread and what it starts."""
    lower = ":".join(str(layer) for layer in image.layers)
    options = f"lowerdir={lower},upperdir={directory / 'upper'},workdir={directory / 'work'}"
    try:
        syscalls.mount("overlay", directory / "root", "overlay", 0, options)
    except OSError as error:
        raise RuntimeFailure("CreateContainerError", f"cannot lay out the root file system: {error}") from error


def _make_directory(upper: Path, name: str, user: users.User) -> None:
    """`name` seen from inside the container; it belongs to its user."""
    path = upper
    for part in PurePosixPath(os.path.normpath(f"/{name}")).parts[1:]:
        path /= part
        if not path.exists():
            path.mkdir()
            path.chmod(0o755)
    os.chown(path, user.uid, user.gid)
