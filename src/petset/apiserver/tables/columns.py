"""The nouns of a table: columns, and the printer that turns one object into one row of cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from petset.api.objects import Object, meta
from petset.apiserver.tables.durations import since

Cell = str | int | bool | None


@dataclass(frozen=True)
class Column:
    """One column. Those with a priority above 0 are shown with `-o wide` alone."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> dict[str, Any]:
        """As `columnDefinitions` of a Table has it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


NAME = Column("Name", format="name")
AGE = Column("Age")


def wide(name: str, type: str = "string") -> Column:
    """A column that only `-o wide` shows."""
    return Column(name, type, priority=1)


@dataclass(frozen=True)
class Printer:
    """A kind's columns, and its cells given an object and the present time."""

    columns: Sequence[Column]
    cells: Callable[[Any, datetime], list[Cell]]


def name_of(obj: Object) -> str:
    """The first cell of nearly every table."""
    return meta(obj).name or ""


def age_of(obj: Object, now: datetime) -> str:
    """How long ago the object was made."""
    return since(meta(obj).creationTimestamp, now)


def labels_text(labels: dict[str, str] | None) -> str:
    """`app=web,tier=front` in key order, or `<none>`."""
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def some(texts: Sequence[str], most: int, empty: str) -> str:
    """The first few texts, and how many more there are."""
    if not texts:
        return empty
    shown = ",".join(texts[:most])
    return shown if len(texts) <= most else f"{shown} + {len(texts) - most} more..."
