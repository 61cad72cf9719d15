"""The roster that is kept up pod by pod says what one made anew would say, whatever happened in between."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from controllers.statefulset.test_properties import EVENTS, SETS, happen
from controllers.statefulset.tiny import START, Tiny, make_set
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import apps_v1
from petset.api.objects import meta, name_of
from petset.controllers.statefulset import bits
from petset.controllers.statefulset.history import decide
from petset.controllers.statefulset.identity import ordinal_of
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.plan import plan
from petset.controllers.statefulset.roster import Roster, roster_of
from petset.controllers.statefulset.standing import Judge, Trait


class Kept:
    """A roster that hears of every change of a tiny world, as the ledger does."""

    def __init__(self, tiny: Tiny) -> None:
        self._tiny = tiny
        self._begin()

    def _begin(self) -> None:
        tiny = self._tiny
        self._generation = meta(tiny.set).generation
        self._pods, self._claims = dict(tiny.pods), dict(tiny.claims)
        self.roster = roster_of(tiny.set, tiny.pods.values(), tiny.claims, tiny.now)

    def catch_up(self) -> Roster:
        tiny = self._tiny
        if meta(tiny.set).generation != self._generation:
            self._begin()
        for name in changed(self._pods, tiny.pods) | {
            f"web-{ordinal_of('data-web', claim)}" for claim in changed(self._claims, tiny.claims)
        }:
            if name in tiny.pods:
                self.roster.put(tiny.pods[name], tiny.now)
            else:
                self.roster.remove(name)
        self._pods, self._claims = dict(tiny.pods), dict(tiny.claims)
        self.roster.ripen(tiny.now)
        return self.roster


def changed(before: dict[str, object], after: dict[str, object]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) is not after.get(name)}


@given(SETS, st.lists(EVENTS, max_size=25))
@settings(max_examples=150)
def test_kept_up_or_made_anew_a_roster_is_the_same(
    stateful_set: apps_v1.StatefulSet, events: list[tuple[str, object]]
) -> None:
    tiny = Tiny(stateful_set)
    kept = Kept(tiny)
    for event in events:
        happen(tiny, event)
        tiny.pass_time(1)
        assert kept.catch_up().same_as(roster_of(tiny.set, tiny.pods.values(), tiny.claims, tiny.now))


class Suspicious(Roster):
    """Every pod may be needy."""

    def having(self, trait: Trait) -> int:
        return self.there if trait == "needy" else super().having(trait)


@given(SETS, st.lists(EVENTS, max_size=25))
@settings(max_examples=100)
def test_a_pod_that_the_plan_does_not_look_at_needs_nothing(
    stateful_set: apps_v1.StatefulSet, events: list[tuple[str, object]]
) -> None:
    tiny = Tiny(stateful_set)
    for event in events:
        happen(tiny, event)
    everybody = Suspicious(tiny.set, tiny.claims)
    for pod in tiny.pods.values():
        everybody.put(pod, tiny.now)
    assert plan(replace(tiny.snapshot(), roster=everybody)) == tiny.plan()


def test_a_newer_version_of_a_pod_takes_the_place_of_the_older() -> None:
    """Also where nothing has changed that it is filed under: actions are made from what the roster hands out."""
    tiny = Tiny(make_set(replicas=2))
    tiny.run()
    roster = roster_of(tiny.set, tiny.pods.values(), tiny.claims, tiny.now)
    tiny.edit("web-0", ownerReferences=None)
    roster.put(tiny.pods["web-0"], tiny.now)
    for name in ("web-0", "web-1"):
        tiny.edit(name, annotations={"touched": "yes"})
        roster.put(tiny.pods[name], tiny.now)
    assert [roster.pod(place) for place in (0, 1)] == [tiny.pods["web-0"], tiny.pods["web-1"]]
    assert roster.to_adopt() == [tiny.pods["web-0"]]
    assert roster.same_as(roster_of(tiny.set, tiny.pods.values(), tiny.claims, tiny.now))
    roster.remove("web-1")
    assert roster.pod(1) is None


def test_bits_go_up_and_down() -> None:
    numbers = sum(1 << n for n in (0, 5, 64, 1000))
    assert list(bits.ascending(numbers)) == [0, 5, 64, 1000]
    assert list(bits.descending(numbers)) == [1000, 64, 5, 0]
    assert (bits.lowest(0), bits.highest(0)) == (None, None)
    assert list(bits.ascending(bits.span(2, 5))) == [2, 3, 4] and bits.span(5, 2) == 0


def test_a_far_away_orphan_costs_no_more_than_one_near_by() -> None:
    tiny = Tiny(make_set(replicas=2))
    tiny.run()
    stray, far = tiny.pods["web-1"], "web-2000000000"
    tiny.pods[far] = msgspec.structs.replace(stray, metadata=msgspec.structs.replace(meta(stray), name=far))
    roster = tiny.snapshot().roster
    assert roster.there.bit_length() == 3
    assert [name_of(pod) for pod in roster.pods([2])] == [far]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda r: r._standings.pop("web-1"),
        lambda r: r._traits.update(ready=0),
        lambda r: r._traits.update(ready=r._traits["ready"] ^ 1),
        lambda r: r._revisions.clear(),
        lambda r: r._revisions.update({label: places ^ 1 for label, places in r._revisions.items()}),
        lambda r: r._pods.pop(0),
        lambda r: setattr(r, "_there", r._there ^ 1),
        lambda r: r._ripening.clear(),
        lambda r: r._unplaced.clear(),
    ],
    ids=[
        "a pod forgotten", "a trait forgotten", "a trait misfiled", "revisions forgotten", "a revision misfiled",
        "no pod in its place", "a place taken for empty", "nobody ripens", "an orphan forgotten",
    ],
)  # fmt: skip
def test_the_check_finds_a_roster_that_is_wrong(spoil: Callable[[Any], object]) -> None:
    """What the ledger relies on: two rosters are the same only if all that is filed in them is."""
    tiny = Tiny(make_set(replicas=3, minReadySeconds=60, podManagementPolicy="Parallel"))
    tiny.look()
    tiny.ready("web-0", "web-1", "web-2")
    tiny.edit("web-2", ownerReferences=None)
    roster, right = tiny.snapshot().roster, tiny.snapshot().roster
    assert roster.same_as(right) and right.same_as(roster)
    spoil(roster)
    assert not roster.same_as(right)
    assert not right.same_as(roster)


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_nobody_is_looked_at_in_a_set_that_is_well(policy: str) -> None:
    """What keeps a sync cheap: only who may need something is asked."""
    tiny = Tiny(make_set(replicas=3, podManagementPolicy=policy))
    tiny.run()
    snapshot = tiny.snapshot()
    assert list(Lineup(snapshot, decide(snapshot)).to_look_at()) == []
    tiny.phase("web-1", "Failed")
    snapshot = tiny.snapshot()
    assert list(Lineup(snapshot, decide(snapshot)).to_look_at()) == [1]


@pytest.mark.parametrize(
    ("change", "going", "relation"),
    [
        ({}, False, "member"),
        ({}, True, "member"),
        ({"labels": {"app": "other"}}, False, "to release"),
        ({"labels": {"app": "other"}}, True, None),
        ({"ownerReferences": None}, False, "to adopt"),
        ({"ownerReferences": None}, True, None),
        ({"ownerReferences": None, "deletionTimestamp": START}, False, None),
        ({"ownerReferences": None, "labels": {"app": "other"}}, False, None),
    ],
)
def test_how_a_pod_stands_with_its_set(change: dict[str, object], going: bool, relation: str | None) -> None:
    """Rule 42; a set that is going neither adopts nor releases."""
    tiny = Tiny(make_set(replicas=1))
    tiny.run()
    tiny.edit("web-0", **change)
    meta(tiny.set).deletionTimestamp = START if going else None
    standing = Judge(tiny.set, tiny.claims).standing(tiny.pods["web-0"], tiny.now)
    assert (standing.relation if standing else None) == relation
