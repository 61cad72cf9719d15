"""What may stand inside `allOf`, `anyOf`, `oneOf` and `not`: what narrows values, and says nothing else of them."""

from typing import Any

import jsonschema_rs

from petset.api.custom.structure_of_lists import mapping
from petset.api.validation.fields import Faults

Document = dict[str, Any]

_ONLY_OUTSIDE = {
    "type": "must be empty to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "default": "must be undefined to be structural",
    "additionalProperties": "must be undefined to be structural",
    "nullable": "must be false to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be undefined to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-list-map-keys": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}
CHOICES = ("allOf", "anyOf", "oneOf")


def check_choice(inner: Any, path: str, outer: Document, outer_path: str, faults: Faults) -> None:
    """What stands in `allOf` and its like may only speak of what its schema has outside of them."""
    if not isinstance(inner, dict):
        return
    for name, why in _ONLY_OUTSIDE.items():
        if inner.get(name) not in (None, "", False, [], ()):
            faults.forbidden(f"{path}.{name}", why)
    if inner.get("pattern"):
        check_pattern(inner["pattern"], f"{path}.pattern", faults)
    known = mapping(outer.get("properties"))
    for name, each in mapping(inner.get("properties")).items():
        below, outside = f"{path}.properties[{name}]", f"{outer_path}.properties[{name}]"
        if name not in known and not isinstance(outer.get("additionalProperties"), dict):
            faults.required(outside, f"because it is defined in {below}")
            continue
        check_choice(each, below, mapping(known.get(name)), outside, faults)
    if isinstance(inner.get("items"), dict):
        items = mapping(outer.get("items"))
        check_choice(inner["items"], f"{path}.items", items, f"{outer_path}.items", faults)
    for name in CHOICES:
        for index, each in enumerate(inner.get(name) or ()):
            check_choice(each, f"{path}.{name}[{index}]", outer, outer_path, faults)
    if isinstance(inner.get("not"), dict):
        check_choice(inner["not"], f"{path}.not", outer, outer_path, faults)


def check_pattern(pattern: Any, path: str, faults: Faults) -> None:
    """Add that a pattern is no regular expression, if it is none."""
    try:
        jsonschema_rs.Draft7Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
    except (ValueError, jsonschema_rs.ValidationError):
        faults.invalid(path, pattern, "must be a valid regular expression, but isn't: error parsing regexp")
