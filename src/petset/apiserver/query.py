"""The query parameters of the API, read once into a typed value; what cannot be read is refused by name.

Kubernetes ignores parameters it does not know, and so do we.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl

import msgspec

from petset.api.errors import ApiError, BadRequest, Cause, Invalid
from petset.api.validation.fields import shown

FieldValidation = Literal["Ignore", "Warn", "Strict"]
LARGEST = 2**63 - 1

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


class Query(msgspec.Struct, frozen=True):
    """What a client may ask beside the path. Absent texts are empty, absent numbers None."""

    limit: int = 0
    continue_token: str = ""
    labels: str = ""
    fields: str = ""
    resource_version: str = ""
    resource_version_match: str = ""
    timeout_seconds: int | None = None
    watch: bool = False
    bookmarks: bool = False
    initial_events: bool | None = None
    dry_run: bool = False
    field_manager: str = ""
    field_validation: FieldValidation = "Warn"
    force: bool | None = None
    propagation_policy: str | None = None
    orphan_dependents: bool | None = None
    grace_period_seconds: int | None = None
    pretty: bool = False
    include_object: str = "Metadata"


NOTHING = Query()
_OPTIONS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}


class Parameters:
    """Raw parameters with a reader for each type. Repeated ones keep all their values."""

    def __init__(self, query_string: bytes) -> None:
        try:
            pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
        except (UnicodeDecodeError, ValueError) as error:
            raise BadRequest(f"the query string cannot be read: {error}") from error
        values: dict[str, list[str]] = {}
        for name, value in pairs:
            values.setdefault(name, []).append(value)
        self._values: Mapping[str, list[str]] = values

    def text(self, name: str, default: str = "") -> str:
        """The first value, or the default."""
        return self._values.get(name, [default])[0]

    def texts(self, name: str) -> list[str]:
        """Every value, in order."""
        return self._values.get(name, [])

    def number(self, name: str) -> int | None:
        """A whole number; None where there is none."""
        raw = self.text(name)
        if not raw:
            return None
        try:
            number = int(raw, 10)
        except ValueError as error:
            message = f'unable to parse query parameter "{name}": "{raw}" is no whole number'
            raise BadRequest(message) from error
        if abs(number) > LARGEST:
            raise BadRequest(f'unable to parse query parameter "{name}": {raw} does not fit into 64 bits')
        return number

    def flag(self, name: str) -> bool | None:
        """True or false, as Go writes them; a bare `?watch` is true, as is anything else that is not false."""
        if name not in self._values:
            return None
        raw = self.text(name)
        if raw in _FALSE:
            return False
        if raw in _TRUE or not raw:
            return True
        raise BadRequest(f'unable to parse query parameter "{name}": "{raw}" is neither true nor false')

    def time(self, name: str) -> datetime | None:
        """A time in RFC 3339."""
        raw = self.text(name)
        if not raw:
            return None
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError as error:
            raise BadRequest(f'unable to parse query parameter "{name}": "{raw}" is no RFC 3339 time') from error
        if moment.tzinfo is None:
            raise BadRequest(f'unable to parse query parameter "{name}": "{raw}" has no time zone')
        return moment


def parse(query_string: bytes, method: str = "GET") -> Query:
    """Read the parameters of a request on a resource. Raises BadRequest or Invalid naming the parameter."""
    if not query_string:
        return NOTHING
    raw = Parameters(query_string)
    query = Query(
        limit=_not_negative("limit", raw.number("limit")) or 0,
        continue_token=raw.text("continue"),
        labels=raw.text("labelSelector"),
        fields=raw.text("fieldSelector"),
        resource_version=raw.text("resourceVersion"),
        resource_version_match=raw.text("resourceVersionMatch"),
        timeout_seconds=_not_negative("timeoutSeconds", raw.number("timeoutSeconds")),
        watch=bool(raw.flag("watch")),
        bookmarks=bool(raw.flag("allowWatchBookmarks")),
        initial_events=raw.flag("sendInitialEvents"),
        dry_run=_dry_run(raw.texts("dryRun"), _OPTIONS.get(method, "Options")),
        field_manager=raw.text("fieldManager"),
        field_validation=_field_validation(raw.text("fieldValidation"), _OPTIONS.get(method, "Options")),
        force=raw.flag("force"),
        propagation_policy=raw.text("propagationPolicy") or None,
        orphan_dependents=raw.flag("orphanDependents"),
        grace_period_seconds=raw.number("gracePeriodSeconds"),
        pretty=bool(raw.flag("pretty")),
        include_object=_include_object(raw.text("includeObject")),
    )
    _check_versions(query)
    return query


def _not_negative(name: str, value: int | None) -> int | None:
    if value is not None and value < 0:
        raise BadRequest(f'query parameter "{name}": {value} must not be negative')
    return value


def _dry_run(values: list[str], options: str) -> bool:
    if any(value != "All" for value in values):
        raise _invalid(options, "dryRun", f'Unsupported value: {shown(values)}: supported values: "All"')
    return bool(values)


def _field_validation(value: str, options: str) -> FieldValidation:
    match value:
        case "":
            return "Warn"
        case "Ignore" | "Warn" | "Strict":
            return value
        case _:
            text = f'Unsupported value: "{value}": supported values: "", "Ignore", "Strict", "Warn"'
            raise _invalid(options, "fieldValidation", text)


def _include_object(value: str) -> str:
    if value not in ("", "None", "Metadata", "Object"):
        raise BadRequest(f'unrecognized includeObject value: "{value}"')
    return value or "Metadata"


def _check_versions(query: Query) -> None:
    """The combinations of version parameters that make no sense, in Kubernetes' words."""
    faults = list(_watch_faults(query) if query.watch else _list_faults(query))
    if faults:
        raise _invalid("ListOptions", "resourceVersionMatch", *faults)


def _watch_faults(query: Query) -> list[str]:
    match, faults = query.resource_version_match, []
    if query.initial_events is not None and match != "NotOlderThan":
        faults.append("Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")
    if match and query.initial_events is None:
        faults.append("Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
    if match not in ("", "NotOlderThan"):
        faults.append(f'Unsupported value: "{match}": supported values: "NotOlderThan"')
    if match and query.continue_token:
        faults.append("Forbidden: resourceVersionMatch is forbidden when continue is provided")
    return faults


def _list_faults(query: Query) -> list[str]:
    match, faults = query.resource_version_match, []
    if match and not query.resource_version:
        faults.append("Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")
    if match and query.continue_token:
        faults.append("Forbidden: resourceVersionMatch is forbidden when continue is provided")
    if match not in ("", "Exact", "NotOlderThan"):
        faults.append(f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""')
    if match == "Exact" and query.resource_version == "0":
        faults.append('Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    if query.initial_events is not None:
        faults.append("Forbidden: sendInitialEvents is forbidden for list")
    return faults


def _invalid(kind: str, field: str, *faults: str) -> ApiError:
    texts = [f"{field}: {fault}" for fault in faults]
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    causes = tuple(
        Cause("FieldValueNotSupported" if f.startswith("Unsupported") else "FieldValueForbidden", f, field)
        for f in faults
    )
    return Invalid(f'{kind}.meta.k8s.io "" is invalid: {listed}', kind=kind, group="meta.k8s.io", causes=causes)
