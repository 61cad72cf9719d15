"""Whether one object stays, goes, or lets go of its owners.

An object with owners lives as long as one of them does. "Gone" is never concluded from a cache: the snapshot
says GONE only where the API has confirmed it, because a deletion cannot be taken back and a late event proves
nothing.
"""

from petset.controllers.garbage.model import (
    FOREGROUND,
    ORPHAN,
    Action,
    Delete,
    DropFinalizer,
    DropReferences,
    Node,
    OwnerState,
    Plan,
    Reference,
    Snapshot,
    Unblock,
    Waiting,
)


def plan(snapshot: Snapshot) -> Plan:
    """The steps for one object. Guarantee: nothing is deleted that has a living or an unknowable owner."""
    node = snapshot.node
    if node.orphans_dependents:
        return _orphan(snapshot)
    if node.deletes_dependents:
        return _delete_dependents(snapshot)
    if node.terminating or not node.owners:
        return Plan()
    return _judge(snapshot)


def _orphan(snapshot: Snapshot) -> Plan:
    """Every dependent forgets the owner before the owner may go."""
    node = snapshot.node
    let_go = tuple(DropReferences(d.identity, (node.identity.uid,)) for d in snapshot.dependents)
    return Plan((*let_go, DropFinalizer(node.identity, ORPHAN)))


def _delete_dependents(snapshot: Snapshot) -> Plan:
    """Dependents are judged by themselves (their owner is WAITING); the owner waits for those that block it."""
    node = snapshot.node
    blocking = [d for d in snapshot.dependents if _blocks(d, node)]
    if not blocking:
        return Plan((DropFinalizer(node.identity, FOREGROUND),))
    message = f"{len(blocking)} dependents must go first, among them {blocking[0].identity.name}"
    return Plan(waiting=Waiting(message, tuple(d.identity for d in blocking)))


def _blocks(dependent: Node, owner: Node) -> bool:
    return any(reference.uid == owner.identity.uid and reference.blocks for reference in dependent.owners)


def _judge(snapshot: Snapshot) -> Plan:
    node = snapshot.node
    kept = _with_state(snapshot, OwnerState.SOLID) + _with_state(snapshot, OwnerState.UNKNOWN)
    waiting = _with_state(snapshot, OwnerState.WAITING)
    gone = _with_state(snapshot, OwnerState.GONE)
    if kept:
        lost = tuple(reference.uid for reference in (*gone, *waiting))
        return Plan((DropReferences(node.identity, lost),) if lost else ())
    if waiting and snapshot.dependents:
        return Plan((*_break_circle(snapshot), Delete(node.identity, node.version, "Foreground")))
    return Plan((Delete(node.identity, node.version, _policy(node)),))


def _with_state(snapshot: Snapshot, state: OwnerState) -> list[Reference]:
    return [reference for reference, owner in snapshot.owners if owner is state]


def _break_circle(snapshot: Snapshot) -> tuple[Action, ...]:
    """A dependent that itself waits for its dependents could be waiting for this very object: one must give way."""
    circular = any(d.deletes_dependents for d in snapshot.dependents)
    return (Unblock(snapshot.node.identity),) if circular else ()


def _policy(node: Node) -> str:
    """A wish that was written down before the owner went still holds."""
    if ORPHAN in node.finalizers:
        return "Orphan"
    return "Foreground" if FOREGROUND in node.finalizers else "Background"
