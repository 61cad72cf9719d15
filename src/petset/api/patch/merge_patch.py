"""JSON merge patch (RFC 7386): a document laid over another; `null` removes, lists are replaced whole."""

from typing import Any


def apply(document: Any, patch: Any) -> Any:
    """The patched document. Neither argument is changed; parts that stay may be shared with the result."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply(result.get(key), value)
    return result
