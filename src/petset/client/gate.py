"""Whether a component may do what it is about to do: what the API server asks of every request, in process.

A component asks thousands of times a second, nearly always what it has asked before. So the gate hands out, for
each user, the set of questions that were answered with yes for objects of any name, and empties it when a right
changes: to be let through costs a look into that set.
"""

from collections.abc import Callable
from typing import Protocol

from petset.api.kinds import Kind
from petset.api.rbac import Attributes
from petset.registry.port import Guard, User
from petset.storage.port import Key

Question = tuple[str, str, str, str, str]
"""Verb, group, resource, sub-resource and namespace."""

Sight = Callable[[Key], bool]
"""Whether an object is shown."""


class Gate(Protocol):
    """Knows the rights of all users."""

    def granted(self, user: User) -> set[Question]:
        """What the user may do whatever the object's name. Always the same set, which the gate keeps true."""
        ...

    def require(self, user: User, asked: Attributes, instead: str = "") -> None:
        """Raises Forbidden unless the user may do it, or may do it by the verb `instead`."""
        ...

    def sight(self, user: User, kind: Kind) -> Sight | None:
        """What of a kind lists and watches show the user; None where nothing is held back but by `require`."""
        ...

    def guard(self, user: User, kind: Kind, subresource: str) -> Guard | None:
        """Who looks at what the user writes; None where there is nothing to look for."""
        ...
