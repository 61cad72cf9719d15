"""When a machine is shut down, every container is asked first, and nothing is left."""

from typing import Any

import pytest

from petset.api.models import core_v1
from petset.node.runtime import ContainerSpec, ExecResult, RuntimeFailure, SandboxSpec
from petset.node.shutdown import MOST_GRACE_SECONDS, stop_everything
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run
from petset.testing.node import SimulatedNetwork
from petset.testing.runtime import SimulatedRuntime


async def pod(runtime: SimulatedRuntime, name: str, grace_seconds: float = 30, **more: Any) -> None:
    spec = SandboxSpec(name, "default", name, "node-1", name, grace_seconds=grace_seconds, **more)
    await runtime.start_sandbox(spec)
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
        await stop_everything(runtime, SimulatedNetwork(), clock)
        assert await runtime.list_sandboxes() == []
        return clock.monotonic() - before

    assert run(story()) == took_seconds


def test_a_short_grace_period_is_not_drawn_out_by_a_neighbours_long_one() -> None:
    async def story() -> list[str]:
        clock = SimulatedClock()
        runtime = SimulatedRuntime(clock)
        for name, grace_seconds in (("slow", 60), ("quick", 2)):
            await pod(runtime, name, grace_seconds)
            runtime.ignore_signals(name, "main")
        await stop_everything(runtime, SimulatedNetwork(), clock)
        return [line for line in runtime.history if line.startswith("remove")]

    assert run(story()) == ["remove sandbox quick", "remove sandbox slow"]


def test_what_is_thrown_away_is_not_asked() -> None:
    async def story() -> tuple[float, list[str]]:
        clock = SimulatedClock()
        runtime = SimulatedRuntime(clock)
        await pod(runtime, "web-0")
        runtime.ignore_signals("web-0", "main")
        before = clock.monotonic()
        await stop_everything(runtime, SimulatedNetwork(), clock, most_grace_seconds=0)
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
        clock = SimulatedClock()
        runtime = Stuck(clock)
        await pod(runtime, "stuck")
        await pod(runtime, "web-0")
        with pytest.raises(RuntimeFailure, match="cannot remove stuck"):
            await stop_everything(runtime, SimulatedNetwork(), clock)
        assert [sandbox.spec.name for sandbox in await runtime.list_sandboxes()] == ["stuck"]

    run(story())


def test_a_machine_without_pods_is_shut_down_at_once() -> None:
    async def story() -> None:
        clock = SimulatedClock()
        await stop_everything(SimulatedRuntime(clock), SimulatedNetwork(), clock)

    run(story())


def farewell(**hook: Any) -> core_v1.Container:
    return core_v1.Container(name="main", lifecycle=core_v1.Lifecycle(preStop=core_v1.LifecycleHandler(**hook)))


def test_a_container_says_farewell_before_it_is_asked_to_end_and_within_its_grace_period() -> None:
    async def story(seconds: int, grace_seconds: float) -> tuple[float, float]:
        """When the container was asked to end, and when its pod was gone, from the start of the shutdown on."""
        clock = SimulatedClock()
        asked: list[float] = []

        class Watched(SimulatedRuntime):
            async def signal(self, container_id: str, signal_number: int) -> None:
                asked.append(clock.monotonic())
                await super().signal(container_id, signal_number)

        runtime = Watched(clock)
        slept = farewell(sleep=core_v1.SleepAction(seconds=seconds))
        await pod(runtime, "web-0", grace_seconds, farewells=(slept,))
        runtime.ignore_signals("web-0", "main")
        before = clock.monotonic()
        await stop_everything(runtime, SimulatedNetwork(), clock)
        return asked[0] - before, clock.monotonic() - before

    assert run(story(10, 30)) == (10, 30)
    assert run(story(60, 30)) == (30, 32)  # the hook is cut off, and the container has two seconds more


def test_a_farewell_that_fails_holds_nobody_up() -> None:
    async def story() -> list[str]:
        clock = SimulatedClock()
        runtime = SimulatedRuntime(clock)
        runtime.answer = lambda container, command: ExecResult(1, "no")  # type: ignore[method-assign]
        command = core_v1.ExecAction(command=["leave", "the", "cluster"])
        await pod(runtime, "web-0", farewells=(farewell(exec=command),))
        await stop_everything(runtime, SimulatedNetwork(), clock)
        return [line for line in runtime.history if line.startswith(("signal", "remove"))]

    signalled, removed = run(story())
    assert signalled.startswith("signal") and removed == "remove sandbox web-0"
