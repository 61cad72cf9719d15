"""What a schema says of lists: which have keys or are sets, and whether that tells their elements apart."""

from typing import Any

from petset.api.validation.fields import Faults

Document = dict[str, Any]


def check_list(schema: Document, path: str, faults: Faults) -> None:
    """Add what is wrong with a list's type and keys; what is no list may have neither."""
    form, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or []
    keys_path = f"{path}.x-kubernetes-list-map-keys"
    if form is not None:
        faults.one_of(f"{path}.x-kubernetes-list-type", form, ("atomic", "map", "set"))
        if schema.get("type") != "array":
            why = "must be array if x-kubernetes-list-type is specified"
            faults.invalid(f"{path}.type", schema.get("type", ""), why)
    if form != "map":
        if keys:
            faults.invalid(
                f"{path}.x-kubernetes-list-type", form, "must be map if x-kubernetes-list-map-keys is non-empty"
            )
        _check_set(form, mapping(schema.get("items")), path, faults)
        return
    if not keys:
        faults.required(keys_path, "must not be empty if x-kubernetes-list-type is map")
    if len(set(keys)) != len(keys):
        faults.invalid(keys_path, keys, "must not contain duplicate entries")
    items = mapping(schema.get("items"))
    properties = mapping(items.get("properties"))
    if items.get("type") != "object":
        faults.invalid(
            f"{path}.items.type",
            items.get("type", ""),
            "must be object if parent array's x-kubernetes-list-type is map",
        )
        return
    for key in keys:
        _check_key(key, items, properties.get(key), f"{path}.items.properties[{key}]", faults, keys_path)


def _check_key(key: str, items: Document, found: Any, path: str, faults: Faults, keys_path: str) -> None:
    if not isinstance(found, dict):
        faults.invalid(keys_path, [key], "entries must all be names of item properties")
        return
    if found.get("type") in ("array", "object"):
        why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
        faults.invalid(f"{path}.type", found["type"], why)
    if found.get("nullable"):
        faults.forbidden(
            f"{path}.nullable", "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"
        )
    if "default" not in found and key not in (items.get("required") or ()):
        faults.required(
            f"{path}.default",
            "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        )


def _check_set(form: str | None, items: Document, path: str, faults: Faults) -> None:
    if form != "set":
        return
    if items.get("nullable"):
        faults.forbidden(f"{path}.items.nullable", "cannot be nullable when x-kubernetes-list-type is set")
    if items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        why = "must be atomic as item of a list with x-kubernetes-list-type=set"
        faults.invalid(f"{path}.items.x-kubernetes-map-type", items.get("x-kubernetes-map-type"), why)


def mapping(value: Any) -> Document:
    """A part of a schema that should be an object, empty where it is none."""
    return value if isinstance(value, dict) else {}
