"""What one mutation makes of an object: a part laid over it by its schema, or a JSON patch."""

from collections.abc import Iterator
from typing import Any

from petset.api import mutations
from petset.api.errors import ApiError
from petset.api.expressions import ExpressionError, Scope
from petset.api.models import admissionregistration_v1 as admission
from petset.api.ownership.fieldsets import path_text
from petset.api.ownership.merging import faults, merged
from petset.api.ownership.parts import RAW, Part
from petset.api.patch import json_patch

Document = dict[str, Any]


def patched(mutation: admission.Mutation, document: Document, part: Part, scope: Scope) -> Document:
    """The document as the mutation leaves it. Raises ExpressionError: then nothing has changed."""
    if mutation.patchType == "JSONPatch":
        assert mutation.jsonPatch is not None
        return _by_operations(document, mutations.patched(mutation.jsonPatch.expression or "", scope))
    assert mutation.applyConfiguration is not None
    return _laid_over(document, mutations.applied(mutation.applyConfiguration.expression or "", scope), part)


def _by_operations(document: Document, operations: Any) -> Document:
    try:
        found: Document = json_patch.apply(document, operations)
    except json_patch.TestFailed:
        return document
    except (ApiError, RecursionError) as error:
        raise ExpressionError(f"JSONPath: {error}") from error
    return found


def _laid_over(document: Document, config: Any, part: Part) -> Document:
    if not isinstance(config, dict):
        raise ExpressionError(f"invalid return type: {type(config).__name__}")
    config = {**config, "apiVersion": document["apiVersion"], "kind": document["kind"]}
    wrong = next(faults(part, config), None)
    if wrong is not None:
        raise ExpressionError(f"error applying patch: failed to convert patch object to typed object: {wrong}")
    whole = list(_replaced_whole(part, config))
    if whole:
        raise ExpressionError(
            "error applying patch: invalid ApplyConfiguration: "
            f"may not mutate atomic arrays, maps or structs: {', '.join(whole)}"
        )
    found: Document = merged(part, document, config)
    return found


def _replaced_whole(part: Part, value: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The places where a value would take the place of all that is there, which nobody means."""
    part = part.as_found(value)
    if part.form == "leaf":
        if isinstance(value, (dict, list)):
            yield path_text(path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _replaced_whole(part.child(name) or RAW, inner, (*path, f"f:{name}"))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _replaced_whole(part.of or RAW, inner, (*path, f"i:{index}"))
