"""When a machine is shut down, every container is asked first, and nothing is left."""

import pytest

from petset.node.runtime import ContainerSpec, SandboxSpec
from petset.node.shutdown import stop_everything
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run
from petset.testing.runtime import SimulatedRuntime


async def two_pods(runtime: SimulatedRuntime) -> None:
    for uid in ("a", "b"):
        await runtime.start_sandbox(SandboxSpec(uid, "default", f"pod-{uid}", "node-1", f"pod-{uid}"))
        await runtime.start_container(uid, ContainerSpec("main", 0, "redis:7.0"))


@pytest.mark.parametrize("deaf", [False, True], ids=["heeds SIGTERM", "ignores SIGTERM"])
def test_everything_is_gone_whether_it_heeds_the_signal_or_not(deaf: bool) -> None:
    async def story() -> float:
        clock = SimulatedClock()
        runtime = SimulatedRuntime(clock)
        await two_pods(runtime)
        if deaf:
            runtime.ignore_signals("pod-a", "main")
        before = clock.monotonic()
        await stop_everything(runtime, grace_seconds=30)
        assert await runtime.list_sandboxes() == []
        return clock.monotonic() - before

    assert run(story()) == (30 if deaf else 0)


def test_a_machine_without_pods_is_shut_down_at_once() -> None:
    async def story() -> None:
        await stop_everything(SimulatedRuntime(SimulatedClock()))

    run(story())
