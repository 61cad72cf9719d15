"""Tables on the wire: `Table` documents for a list, an object or one line of a watch.

A row carries its object as the client asked: not at all, its metadata (the default), or whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from petset.api.kinds import Kind
from petset.apiserver.tables import of_kind


@dataclass(frozen=True)
class Source:
    """One object to show: decoded for its cells, and as bytes for its row."""

    obj: Any
    value: bytes


class _MetadataOnly(msgspec.Struct):
    metadata: msgspec.Raw = msgspec.Raw(b"{}")


_metadata = msgspec.json.Decoder(_MetadataOnly)


def partial(value: bytes) -> dict[str, Any]:
    """The object as a `PartialObjectMetadata`: its metadata without being read."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": _metadata.decode(value).metadata,
    }


def table(
    kind: Kind,
    sources: Iterable[Source],
    now: datetime,
    *,
    list_metadata: dict[str, Any],
    include_object: str = "Metadata",
    with_columns: bool = True,
) -> bytes:
    """A Table document. Without columns it is a later line of a watch, whose first line had them."""
    printer = of_kind(kind)
    rows = [
        {"cells": printer.cells(source.obj, now), "object": _row_object(source, include_object)}
        for source in sources
    ]
    columns = [column.definition() for column in printer.columns] if with_columns else None
    document = {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata,
        "columnDefinitions": columns,
        "rows": rows,
    }
    return msgspec.json.encode(document)


def _row_object(source: Source, include_object: str) -> Any:
    if include_object == "None":
        return None
    return msgspec.Raw(source.value) if include_object == "Object" else partial(source.value)
