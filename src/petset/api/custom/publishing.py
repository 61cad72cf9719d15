"""A definition's schema as OpenAPI documents show it, for `kubectl explain` and for clients that validate.

OpenAPI 3 takes it nearly as it was written. What OpenAPI 2 has no words for (`nullable`, alternatives, values of
either type) is left out there, so that older clients are told less rather than something wrong.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from petset.api.custom.definition import Custom


Document = dict[str, Any]
_BEYOND_2 = ("oneOf", "anyOf", "allOf", "not", "nullable", "default")


def of_custom(custom: "Custom", own: Mapping[str, Document], *, older: bool) -> Document:
    """The schema of the kind, with the fields that every object has (`own`), for OpenAPI 3 or the `older` 2."""
    shown = _older(custom.schema_document) if older else custom.schema_document
    return {**shown, "type": "object", "properties": {**shown.get("properties", {}), **own}}


def _older(schema: Document) -> Document:
    """The schema in the words of OpenAPI 2."""
    found = {name: value for name, value in schema.items() if name not in _BEYOND_2}
    if schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("nullable"):
        # An older client would refuse what is not listed, or a null: it is told that anything may be there.
        found.pop("properties", None)
        found.pop("items", None)
        found.pop("type", None)
    if schema.get("x-kubernetes-int-or-string"):
        found.pop("type", None)
    if isinstance(found.get("properties"), dict):
        found["properties"] = {name: _older(inner) for name, inner in found["properties"].items()}
    for name in ("items", "additionalProperties"):
        if isinstance(found.get(name), dict):
            found[name] = _older(found[name])
    return found
