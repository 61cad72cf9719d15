"""Faults of an object, field by field, worded as Kubernetes words them.

Checks add to one `Faults`; nothing is raised until all were made, so that a user sees every fault at once. Paths
are text (`spec.containers[0].name`): they are put together where a fault is found, or once for each list element.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from petset.api.embedded import plain
from petset.api.equality import same_meaning
from petset.api.errors import Cause, Invalid
from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import Kind

AT_LEAST_ZERO = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"


class Faults:
    """What is wrong so far, in the order in which it was found. `gates` say which rules are in force."""

    def __init__(self, gates: Gates = DEFAULT) -> None:
        self.gates = gates
        self.causes: list[Cause] = []

    def required(self, path: str, detail: str = "") -> None:
        """The field must have a value."""
        self._add("FieldValueRequired", path, "Required value", detail)

    def invalid(self, path: str, value: Any, detail: str) -> None:
        """The value breaks a rule."""
        self._add("FieldValueInvalid", path, f"Invalid value: {shown(value)}", detail)

    def not_supported(self, path: str, value: Any, supported: Iterable[str]) -> None:
        """The value is none of a known few."""
        listed = ", ".join(quoted(each) for each in supported)
        self._add(
            "FieldValueNotSupported", path, f"Unsupported value: {shown(value)}", f"supported values: {listed}"
        )

    def forbidden(self, path: str, detail: str) -> None:
        """The field may not be set, or not be changed, here."""
        self._add("FieldValueForbidden", path, "Forbidden", detail)

    def duplicate(self, path: str, value: Any) -> None:
        """Another element has this value, and only one may."""
        self._add("FieldValueDuplicate", path, f"Duplicate value: {shown(value)}", "")

    def not_found(self, path: str, value: Any, detail: str = "") -> None:
        """The value names something that is not there."""
        self._add("FieldValueNotFound", path, f"Not found: {shown(value)}", detail)

    def broken(self, path: str, detail: str) -> None:
        """The whole of what stands here breaks a rule."""
        self._add("FieldValueInvalid", path, "Invalid value", detail)

    def too_long(self, path: str, limit_bytes: int) -> None:
        """The value has more bytes than may be."""
        self._add("FieldValueTooLong", path, "Too long", f"may not be more than {limit_bytes} bytes")

    def too_many(self, path: str, count: int, most: int) -> None:
        """The list or map has more elements than may be."""
        noun = "item" if most == 1 else "items"
        self._add("FieldValueTooMany", path, f"Too many: {count}", f"must have at most {most} {noun}")

    def type_invalid(self, path: str, value: Any, detail: str) -> None:
        """The value is of another type than it must be."""
        self._add("FieldValueTypeInvalid", path, f"Invalid value: {shown(value)}", detail)

    def _add(self, reason: str, path: str, body: str, detail: str) -> None:
        self.causes.append(Cause(reason, f"{body}: {detail}" if detail else body, path))

    def each(self, path: str, value: Any, complaints: Iterable[str]) -> None:
        """One `invalid` for each complaint about a value."""
        for complaint in complaints:
            self.invalid(path, value, complaint)

    def one_of(self, path: str, value: str | None, supported: tuple[str, ...]) -> None:
        """The value must be there and be one of a few."""
        if not value:
            self.required(path)
        elif value not in supported:
            self.not_supported(path, value, supported)

    def at_least_zero(self, path: str, value: int | None) -> None:
        """A number, if given, is not negative."""
        if value is not None and value < 0:
            self.invalid(path, value, AT_LEAST_ZERO)

    def unchanged(self, path: str, new: Any, old: Any) -> None:
        """The field keeps the value it was created with."""
        if not same_meaning(new, old):
            self.invalid(path, new, IMMUTABLE)

    def raise_if_any(self, kind: Kind, name: str) -> None:
        """Raises Invalid with all faults, each distinct one once."""
        if not self.causes:
            return
        texts = list(dict.fromkeys(f"{c.field}: {c.message}" if c.field else c.message for c in self.causes))
        summary = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        qualified = f"{kind.name}.{kind.group}" if kind.group else kind.name
        raise Invalid(
            f"{qualified} {quoted(name)} is invalid: {summary}",
            kind=kind.name,
            group=kind.group,
            name=name,
            causes=tuple(self.causes),
        )


def quoted(text: str) -> str:
    """Text in double quotes."""
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True)
class AsWritten:
    """A Go value that has no JSON names of its own: a document that messages show in its own order."""

    document: Any


def shown(value: Any) -> str:
    """A value as messages show it: compact JSON, maps sorted by key; an absent pointer is quoted, as in Go."""
    if value is None:
        return '"null"'
    document = value.document if isinstance(value, AsWritten) else plain(value)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=isinstance(value, dict))
