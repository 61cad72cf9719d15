"""When a machine is shut down, every container is asked first, and nothing is left."""

import pytest

from petset.node.runtime import ContainerSpec, RuntimeFailure, SandboxSpec
from petset.node.shutdown import MOST_GRACE_SECONDS, stop_everything
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run
from petset.testing.runtime import SimulatedRuntime


async def pod(runtime: SimulatedRuntime, name: str, grace_seconds: float = 30) -> None:
    await runtime.start_sandbox(SandboxSpec(name, "default", name, "node-1", name, grace_seconds=grace_seconds))
    await runtime.start_container(name, ContainerSpec("main", 0, "redis:7.0"))


@pytest.mark.parametrize(
    ("grace_seconds", "deaf", "took_seconds"),
    [(30, False, 0), (30, True, 30), (5, True, 5), (120, True, 120), (3600, True, MOST_GRACE_SECONDS)],
)
def test_a_pod_has_its_own_grace_period_within_a_persons_patience(
    grace_seconds: float, deaf: bool, took_seconds: float
) -> None:
    async def story() -> float:
        clock = SimulatedClock()
        runtime = SimulatedRuntime(clock)
        await pod(runtime, "web-0", grace_seconds)
        await pod(runtime, "web-1")
        if deaf:
            runtime.ignore_signals("web-0", "main")
        before = clock.monotonic()
        await stop_everything(runtime)
        assert await runtime.list_sandboxes() == []
        return clock.monotonic() - before

    assert run(story()) == took_seconds


def test_a_short_grace_period_is_not_drawn_out_by_a_neighbours_long_one() -> None:
    async def story() -> list[str]:
        runtime = SimulatedRuntime(SimulatedClock())
        for name, grace_seconds in (("slow", 60), ("quick", 2)):
            await pod(runtime, name, grace_seconds)
            runtime.ignore_signals(name, "main")
        await stop_everything(runtime)
        return [line for line in runtime.history if line.startswith("remove")]

    assert run(story()) == ["remove sandbox quick", "remove sandbox slow"]


def test_what_is_thrown_away_is_not_asked() -> None:
    async def story() -> tuple[float, list[str]]:
        clock = SimulatedClock()
        runtime = SimulatedRuntime(clock)
        await pod(runtime, "web-0")
        runtime.ignore_signals("web-0", "main")
        before = clock.monotonic()
        await stop_everything(runtime, most_grace_seconds=0)
        assert await runtime.list_sandboxes() == []
        return clock.monotonic() - before, [line for line in runtime.history if line.startswith("signal")]

    assert run(story()) == (0, [])


def test_a_sandbox_that_cannot_be_removed_is_told_of_once_all_others_are_gone() -> None:
    class Stuck(SimulatedRuntime):
        async def remove_sandbox(self, uid: str) -> None:
            if uid == "stuck":
                raise RuntimeFailure("KillPodSandboxError", "cannot remove stuck")
            await super().remove_sandbox(uid)

    async def story() -> None:
        runtime = Stuck(SimulatedClock())
        await pod(runtime, "stuck")
        await pod(runtime, "web-0")
        with pytest.raises(RuntimeFailure, match="cannot remove stuck"):
            await stop_everything(runtime)
        assert [sandbox.spec.name for sandbox in await runtime.list_sandboxes()] == ["stuck"]

    run(story())


def test_a_machine_without_pods_is_shut_down_at_once() -> None:
    async def story() -> None:
        await stop_everything(SimulatedRuntime(SimulatedClock()))

    run(story())
