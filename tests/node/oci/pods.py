"""Short ways to say what the container tests start."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from petset.api.objects import replace
from petset.node.oci.opening import Options
from petset.node.oci.runtime import OciRuntime
from petset.node.runtime import Container, ContainerSpec, SandboxSpec


def sandbox(uid: str = "uid-0", **changes: object) -> SandboxSpec:
    return replace(SandboxSpec(uid, "default", "web-0", "node-0", "web-0"), **changes)  # type: ignore[arg-type]


def container(*command: str, **changes: object) -> ContainerSpec:
    return replace(ContainerSpec("main", 0, "busybox", command), **changes)  # type: ignore[arg-type]


def shell(script: str, **changes: object) -> ContainerSpec:
    return container("sh", "-c", script, **changes)


async def started(runtime: OciRuntime, spec: ContainerSpec, pod: SandboxSpec | None = None) -> Container:
    pod = pod or sandbox()
    await runtime.start_sandbox(pod)
    return await runtime.start_container(pod.uid, spec)


async def finished(
    runtime: OciRuntime, spec: ContainerSpec, pod: SandboxSpec | None = None
) -> tuple[Container, str]:
    """Run it to its end: how it ended, and what it printed."""
    running = await started(runtime, spec, pod)
    ended = await runtime.wait(running.id)
    return ended, printed(ended)


async def until(is_so: Callable[[], bool]) -> None:
    """Until something outside the event loop has come about; the test's time limit ends a vain wait."""
    while not is_so():  # noqa: ASYNC110 - other processes wake no event of ours
        await asyncio.sleep(0.005)  # noqa: TID251


@asynccontextmanager
async def opened(options: Options) -> AsyncIterator[OciRuntime]:
    runtime = await OciRuntime.open(options)
    try:
        yield runtime
    finally:
        await runtime.close()


def printed(of: Container) -> str:
    """The lines of a log in the format of the container runtime interface, without time, stream and tag."""
    assert of.log_path is not None
    return "\n".join(line.split(" ", 3)[3] for line in of.log_path.read_text().splitlines())
