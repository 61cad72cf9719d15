"""Label selectors: which objects a client or a controller means.

They come as text (`app=web,tier in (a,b),!old`) or as a `LabelSelector` struct; both become one `Selector`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from petset.api import names
from petset.api.errors import BadRequest
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
    def from_struct(struct: meta_v1.LabelSelector | Mapping[str, str] | None) -> "Selector":
        """A `LabelSelector`, or the plain labels of a ReplicationController: none selects nothing, an empty one
        everything. Raises ValueError (operator)."""
        if struct is None:
            return NOTHING
        if not isinstance(struct, meta_v1.LabelSelector):
            return Selector.from_labels(struct)
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
