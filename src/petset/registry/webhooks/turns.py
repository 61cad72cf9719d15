"""Who may change an object takes turns: policies, then webhooks. Those that wish are asked once more after changes.

When somebody has changed the object, what the server itself adds is added again; and whoever wants to see what came
after it gets a second turn, with all who came before the change.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from petset.registry.reviewers import Complete
from petset.registry.webhooks.asked import Asked, Document

Read = Callable[[Document], Any]
"""Makes of a document that somebody has changed an object in stored form. Raises ApiError."""


class Turn(NamedTuple):
    """One who may change the object: `change` gives what becomes of it, None for no change. Raises ApiError.

    `again` says that it wants a second turn when others have changed the object after it.
    """

    again: bool
    change: Callable[[Asked], Awaitable[Any]]


async def take(turns: Sequence[Turn], asked: Asked, complete: Complete) -> Any:
    """What all of them make of the new object."""
    original = asked.new
    earlier: list[Turn] = []  # had their turn, and want another when somebody changes the object
    again: list[Turn] = []
    for turn in turns:
        after = await turn.change(asked)
        if after is not None:
            asked = asked.with_new(after)
            again, earlier = again + earlier, []
        if turn.again:
            earlier.append(turn)
    if asked.new is original:
        return original
    before = asked.document(asked.new)
    asked = asked.with_new(complete(asked.new))
    if asked.document(asked.new) != before:
        again += earlier
    for turn in turns:
        if turn in again:
            after = await turn.change(asked)
            asked = asked if after is None else asked.with_new(after)
    return asked.new
