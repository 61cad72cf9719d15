"""Which objects belong to an owner: by ownership, and ownership follows the selector.

What lost the labels is let go, an orphan that has them is taken in, what others own is left alone. An owner that is
being deleted does neither. Adoption follows a live look that the owner is still there (`Hand.adopt`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from petset.api.objects import Object, controller_of, is_terminating, meta, uid_of
from petset.api.selectors import Selector

T = TypeVar("T", bound=Object)


@dataclass(frozen=True)
class Adopt:
    """Make the owner the controller of an orphan."""

    object: Object


@dataclass(frozen=True)
class Release:
    """Give up an object that no longer matches the selector."""

    object: Object


@dataclass(frozen=True)
class Membership(Generic[T]):
    """The objects that count as the owner's from now on, and the changes of ownership that make them so."""

    members: tuple[T, ...]
    actions: tuple[Adopt | Release, ...]


def decide(owner: Object, selector: Selector, candidates: Iterable[T]) -> Membership[T]:
    """Keep, release and adopt among `candidates`: what the owner owns, and what nobody owns."""
    members: list[T] = []
    actions: list[Adopt | Release] = []
    for candidate in candidates:
        change = _change(owner, selector, candidate)
        if change is not None:
            actions.append(change)
        if isinstance(change, Adopt) or (change is None and is_owned(owner, candidate)):
            members.append(candidate)
    return Membership(tuple(members), tuple(actions))


def is_owned(owner: Object, obj: Object) -> bool:
    """The owner is the controller of the object."""
    reference = controller_of(obj)
    return reference is not None and reference.uid == uid_of(owner)


def _change(owner: Object, selector: Selector, obj: Object) -> Adopt | Release | None:
    if is_terminating(owner):
        return None
    matches = not selector.is_empty and selector.matches(meta(obj).labels)
    if is_owned(owner, obj):
        return None if matches else Release(obj)
    if controller_of(obj) is None and matches and not is_terminating(obj):
        return Adopt(obj)
    return None
