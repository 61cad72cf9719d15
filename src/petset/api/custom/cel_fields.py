"""Finds in a rule the fields that its schema does not have: a misspelt one fails every write, or lets all pass.

CEL's own checker sees objects as maps, in which any key may be. So the checked expression is walked once more with
the schema in hand; what cannot be followed (a value of any type, the result of a function) is taken on trust.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from petset.api.custom.cel_values import fields_in_rules
from petset.api.custom.structural import Schema
from petset.api.protobuf import fields_of

Scope: TypeAlias = Mapping[str, Schema | None]
Message: TypeAlias = dict[int, list[Any]]
"""A message of the format in which CEL writes expressions: the values of each field by its number."""

_EXPRESSION, _SOURCE, _POSITIONS = 4, 5, 4
_ID, _CONST, _IDENT, _SELECT, _CALL, _LIST, _STRUCT, _COMPREHENSION = 2, 3, 4, 5, 6, 7, 8, 9


class UndefinedField(ValueError):
    """A field that is not there, with the place in the rule where it is asked for."""


def check_fields(serialized: bytes, rule: str, scope: Scope) -> Schema | None:
    """The schema of what the rule comes to, where it is known. Raises UndefinedField.

    `serialized` is the checked expression as CEL writes it.
    """
    checked = _message(_message(serialized)[2][0])
    places = map(_message, _message(checked[_SOURCE][0]).get(_POSITIONS, ()))
    positions = {place[1][0]: place.get(2, [0])[0] for place in places}
    return _Walk(rule, positions).infer(checked[_EXPRESSION][0], scope)


class _Walk:
    def __init__(self, rule: str, positions: dict[int, int]) -> None:
        self._rule = rule
        self._positions = positions

    def infer(self, data: bytes, scope: Scope) -> Schema | None:
        """The schema of what an expression leads to, or None where nobody can tell."""
        expression = _message(data)
        if _IDENT in expression:
            return scope.get(_text(_message(expression[_IDENT][0]), 1))
        if _SELECT in expression:
            select = _message(expression[_SELECT][0])
            return self._member(self.infer(select[1][0], scope), _text(select, 2), expression)
        if _CALL in expression:
            return self._call(_message(expression[_CALL][0]), expression, scope)
        if _COMPREHENSION in expression:
            self._comprehension(_message(expression[_COMPREHENSION][0]), scope)
        if _LIST in expression:
            for element in _message(expression[_LIST][0]).get(1, ()):
                self.infer(element, scope)
        if _STRUCT in expression:
            for entry in map(_message, _message(expression[_STRUCT][0]).get(2, ())):
                for part in (*entry.get(3, ()), *entry.get(4, ())):  # a key and its value
                    self.infer(part, scope)
        return None

    def _member(self, schema: Schema | None, name: str, expression: Message) -> Schema | None:
        if schema is None or schema.int_or_string or schema.type != "object":
            return None
        if schema.values is not None and not schema.properties:
            return schema.values
        known = fields_in_rules(schema)
        if name not in known:
            raise UndefinedField(self._told(f"undefined field '{name}'", expression))
        return known[name][1]

    def _call(self, call: Message, expression: Message, scope: Scope) -> Schema | None:
        function = _text(call, 2)
        operands = [self.infer(each, scope) for each in (*call.get(1, ()), *call.get(3, ()))]
        first = operands[0] if operands else None
        if function == "_?._":
            constant = _message(_message(call[3][1])[_CONST][0])
            return self._member(first, _text(constant, 6), expression)
        if function in ("_[_]", "_[?_]") and first is not None:
            return first.items if first.type == "array" else first.values
        return None

    def _comprehension(self, loop: Message, scope: Scope) -> None:
        over = self.infer(loop[2][0], scope)
        inner = dict(scope)
        item = over.items if over is not None and over.type == "array" else None
        first, second = _text(loop, 1), _text(loop, 8)
        inner[first] = None if second else item
        if second:  # a key or an index, and what it leads to
            inner[second] = item or (over.values if over is not None else None)
        inner[_text(loop, 3)] = None
        for part in (4, 5, 6, 7):
            for each in loop.get(part, ()):
                self.infer(each, inner)

    def _told(self, what: str, expression: Message) -> str:
        """In the form in which CEL tells its own errors."""
        at = self._positions.get(expression.get(_ID, [0])[0], 0)
        start = self._rule.rfind("\n", 0, at) + 1
        shown, line = self._rule[start:].partition("\n")[0], self._rule.count("\n", 0, at) + 1
        return f"ERROR: <input>:{line}:{at - start + 1}: {what}\n | {shown}\n | {'.' * (at - start)}^"


def _message(data: bytes) -> Message:
    found: Message = {}
    for number, value in fields_of(data):
        found.setdefault(number, []).append(value)
    return found


def _text(message: Message, field: int) -> str:
    value = message.get(field, [b""])[0]
    return value.decode() if isinstance(value, bytes) else ""
