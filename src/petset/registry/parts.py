"""Sub-resources that change one part of an object: all else stays as it is stored, whatever the client sent."""

from typing import Any

from petset.api import objects
from petset.api.models import core_v1

EPHEMERAL, RESIZE = "ephemeralcontainers", "resize"


def narrowed(subresource: str, new: Any, old: Any) -> Any:
    """What a write through the sub-resource comes to; `new` itself where it may change all of the object."""
    if subresource not in (EPHEMERAL, RESIZE):
        return new
    changed = _on_the_same_terms(new, old)
    if subresource == EPHEMERAL:
        added = new.spec.ephemeralContainers if new.spec else None
        changed.spec = objects.replace(old.spec, ephemeralContainers=added)
    else:
        changed.spec = _resized(new.spec or core_v1.PodSpec(containers=[]), old.spec)
    return changed


def _resized(new: core_v1.PodSpec, old: core_v1.PodSpec) -> core_v1.PodSpec:
    """The stored pod, its containers and its sidecars with the new resources, and what a resize does to each."""
    wanted = {container.name: container for container in (*new.containers, *(new.initContainers or ()))}

    def resized(container: core_v1.Container) -> core_v1.Container:
        asked = wanted.get(container.name, container)
        return objects.replace(container, resources=asked.resources, resizePolicy=asked.resizePolicy)

    return objects.replace(
        old,
        resources=new.resources,
        containers=[resized(container) for container in old.containers],
        initContainers=[resized(c) if c.restartPolicy == "Always" else c for c in old.initContainers or ()] or None,
    )


def _on_the_same_terms(new: core_v1.Pod, old: core_v1.Pod) -> core_v1.Pod:
    """The stored pod, on the version and the uid that the client means."""
    changed = objects.with_own_metadata(old)
    metadata, given = objects.meta(changed), objects.meta(new)
    metadata.resourceVersion = given.resourceVersion
    metadata.uid = given.uid or metadata.uid
    return changed
