"""Rule 70: what may be unavailable and what is, while the gate is on; and how often the cache was stale."""

from controllers.statefulset.live import live
from controllers.statefulset.tiny import Tiny, make_set, rolling

from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.api.gates import Gates
from petset.api.models import apps_v1
from petset.controllers.statefulset.measures import budgets
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run

NAMES = [
    "statefulset_controller_statefulset_max_unavailable",
    "statefulset_controller_statefulset_unavailable_replicas",
]


def measured(tiny: Tiny) -> list[list[tuple[tuple[str, ...], object]]]:
    families = list(budgets([tiny.snapshot()]))
    assert [family.name for family in families] == NAMES
    return [[(s.labels, s.value) for s in family.samples] for family in families]


def test_the_budget_and_what_is_spent_of_it() -> None:
    tiny = Tiny(make_set(replicas=4, updateStrategy=rolling(max_unavailable="50%"), podManagementPolicy="Parallel"))
    tiny.run()
    tiny.phase("web-2", "Running")
    labels = ("default", "web", "Parallel")
    assert measured(tiny) == [[(labels, 2)], [(labels, 1)]]


def test_nothing_is_told_where_the_gate_is_off_or_no_rolling_update_is_wanted() -> None:
    assert measured(Tiny(gates=Gates(max_unavailable=False))) == [[], []]
    strategy = apps_v1.StatefulSetUpdateStrategy(type="OnDelete")
    assert measured(Tiny(make_set(updateStrategy=strategy))) == [[], []]


def test_the_controller_tells_of_its_queue_its_sets_and_its_stale_cache() -> None:
    async def story() -> None:
        async with live(lag=lambda kind: 0.0 if kind is apps_v1.StatefulSet else 1.0) as it:
            await it.start(replicas=2)
            await it.settle(5)
            told = {family.name: family.samples[0].value for family in it.controller.measures()}
            assert told["workqueue_adds_total"]
            skips = next(f for f in it.controller.measures() if f.name.endswith("stale_sync_skips_total"))
            assert (skips.labels, skips.samples[0].labels) == (("group", "resource"), ("apps", "statefulsets"))
            assert told["statefulset_controller_stale_sync_skips_total"]
            assert told[NAMES[1]] == 2

    run(story())


def test_a_set_that_is_well_is_not_looked_at_again_by_itself() -> None:
    """Rule 71: no resync shorter than half a day."""

    async def story() -> None:
        async with live() as it:
            await it.start(replicas=2)
            await it.ready_all()
            await it.settle(60)

            def looks() -> object:
                return next(
                    f.samples[0].value for f in it.controller.measures() if f.name == "workqueue_adds_total"
                )

            before = looks()
            await it.settle(12 * 3600)
            assert looks() == before

    run(story())


def test_five_sets_are_looked_at_at_once_and_none_twice() -> None:
    """Rule 71: the workers that a controller has where nobody says otherwise."""
    clock = SimulatedClock()
    busy: list[int] = []
    most = 0

    async def look(key: int) -> None:
        nonlocal most
        assert key not in busy
        busy.append(key)
        most = max(most, len(busy))
        await clock.sleep(1)
        busy.remove(key)

    async def main() -> None:
        reconciler = Reconciler("test", clock, look)
        async with Supervisor("test") as tasks:
            tasks.start("reconciler", reconciler.run())
            for _ in range(3):
                for key in range(12):
                    reconciler.wake(key)
                await clock.sleep(0.5)
            await clock.sleep(10)

    run(main())
    assert most == 5
