"""Field selectors: a choice of objects by the few fields that each kind offers (`status.phase!=Failed`).

Every kind offers its name and namespace. What else Pods, Events, Secrets and some others offer stands in one table;
any other field is refused, since a client that relies on it would silently get too much.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from petset.api.errors import BadRequest
from petset.api.kinds import Kind

if TYPE_CHECKING:
    from petset.api.custom.definition import Custom

Read = Callable[[Any], str]


@dataclass(frozen=True)
class FieldRequirement:
    """A field must have, or not have, a value."""

    field: str
    value: str
    equal: bool
    read: Read

    def matches(self, obj: Any) -> bool:
        return (self.read(obj) == self.value) == self.equal


@dataclass(frozen=True)
class FieldSelector:
    """All requirements on fields must hold; without any it matches everything."""

    requirements: tuple[FieldRequirement, ...] = ()

    def matches(self, obj: Any) -> bool:
        """Whether this object (a struct of the kind) is meant."""
        return all(requirement.matches(obj) for requirement in self.requirements)

    def exactly(self, field: str) -> str | None:
        """The value that `field` must have, or None: lets a list of one name be a get."""
        return next((r.value for r in self.requirements if r.equal and r.field == field), None)

    @property
    def is_empty(self) -> bool:
        return not self.requirements


_TERM = re.compile(r"((?:[^\\,=!]|\\.)*)(==|!=|=)((?:[^\\,]|\\.)*)")


def parse_fields(kind: Kind, text: str) -> FieldSelector:
    """Reads `status.phase=Running,metadata.name!=a` for a kind. Raises BadRequest for a field it does not offer."""
    if not text:
        return FieldSelector()
    requirements = []
    for term in re.split(r"(?<!\\),", text):
        if not term:
            continue
        match = _TERM.fullmatch(term)
        if match is None:
            raise BadRequest(f"invalid selector: '{text}'; can't understand '{term}'")
        name, sign, value = match.groups()
        requirements.append(_field_requirement(kind, name.strip(), re.sub(r"\\(.)", r"\1", value), sign != "!="))
    return FieldSelector(tuple(requirements))


def _field_requirement(kind: Kind, name: str, value: str, equal: bool) -> FieldRequirement:
    own = _FIELDS.get((kind.group, kind.name)) if kind.custom is None else _selectable(kind.custom)
    read = _METADATA.get(name) or (own or {}).get(name)
    if read is None or (name == "metadata.namespace" and not kind.namespaced and own is not None):
        if own is not None:
            raise BadRequest(f"field label not supported: {name}")
        raise BadRequest(f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"')
    return FieldRequirement(name, value, equal, read)


def _selectable(custom: "Custom") -> dict[str, Read] | None:
    """What a definition offers; None where it offers nothing of its own."""

    def read(path: Any, obj: Any) -> str:
        found = path.find(obj.content)
        return "" if not found or found[0] is None else _text(found[0])

    return {name: partial(read, path) for name, path in custom.selectable.items()} or None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path(path: str, zero: str = "") -> tuple[str, Read]:
    """A field by its path; what is absent reads as `zero`."""
    parts = path.split(".")

    def read(obj: Any) -> str:
        for part in parts:
            obj = getattr(obj, part, None)
            if obj is None:
                return zero
        return obj if type(obj) is str else _text(obj)

    return path, read


def _event_fields(involved: str) -> dict[str, Read]:
    """Both kinds of Event answer to the core kind's field names."""
    parts = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
    fields = {f"involvedObject.{part}": _path(f"{involved}.{part}")[1] for part in parts}
    return {**fields, **dict(map(_path, ("reason", "type", "reportingComponent")))}


def _event_source(obj: Any) -> str:
    source = getattr(obj, "source", None) or getattr(obj, "deprecatedSource", None)
    return (source.component or "" if source else "") or str(
        getattr(obj, "reportingComponent", None) or getattr(obj, "reportingController", None) or ""
    )


_METADATA = dict(map(_path, ("metadata.name", "metadata.namespace")))
_FIELDS: dict[tuple[str, str], dict[str, Read]] = {
    ("", "Pod"): dict(
        (
            *map(_path, ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName")),
            *map(_path, ("status.phase", "status.podIP", "status.nominatedNodeName")),
            _path("spec.hostNetwork", "false"),
        )
    ),
    ("", "Event"): {**_event_fields("involvedObject"), "source": _event_source},
    ("events.k8s.io", "Event"): {
        **_event_fields("regarding"),
        **{
            f"regarding.{part}": _path(f"regarding.{part}")[1]
            for part in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
        },
        "reportingController": _path("reportingController")[1],
    },
    ("", "Secret"): dict([_path("type")]),
    ("", "Namespace"): dict([_path("status.phase")]),
    ("", "Node"): dict([_path("spec.unschedulable", "false")]),
    ("", "Service"): dict(map(_path, ("spec.clusterIP", "spec.type"))),
}
