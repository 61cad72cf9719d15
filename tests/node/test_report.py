"""How long a status waits for the step that is under way."""

from datetime import timedelta
from typing import Any

from node.world import a_pod
from registry.given import pod

from petset.aio.tasks import Supervisor
from petset.api import objects
from petset.api.models import core_v1
from petset.node.memory import PodMemory, adopt
from petset.node.report import HOLD, HOLD_FOR_EACH_OTHER, LONGEST_HOLD, Reporter
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run
from petset.testing.plane import plane

NOW = SimulatedClock().now()
NOBODY: Any = None


def reporter() -> Reporter:
    return Reporter(NOBODY, SimulatedClock(), NOBODY, NOBODY)


def starting(name: str) -> PodMemory:
    shown: core_v1.Pod = objects.copy(pod(name))
    objects.meta(shown).uid = name
    memory = adopt(shown, None)
    memory.begun.add("start/main")
    return memory


def test_the_status_of_a_pod_that_starts_alone_waits_a_moment() -> None:
    reports, memory = reporter(), starting("web-0")
    assert reports.held_until(memory, NOW) == NOW + HOLD
    assert reports.held_until(memory, NOW + HOLD) is None
    assert reports.held_until(starting("web-1"), NOW + HOLD) == NOW + 2 * HOLD  # it holds up nobody any more


def test_among_many_that_start_it_waits_a_little_longer_for_each() -> None:
    reports, memory = reporter(), starting("web-0")
    reports.held_until(memory, NOW)
    for number in range(1, 11):
        reports.held_until(starting(f"web-{number}"), NOW)
    assert reports.held_until(memory, NOW) == NOW + HOLD + 10 * HOLD_FOR_EACH_OTHER
    for number in range(11, 5000):
        reports.held_until(starting(f"web-{number}"), NOW)
    assert reports.held_until(memory, NOW) == NOW + HOLD + LONGEST_HOLD


def test_who_has_started_or_is_gone_holds_up_nobody() -> None:
    reports, memory, started, gone = reporter(), starting("web-0"), starting("web-1"), starting("web-2")
    for one in (memory, started, gone):
        reports.held_until(one, NOW)
    started.begun.clear()
    assert reports.held_until(started, NOW + timedelta(milliseconds=1)) is None
    reports.forget(gone.uid)
    assert reports.held_until(memory, NOW) == NOW + HOLD


def test_a_status_that_changes_back_while_its_change_is_being_written_is_written_again() -> None:
    """Else the API would show for ever what held for a moment."""

    async def story() -> list[bool]:
        ended: list[bool] = []
        async with plane() as p, Supervisor("test") as tasks:
            stored = await p.client.create(a_pod("web-0"))
            memory = adopt(stored, None)
            reports = Reporter(p.client, p.clock, tasks, lambda memory, *, look_again: ended.append(look_again))
            before, meanwhile = memory.pod.status, core_v1.PodStatus(phase="Running")
            assert before is not None and reports.is_known(memory, before)
            reports.write(memory, meanwhile)
            assert not reports.is_known(memory, before)
            reports.write(memory, before)
            await p.clock.sleep(1)
        return ended

    assert run(story()) == [True]
