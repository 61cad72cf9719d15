"""Writes of one part of an object: all else stays as it is stored.

Some sub-resources change one part, whatever the client sent. And most patches say which fields they change: then
the others need not be written out, read again, settled and looked through for what nobody knows.
"""

from collections.abc import Callable, Mapping
from typing import Any

from petset.api import objects
from petset.api.canonical import needs_fields
from petset.api.defaults import has_defaults
from petset.api.embedded import plain
from petset.api.kinds import Kind
from petset.api.models import core_v1
from petset.api.patch import JSON_PATCH
from petset.api.schema import shape
from petset.registry.port import Patch

EPHEMERAL, RESIZE = "ephemeralcontainers", "resize"
_TYPE = ("apiVersion", "kind")


def fields_named(kind: Kind, subresource: str, patch: Patch) -> Mapping[str, str]:
    """The top-level fields that a patch names, with their attributes; none where it must see the whole object.

    That is where it says more than which fields it changes, and where defaults could follow from the others.
    """
    if kind.custom is not None or kind.stored_as or patch.content_type == JSON_PATCH:
        return {}
    if subresource != "status" and (subresource or has_defaults(kind)):
        return {}
    known = shape(kind.model).fields
    if (
        not isinstance(patch.document, dict)
        or not known.keys() >= patch.document.keys()
        or needs_fields(kind.model)
    ):
        return {}
    return {name: known[name].attribute for name in patch.document}


def with_fields(old: Any, fields: Mapping[str, str], read: Callable[[dict[str, Any]], Any]) -> Any:
    """The stored object with these fields as `read` makes them of their document; its metadata is its own."""
    there = {name: getattr(old, attribute) for name, attribute in fields.items()}
    found = read({name: plain(value) for name, value in there.items() if value is not None})
    changed = {attribute: getattr(found, attribute) for name, attribute in fields.items() if name not in _TYPE}
    return objects.replace(old, **{"metadata": objects.replace(old.metadata), **changed})


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
