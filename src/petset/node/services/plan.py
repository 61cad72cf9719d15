"""Which fronts to open, change and close, so that the kernel knows what it should and nothing else.

What does not change is not touched: the cost of a change is that of the fronts it concerns, however many there are.
"""

from collections.abc import Iterator

from petset.node.services.model import Action, Change, Close, Open, Plan, Snapshot


def plan(snapshot: Snapshot) -> Plan:
    """The changes from what stands to what is wanted. Guarantee: applied, they make the two equal."""
    return Plan((*_closed(snapshot), *_opened(snapshot)))


def _closed(snapshot: Snapshot) -> Iterator[Action]:
    for front, before in snapshot.standing.items():
        if front not in snapshot.wanted:
            yield Close(front, before)


def _opened(snapshot: Snapshot) -> Iterator[Action]:
    for front, backends in snapshot.wanted.items():
        before = snapshot.standing.get(front)
        if before is None:
            yield Open(front, backends)
        elif before != backends:
            yield Change(front, before, backends)
