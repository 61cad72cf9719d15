"""Sub-resources that change one part of an object: all else stays as it is stored, whatever the client sent."""

from typing import Any

from petset.api import objects
from petset.api.models import core_v1

EPHEMERAL = "ephemeralcontainers"


def narrowed(subresource: str, new: Any, old: Any) -> Any:
    """What a write through the sub-resource comes to; `new` itself where it may change all of the object."""
    if subresource != EPHEMERAL:
        return new
    changed = _on_the_same_terms(new, old)
    changed.spec = objects.replace(old.spec, ephemeralContainers=new.spec.ephemeralContainers if new.spec else None)
    return changed


def _on_the_same_terms(new: core_v1.Pod, old: core_v1.Pod) -> core_v1.Pod:
    """The stored pod, on the version and the uid that the client means."""
    changed = objects.with_own_metadata(old)
    metadata, given = objects.meta(changed), objects.meta(new)
    metadata.resourceVersion = given.resourceVersion
    metadata.uid = given.uid or metadata.uid
    return changed
