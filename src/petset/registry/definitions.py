"""What the server itself writes into CustomResourceDefinitions: the versions stored so far, and the wish to go."""

from datetime import datetime

from petset.api import objects
from petset.api.definitions import CLEANUP, TERMINATING, Definition
from petset.api.models import apiextensions_v1

Status = apiextensions_v1.CustomResourceDefinitionStatus
Condition = apiextensions_v1.CustomResourceDefinitionCondition
Names = apiextensions_v1.CustomResourceDefinitionNames


def first_status() -> Status:
    """Nothing is accepted yet."""
    return Status(acceptedNames=Names(kind="", plural=""))


def note_stored_version(definition: Definition) -> None:
    """Objects will be stored in the storage version from now on; which ones have been is never forgotten."""
    status = definition.status or first_status()
    stored = status.storedVersions or []
    named = next((v.name for v in definition.spec.versions if v.storage), "")
    if named and named not in stored:
        definition.status = objects.replace(status, storedVersions=[*stored, named])


def marked(definition: Definition, now: datetime) -> Definition:
    """The definition with the wish to go written down: its objects go first. It is not changed itself."""
    changed = objects.with_own_metadata(definition)
    metadata = objects.meta(changed)
    metadata.deletionTimestamp = now
    if CLEANUP not in (metadata.finalizers or ()):
        metadata.finalizers = [*(metadata.finalizers or ()), CLEANUP]
    status = definition.status or first_status()
    pending = Condition(
        type=TERMINATING,
        status="True",
        reason="InstanceDeletionPending",
        message="CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        lastTransitionTime=now,
    )
    others = [c for c in status.conditions or () if c.type != TERMINATING]
    changed.status = objects.replace(status, conditions=[*others, pending])
    return changed
