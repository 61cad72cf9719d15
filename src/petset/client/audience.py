"""Whom a change of an object concerns: who looks at a part of it that differs, and follows the kind of its owner.

A pod is written a few times while it comes up, and a dozen components listen. Most of it is nothing to most of
them: a status that moves says nothing to whoever reads owners and labels, and a set's pod nothing to the controller
of Jobs. To call each of them and be told so costs more than what the others do about it.

What a write leaves alone it shares with what was there before, so that a look in memory mostly tells what is new.
"""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

from petset.api.objects import controller_of

L = TypeVar("L")

Part = Literal["metadata", "content", "status"]
"""What one may look at. `metadata`: labels, annotations, owners, finalizers, and whether it is on its way out.
`content`: the specification, or all that an object has beside metadata and status."""
Parts = frozenset[Part]
METADATA: Parts = frozenset(("metadata",))
CONTENT: Parts = frozenset(("content",))
EVERYTHING: Parts = METADATA | CONTENT | {"status"}
NOTHING: Parts = frozenset()

_DIVIDED = {"apiVersion", "kind", "metadata", "spec", "status"}
_lasting = attrgetter("labels", "annotations", "ownerReferences", "finalizers", "deletionTimestamp")


class Change(msgspec.Struct, frozen=True, gc=False):
    """What differs between two versions (None: the object came or went), and the kinds of who managed it before
    and manages it now: empty for nobody, None for a kind that no listener asks about."""

    parts: tuple[Part, ...] | None
    before: str | None
    now: str | None


class _Member(NamedTuple, Generic[L]):
    who: L
    looks_at: Parts
    owner: str

    def minds(self, change: Change) -> bool:
        managed = not self.owner or bool({"", self.owner} & {change.before, change.now})
        if change.parts is None or self.looks_at == EVERYTHING:
            return managed
        return managed and not self.looks_at.isdisjoint(change.parts)


class Audience(Generic[L]):
    """Those who want to hear of changes, and which changes concern each."""

    def __init__(self) -> None:
        self.owners: set[str] = set()
        self._members: list[_Member[L]] = []
        self._minding: dict[Change, Sequence[L]] = {}

    def add(self, who: L, looks_at: Parts = EVERYTHING, owner: str = "") -> None:
        """Everybody hears of what comes and goes; of anything else who looks at a part of it, or at everything.
        With an `owner`, a kind: only of what such an owner manages or managed, and of what nobody does."""
        self._members.append(_Member(who, looks_at, owner))
        self._minding.clear()
        if owner:
            self.owners.add(owner)

    def minding(self, change: Change) -> Sequence[L]:
        """Those whom it concerns, in the order in which they came."""
        found = self._minding.get(change)
        if found is None:
            found = self._minding[change] = [each.who for each in self._members if each.minds(change)]
        return found


def comparison(kind: type[Any], owners: set[str]) -> Callable[[Any, Any], Change]:
    """What compares two versions of an object of this kind, either of which may be None."""
    is_divided = set(getattr(kind, "__struct_fields__", ())) == _DIVIDED

    def manager(obj: Any) -> str | None:
        reference = controller_of(obj)
        if reference is None:
            return ""
        return reference.kind if reference.kind in owners else None

    def compare(old: Any, new: Any) -> Change:
        if old is None or new is None:
            there = manager(new if new is not None else old)
            return Change(None, there, there)
        parts: list[Part] = []
        if _lasting(old.metadata) != _lasting(new.metadata):
            parts.append("metadata")
        if not is_divided or (old.spec is not new.spec and old.spec != new.spec):
            parts.append("content")
        if not is_divided or (old.status is not new.status and old.status != new.status):
            parts.append("status")
        now = manager(new)
        return Change(tuple(parts), manager(old) if "metadata" in parts else now, now)

    return compare
