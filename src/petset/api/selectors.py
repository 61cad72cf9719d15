"""Selectors: which objects a client or a controller means, by labels or by a few fields.

Label selectors come as text (`app=web,tier in (a,b),!old`) or as a `LabelSelector` struct; both become one
`Selector`.
Field selectors (`status.phase!=Failed`) know the fields that each kind offers and refuse any other.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from petset.api import names
from petset.api.errors import BadRequest
from petset.api.kinds import Kind
from petset.api.models import meta_v1

Operator = Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]


@dataclass(frozen=True)
class Requirement:
    """One condition on a label. NotIn also holds where the label is absent."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "In":
                return value in self.values
            case "NotIn":
                return value is None or value not in self.values
            case "Exists":
                return value is not None
            case "DoesNotExist":
                return value is None
        return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        """Gt and Lt compare whole numbers; anything else does not match."""
        try:
            left, right = int(value), int(next(iter(self.values)))
        except ValueError:
            return False
        return left > right if self.operator == "Gt" else left < right

    def __str__(self) -> str:
        listed = ",".join(sorted(self.values))
        match self.operator:
            case "Exists":
                return self.key
            case "DoesNotExist":
                return f"!{self.key}"
            case "Gt" | "Lt":
                return f"{self.key}{'>' if self.operator == 'Gt' else '<'}{listed}"
            case "In" if len(self.values) == 1:
                return f"{self.key}={listed}"
            case "NotIn" if len(self.values) == 1:
                return f"{self.key}!={listed}"
        return f"{self.key} {'in' if self.operator == 'In' else 'notin'} ({listed})"


@dataclass(frozen=True)
class Selector:
    """All requirements must hold. Without any it matches everything; `nothing` matches nothing."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    @staticmethod
    def from_struct(struct: meta_v1.LabelSelector | None) -> "Selector":
        """A `LabelSelector`: none selects nothing, an empty one everything. Raises ValueError (operator)."""
        if struct is None:
            return NOTHING
        equal = [Requirement(key, "In", frozenset([value])) for key, value in (struct.matchLabels or {}).items()]
        others = [_from_expression(each) for each in struct.matchExpressions or ()]
        return Selector(tuple(sorted((*equal, *others), key=lambda r: r.key)))

    @staticmethod
    def from_labels(labels: Mapping[str, str] | None) -> "Selector":
        """All these labels, as in a Service's selector. None or empty selects everything."""
        return Selector(tuple(Requirement(k, "In", frozenset([v])) for k, v in sorted((labels or {}).items())))

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is meant."""
        if self.nothing:
            return False
        found = labels or {}
        return all(requirement.matches(found) for requirement in self.requirements)

    @property
    def is_empty(self) -> bool:
        """Whether it matches everything."""
        return not self.nothing and not self.requirements

    def __str__(self) -> str:
        """The text form, as in the status of a Scale."""
        return ",".join(str(requirement) for requirement in self.requirements)


EVERYTHING = Selector()
NOTHING = Selector(nothing=True)


def _from_expression(expression: meta_v1.LabelSelectorRequirement) -> Requirement:
    operator = expression.operator
    if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
        raise ValueError(f'"{operator}" is not a valid label selector operator')
    return Requirement(expression.key, operator, frozenset(expression.values or ()))  # type: ignore[arg-type]


_TOKEN = re.compile(r"\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))")


class _Tokens:
    """The words and signs of a selector's text, read one after another."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found = [match.group(1) or match.group(2) for match in _TOKEN.finditer(text)]
        self.next = 0

    def peek(self) -> str:
        return self.found[self.next] if self.next < len(self.found) else ""

    def take(self) -> str:
        token = self.peek()
        self.next += 1
        return token

    def refuse(self, expected: str) -> BadRequest:
        return _unparsable(f"found '{self.peek()}', expected: {expected}")


def _unparsable(why: str) -> BadRequest:
    return BadRequest(f"unable to parse requirement: {why}")


