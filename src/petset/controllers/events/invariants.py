"""What no sweep may ever break."""

from petset.controllers.events.model import Plan, Snapshot
from petset.controllers.events.plan import LIFE


def is_safe(snapshot: Snapshot, plan: Plan) -> bool:
    """No event goes within an hour of its making."""
    going = {(action.namespace, action.name) for action in plan.actions}
    return all(
        snapshot.now - event.metadata.creationTimestamp >= LIFE
        for event in snapshot.events
        if event.metadata.creationTimestamp is not None and (event.metadata.namespace, event.metadata.name) in going
    )
