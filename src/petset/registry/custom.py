"""How custom objects are written: what in other kinds hangs on their structs is here said by the definition.

A kind whose definition gives it a `status` sub-resource keeps its status apart; any other is written whole. The
generation counts changes of everything but metadata (and of a status that is kept apart).
"""

from typing import TYPE_CHECKING, Any

from petset.api import objects
from petset.api.errors import MethodNotAllowed
from petset.api.kinds import Kind
from petset.api.untyped import Untyped

if TYPE_CHECKING:
    from petset.api.custom.definition import Custom


def prepare_create(custom: "Custom", obj: Untyped) -> None:
    """Start counting; a status that is kept apart cannot be given to a new object."""
    objects.meta(obj).generation = 1
    if custom.has_status and "status" in obj.content:
        obj.content = _with_status(obj.content, {})


def prepare_update(custom: "Custom", subresource: str, new: Untyped, old: Untyped) -> None:
    """Keep of `old` what this way of writing may not touch, and raise the generation where the rest changed."""
    if subresource == "status":
        _keep_but_status(new, old)
        return
    if custom.has_status:
        new.content = _with_status(new.content, old.content)
    if new.content != old.content:
        metadata = objects.meta(new)
        metadata.generation = (metadata.generation or 0) + 1


def _keep_but_status(new: Untyped, old: Untyped) -> None:
    """A status write changes the status and the owners of fields, and nothing else of the metadata."""
    given = objects.meta(new)
    new.metadata = objects.replace(
        objects.meta(old), managedFields=given.managedFields, resourceVersion=given.resourceVersion
    )
    new.content = _with_status(old.content, new.content)


def _with_status(content: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The content with the status of the other, which may be none."""
    rest = {name: value for name, value in content.items() if name != "status"}
    return {**rest, "status": other["status"]} if "status" in other else rest


def ignored(custom: "Custom", subresource: str) -> tuple[str, ...]:
    """The fields that a write does not touch, whatever the client sends: nobody comes to own them by it."""
    if subresource == "status":
        return ("spec", "metadata")
    return ("status",) if custom.has_status else ()


def require_open(kind: Kind) -> None:
    """Raises MethodNotAllowed where the definition is going: what is new could outlive it."""
    if kind.custom is not None and kind.custom.terminating:
        raise MethodNotAllowed(
            "create not allowed while custom resource definition is terminating",
            kind=kind.resource,
            group=kind.group,
        )
