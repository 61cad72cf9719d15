"""The one part of objects that is kept as its bytes: which fields an owner has, `managedFields[].fieldsV1`.

It is a third of what an API client's object holds, as dicts it took more memory than all the rest together, and
only whoever reckons with owners reads it. So structs carry the JSON (`msgspec.Raw`), which the decoder passes over
and the encoder copies. There is one spelling for each set, compact and with sorted keys: equal bytes, equal sets.
Documents carry it as the tree that it is, as all that they hold.

What the decoder passes over lies in the bytes that it read: whoever brings an object into stored form gives it a
copy (`petset.api.canonical`), so that none keeps the body alive that it came in.
"""

from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_canonical = msgspec.json.Encoder(order="deterministic").encode


def kept(tree: Any) -> msgspec.Raw:
    """A tree as structs carry it."""
    return msgspec.Raw(_canonical(tree))


def tree_of(kept: msgspec.Raw) -> Any:
    """The tree that a struct carries. Raises DecodeError or UnicodeDecodeError for what a client wrote badly."""
    return msgspec.json.decode(kept)


def plain(value: Any) -> Any:
    """A struct, or whatever a field holds, as a plain document."""
    return msgspec.to_builtins(value, enc_hook=tree_of)


def convert(document: Any, model: type[T]) -> T:
    """The struct of a plain document that has its metadata, if it has one, at its root.

    Raises ValidationError; so it does where owners are named in the metadata of a part, such as a pod template:
    `reading` knows what to make of those.
    """
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict) or not metadata.get("managedFields"):
        return msgspec.convert(document, model)
    return msgspec.convert({**document, "metadata": with_kept(metadata)}, model)


def with_kept(metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a document, with what structs carry as bytes as bytes."""
    entries = metadata.get("managedFields")
    if not isinstance(entries, list):
        return metadata
    return {**metadata, "managedFields": [_with_kept(entry) for entry in entries]}


def _with_kept(entry: Any) -> Any:
    tree = entry.get("fieldsV1") if isinstance(entry, dict) else None
    if tree is None:
        return entry
    try:
        return {**entry, "fieldsV1": kept(tree)}
    except (TypeError, ValueError, OverflowError):
        return entry  # it holds what no JSON does, such as half a character: refused, or mended by who reads slowly
