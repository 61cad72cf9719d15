"""`additionalPrinterColumns`: which columns a table of custom objects has, and how an object becomes a row.

Kubernetes finds the values by a part of JSONPath: fields, indexes, `[*]`, filters. What is not there is an empty
cell; a column of numbers that finds a text shows nothing, rather than something wrong.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from petset.api.custom.jsonpath import Path, compiled
from petset.api.models import apiextensions_v1

Column = apiextensions_v1.CustomResourceColumnDefinition


@dataclass(frozen=True)
class Columns:
    """The definitions, and what finds each one's value in a document. Without any there is the object's age."""

    definitions: Sequence[Column]
    paths: Sequence[Path]


AGE = Column(jsonPath=".metadata.creationTimestamp", name="Age", type="date")


def columns_of(definitions: Sequence[Column]) -> Columns:
    """The columns of a version."""
    listed = tuple(definitions) or (AGE,)
    return Columns(listed, tuple(compiled(column.jsonPath) for column in listed))


def cell(column: Column, path: Path, document: dict[str, Any], age: Callable[[str], str]) -> Any:
    """The value that a column shows of an object; `age` says how long ago a time was."""
    found = path.find(document)
    value = found[0] if found else None
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match column.type:
        case "integer":
            return int(value) if is_number else None
        case "number":
            return value if is_number else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "date":
            return age(value) if isinstance(value, str) else None
        case "string":
            return _text(value)
    return None


def _text(value: Any) -> str:
    """As Kubernetes prints what it found: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
