"""The three ways to patch a document: JSON patch, merge patch, strategic merge patch.

All work on plain documents (dicts and lists) and leave their arguments alone; whoever calls decodes the result
into the kind's struct, applies defaults and validates, as for any write.
"""

from typing import Any

import msgspec

from petset.api.canonical import TOO_DEEP
from petset.api.errors import BadRequest, UnsupportedMediaType
from petset.api.kinds import Kind
from petset.api.patch import json_patch, merge_patch, strategic

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
PATCHES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH)
"""The last is for kinds with structs alone: nothing else says how lists merge."""


def apply_patch(kind: Kind, content_type: str, current: dict[str, Any], patch: Any) -> dict[str, Any]:
    """The document that a patch makes of `current`.

    Raises BadRequest for a malformed patch, Invalid for one that does not apply, UnsupportedMediaType otherwise.
    """
    patched = _patched(kind, content_type, current, patch)
    if not isinstance(patched, dict):
        raise BadRequest("error decoding patch: what it makes of the object is no object")
    return patched


def outcome(content_type: str, patch: Any, patched: dict[str, Any]) -> str:
    """How Kubernetes shows what it could not take: what came out, or a strategic patch itself, as Go prints it."""
    if content_type == STRATEGIC_MERGE_PATCH:
        return _as_go_prints(patch)
    return msgspec.json.encode(patched).decode()


def _as_go_prints(value: Any) -> str:
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_as_go_prints(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_as_go_prints, value))}]"
    return "<nil>" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _patched(kind: Kind, content_type: str, current: dict[str, Any], patch: Any) -> Any:
    try:
        match content_type:
            case "application/json-patch+json":
                return json_patch.apply(current, patch)
            case "application/merge-patch+json":
                return merge_patch.apply(current, patch)
            case "application/strategic-merge-patch+json" if kind.custom is None:
                return strategic.apply(kind.model, current, patch)
    except RecursionError as error:
        raise BadRequest(f"error decoding patch: {TOO_DEEP}") from error
    raise UnsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
        + ", ".join(PATCHES if kind.custom is None else PATCHES[:2])
    )
