"""Which names a definition gets, and when it may go.

A name belongs to whoever had it first in its group: plural, singular and short names are one pool, kind and list
kind another. A definition that gets all of its names is established, and stays so; one that loses a name that it
asks for later keeps those it has. A definition that is deleted waits for its objects, which are deleted first.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from petset.api import objects
from petset.api.definitions import (
    APPROVED,
    CLEANUP,
    CONFORMANT,
    ESTABLISHED,
    NAMES_ACCEPTED,
    TERMINATING,
    Definition,
    approval,
    is_protected,
    is_true,
)
from petset.api.models import apiextensions_v1
from petset.controllers.definitions.model import (
    Action,
    DeleteInstance,
    Finalize,
    Plan,
    ReportStatus,
    Snapshot,
    Waiting,
)

Condition = apiextensions_v1.CustomResourceDefinitionCondition
Names = apiextensions_v1.CustomResourceDefinitionNames
Status = apiextensions_v1.CustomResourceDefinitionStatus


def plan(snapshot: Snapshot) -> Plan:
    """The steps for one definition. Guarantee: no name is accepted twice in a group, and none goes before its
    objects."""
    if objects.is_terminating(snapshot.definition):
        return _finish(snapshot)
    return _accept(snapshot)


def _accept(snapshot: Snapshot) -> Plan:
    names, refusal = _settled_names(snapshot)
    accepted = _condition(NAMES_ACCEPTED, refusal or ("True", "NoConflicts", "no conflicts found"))
    established = _established(snapshot.definition, refused=refusal is not None)
    actions = _report(snapshot, names, [accepted, established, *_approved(snapshot.definition)])
    return Plan(actions, Waiting(refusal[2]) if refusal else None)


def _approved(definition: Definition) -> Iterator[Condition]:
    """Whether somebody has approved a kind in one of Kubernetes' own groups; of others nothing is said."""
    if is_protected(definition.spec.group):
        annotation = (objects.meta(definition).annotations or {}).get(APPROVED, "")
        yield _condition(CONFORMANT, approval(annotation))


def _settled_names(snapshot: Snapshot) -> tuple[Names, tuple[str, str, str] | None]:
    """The names that the definition has from now on, and why it does not get what it asks for."""
    wanted, old = snapshot.definition.spec.names, _status(snapshot.definition).acceptedNames or _NOTHING
    resources, kinds = _taken(snapshot)
    found = replace(old, categories=wanted.categories)
    refusal: tuple[str, str, str] | None = None
    for field, taken in (("plural", resources), ("singular", resources), ("kind", kinds), ("listKind", kinds)):
        name = getattr(wanted, field) or ""
        if name != (getattr(old, field) or "") and name in taken:
            refusal = _conflict(field, name)
        else:
            setattr(found, field, name or None)
    own = {old.plural, old.singular, *(old.shortNames or ())}
    clashes = [name for name in wanted.shortNames or () if name in resources and name not in own]
    if clashes:
        refusal = _conflict("shortNames", *clashes)
    else:
        found.shortNames = wanted.shortNames
    return found, refusal


def _conflict(field: str, *names: str) -> tuple[str, str, str]:
    messages = [f'"{name}" is already in use' for name in names]
    message = messages[0] if len(messages) == 1 else f"[{', '.join(messages)}]"
    return "False", f"{field[0].upper()}{field[1:]}Conflict", message


def _taken(snapshot: Snapshot) -> tuple[set[str], set[str]]:
    """What others of the group have: names of resources, names of kinds."""
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in snapshot.others:
        names = _status(other).acceptedNames or _NOTHING
        resources |= {names.plural, names.singular or "", *(names.shortNames or ())} - {""}
        kinds |= {names.kind, names.listKind or ""} - {""}
    return resources, kinds


def _established(definition: Definition, *, refused: bool) -> Condition:
    if is_true(definition, ESTABLISHED) or not refused:
        return _condition(ESTABLISHED, ("True", "InitialNamesAccepted", "the initial names have been accepted"))
    return _condition(ESTABLISHED, ("False", "NotAccepted", "not all names are accepted"))


def _finish(snapshot: Snapshot) -> Plan:
    definition = snapshot.definition
    finalizers = objects.meta(definition).finalizers or []
    if CLEANUP not in finalizers:
        return Plan(waiting=Waiting(f"held by finalizers {', '.join(finalizers)}") if finalizers else None)
    names = _status(definition).acceptedNames or _NOTHING
    if snapshot.instances:
        state = ("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress")
        deletions = tuple(DeleteInstance(each) for each in snapshot.instances if not each.terminating)
        report = _report(snapshot, names, [_condition(TERMINATING, state)])
        return Plan((*report, *deletions), Waiting(f"{len(snapshot.instances)} objects must go first"))
    rest = [each for each in finalizers if each != CLEANUP]
    metadata = replace(objects.meta(definition), finalizers=rest or None)
    return Plan((Finalize(replace(definition, metadata=metadata)),))


def _report(snapshot: Snapshot, names: Names, conditions: list[Condition]) -> tuple[Action, ...]:
    """A write of the status, unless it says all that already."""
    old = _status(snapshot.definition)
    merged = list(_merged(old.conditions or [], conditions, snapshot))
    if names == old.acceptedNames and merged == old.conditions:
        return ()
    status = replace(old, acceptedNames=names, conditions=merged)
    return (ReportStatus(replace(snapshot.definition, status=status)),)


def _merged(old: list[Condition], new: list[Condition], snapshot: Snapshot) -> Iterator[Condition]:
    """The conditions with the new ones in their places; one that says the same keeps its time."""
    before, after = {c.type: c for c in old}, {c.type: c for c in new}
    for type_ in {**before, **after}:
        condition, known = after.get(type_, before.get(type_)), before.get(type_)
        assert condition is not None
        same = known is not None and known.status == condition.status
        yield replace(condition, lastTransitionTime=known.lastTransitionTime if same and known else snapshot.now)


def _condition(type_: str, state: tuple[str, str, str]) -> Condition:
    status, reason, message = state
    return Condition(type=type_, status=status, reason=reason, message=message)


def _status(definition: Definition) -> Status:
    return definition.status or Status()


_NOTHING = Names(kind="", plural="")