def parse_labels(text: str) -> Selector:
    """Reads `a=b,c!=d,e in (x,y),f notin (z),g,!h,i>1`; empty selects everything. Raises BadRequest."""
    tokens = _Tokens(text)
    if not tokens.found:
        return EVERYTHING
    requirements = [_requirement(tokens)]
    while tokens.peek() == ",":
        tokens.take()
        requirements.append(_requirement(tokens))
    if tokens.peek():
        raise tokens.refuse("',' or end of string")
    return Selector(tuple(sorted(requirements, key=lambda r: r.key)))


def _is_word(token: str) -> bool:
    return bool(token) and token not in ("=", "==", "!=", "!", "<", ">", "(", ")", ",")


def _requirement(tokens: _Tokens) -> Requirement:
    absent = tokens.peek() == "!"
    if absent:
        tokens.take()
    key = tokens.peek()
    if not _is_word(key):
        raise tokens.refuse("!, identifier, or 'end of string'" if not absent else "identifier")
    tokens.take()
    _check(names.qualified_name(key), f'key: Invalid value: "{key}"')
    if absent:
        return Requirement(key, "DoesNotExist")
    return _condition(key, tokens)


def _condition(key: str, tokens: _Tokens) -> Requirement:
    sign = tokens.peek()
    if sign in ("", ","):
        return Requirement(key, "Exists")
    tokens.take()
    if sign in ("in", "notin"):
        return Requirement(key, "In" if sign == "in" else "NotIn", _values(key, tokens))
    if sign in ("=", "==", "!="):
        return Requirement(key, "NotIn" if sign == "!=" else "In", frozenset([_value(key, tokens)]))
    if sign in ("<", ">"):
        value = _value(key, tokens)
        if not re.fullmatch(r"[+-]?[0-9]+", value):
            raise _unparsable(
                f'values[0][{key}]: Invalid value: "{value}": '
                "for 'Gt', 'Lt' operators, the value must be an integer"
            )
        return Requirement(key, "Gt" if sign == ">" else "Lt", frozenset([value]))
    tokens.next -= 1
    raise tokens.refuse("in, notin, =, ==, !=, gt, lt")


def _value(key: str, tokens: _Tokens) -> str:
    """A word, or nothing: `a=` asks for the empty value."""
    if not _is_word(tokens.peek()):
        if tokens.peek() in ("", ",", ")"):
            return ""
        raise tokens.refuse("identifier")
    value = tokens.take()
    _check(names.label_value(value), f'values[0][{key}]: Invalid value: "{value}"')
    return value


def _values(key: str, tokens: _Tokens) -> frozenset[str]:
    if tokens.take() != "(":
        tokens.next -= 1
        raise tokens.refuse("'('")
    values = {_value(key, tokens)}
    while tokens.peek() == ",":
        tokens.take()
        values.add(_value(key, tokens))
    if tokens.take() != ")":
        tokens.next -= 1
        raise tokens.refuse("',' or ')'")
    return frozenset(values)


def _check(complaints: Iterable[str], where: str) -> None:
    for complaint in complaints:
        raise _unparsable(f"{where}: {complaint}")


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

    @property
    def only_metadata(self) -> bool:
        """Whether name and namespace decide, so that nobody need decode the object."""
        return all(r.field in ("metadata.name", "metadata.namespace") for r in self.requirements)


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
    own = _FIELDS.get((kind.group, kind.name))
    read = _METADATA.get(name) or (own or {}).get(name)
    if read is None or (name == "metadata.namespace" and not kind.namespaced and own is not None):
        if own is not None:
            raise BadRequest(f"field label not supported: {name}")
        raise BadRequest(f'"{name}" is not a known field selector: only "metadata.name", "metadata.namespace"')
    return FieldRequirement(name, value, equal, read)


def _path(path: str, zero: str = "") -> tuple[str, Read]:
    """A field by its path; what is absent reads as `zero`."""
    parts = path.split(".")

    def read(obj: Any) -> str:
        for part in parts:
            obj = getattr(obj, part, None)
            if obj is None:
                return zero
        return str(obj).lower() if isinstance(obj, bool) else str(obj)

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
