"""Tables of custom objects: the columns that their definition names."""

from datetime import datetime
from typing import Any

import msgspec

from petset.api.custom.columns import cell
from petset.api.custom.definition import Custom
from petset.api.encode import to_document
from petset.apiserver.tables.columns import NAME, Cell, Column, Printer, name_of
from petset.apiserver.tables.durations import since


def printer(custom: Custom) -> Printer:
    """The printer of one version of a custom kind."""
    found = custom.columns

    def cells(obj: Any, now: datetime) -> list[Cell]:
        document = to_document(obj)
        rows = zip(found.definitions, found.paths, strict=True)
        return [
            name_of(obj),
            *(cell(column, path, document, lambda text: _age(text, now)) for column, path in rows),
        ]

    listed = [
        Column(
            column.name,
            column.type,
            column.format or "",
            column.priority or 0,
            column.description or f"Custom resource definition column (in JSONPath format): {column.jsonPath}",
        )
        for column in found.definitions
    ]
    return Printer([NAME, *listed], cells)


def _age(text: str, now: datetime) -> str:
    """How long ago a time was that an object has as text."""
    try:
        return since(msgspec.convert(text, datetime), now)
    except (msgspec.ValidationError, TypeError):
        return "<invalid>"
