"""How one pod stands with its set: everything that the plan asks of a pod, found once for each change of it.

A set of a thousand pods is decided by a few of them: the first that is not Ready, the highest that is stale. To
find those without a look at the others, each pod's answers are noted when the pod (or a claim of its ordinal)
changes, and the roster (`roster.py`) files the pods under them.
"""

from datetime import datetime, timedelta
from itertools import compress
from typing import Literal, get_args

import msgspec

from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, uid_of
from petset.api.options import options_of
from petset.api.selectors import Selector
from petset.controllers.statefulset import identity, upkeep
from petset.controllers.statefulset.upkeep import Claims
from petset.ownership import health

Relation = Literal["member", "to adopt", "to release"]
Trait = Literal["created", "ready", "available", "unavailable", "terminating", "settled", "needy"]
"""`created`: it has a phase. `ready`: Running and Ready. `available`: Ready for long enough as well.

`unavailable`: not Ready for long enough, or on its way out. `settled`: Running and not unavailable. `needy`: by
itself or by its claims it may need an action, whatever other pods do.
"""
_TRAITS: tuple[Trait, ...] = get_args(Trait)


class Standing(msgspec.Struct, frozen=True, gc=False):
    """One pod as its set sees it. `ripe_at` is when a Ready pod becomes Available by the passing of time alone."""

    pod: core_v1.Pod
    relation: Relation
    ordinal: int
    revision: str
    traits: tuple[Trait, ...] = ()
    ripe_at: datetime | None = None

    def is_filed_like(self, other: "Standing") -> bool:
        """The two differ in nothing but the version of the pod."""
        return (
            self.traits == other.traits
            and self.ripe_at == other.ripe_at
            and self.revision == other.revision
            and self.ordinal == other.ordinal
            and self.relation == other.relation
        )

    @property
    def placed(self) -> bool:
        """It holds one of the set's identities; a name such as `web-007` is a member without a place."""
        return self.relation != "to release" and self.ordinal != identity.NO_ORDINAL


class Judge:
    """Tells how pods stand with one set, as its spec is now."""

    def __init__(self, stateful_set: apps_v1.StatefulSet, claims: Claims) -> None:
        self.set = stateful_set
        self._claims = claims
        self._selector = Selector.from_struct(stateful_set.spec.selector)
        self._name, self._uid = name_of(stateful_set), uid_of(stateful_set)
        self._going = is_terminating(stateful_set)
        self._wanted = identity.wanted_ordinals(stateful_set)
        self._leaves_strays = options_of(meta(stateful_set).annotations).leave_strays
        self._in_order = stateful_set.spec.podManagementPolicy != "Parallel"
        self._min_ready_seconds = stateful_set.spec.minReadySeconds or 0

    def standing(self, pod: core_v1.Pod, now: datetime) -> Standing | None:
        """None for a pod that is none of the set's business."""
        ordinal = identity.ordinal_of(self._name, name_of(pod))
        matches = ordinal is not None and self._selector.matches(meta(pod).labels)
        relation = self._relation(pod, ordinal, matches=matches)
        if relation is None:
            return None
        placed = identity.NO_ORDINAL if ordinal is None else ordinal
        revision = identity.revision_of(pod)
        if relation == "to release" or placed == identity.NO_ORDINAL:
            return Standing(pod, relation, placed, revision)
        left = health.seconds_until_available(pod, self._min_ready_seconds, now)
        return Standing(
            pod,
            relation,
            placed,
            revision,
            self._traits(pod, placed, left),
            now + timedelta(seconds=left) if left else None,
        )

    def _relation(self, pod: core_v1.Pod, ordinal: int | None, *, matches: bool) -> Relation | None:
        """Rule 42: ownership follows the selector; a set that is being deleted neither adopts nor releases."""
        owner = controller_of(pod)
        if owner is None:
            stray = self._leaves_strays and ordinal not in self._wanted
            return "to adopt" if matches and not is_terminating(pod) and not self._going and not stray else None
        if owner.uid != self._uid:
            return None
        if matches:
            return "member"
        return None if self._going else "to release"

    def _traits(self, pod: core_v1.Pod, ordinal: int, seconds_left: float | None) -> tuple[Trait, ...]:
        phase, leaving = health.phase_of(pod), is_terminating(pod)
        ready = phase == "Running" and seconds_left is not None
        unavailable = leaving or seconds_left != 0
        settled = phase == "Running" and not unavailable
        needy = self._is_needy(pod, ordinal, settled=settled)
        held = (phase, ready, ready and seconds_left == 0, unavailable, leaving, settled, needy)
        return tuple(compress(_TRAITS, held))

    def _is_needy(self, pod: core_v1.Pod, ordinal: int, *, settled: bool) -> bool:
        if ordinal not in self._wanted:
            return bool(upkeep.corrections(self.set, self._claims, ordinal, pod))
        if health.is_finished(pod):
            return True
        tended = settled or not self._in_order
        return bool(upkeep.upkeep(self.set, self._claims, ordinal, pod, settled=tended))
