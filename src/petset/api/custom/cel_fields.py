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

EXPRESSION, _SOURCE, _POSITIONS = 4, 5, 4
ID, CONST, IDENT, SELECT, CALL, LIST, STRUCT, COMPREHENSION = 2, 3, 4, 5, 6, 7, 8, 9


class UndefinedField(ValueError):
    """A field that is not there, with the place in the rule where it is asked for."""


def check_fields(serialized: bytes, rule: str, scope: Scope) -> Schema | None:
    """The schema of what the rule comes to, where it is known. Raises UndefinedField.

    `serialized` is the checked expression as CEL writes it.
    """
    checked = message(message(serialized)[2][0])
    places = map(message, message(checked[_SOURCE][0]).get(_POSITIONS, ()))
    positions = {place[1][0]: place.get(2, [0])[0] for place in places}
    return _Walk(rule, positions).infer(checked[EXPRESSION][0], scope)


class _Walk:
    def __init__(self, rule: str, positions: dict[int, int]) -> None:
        self._rule = rule
        self._positions = positions

    def infer(self, data: bytes, scope: Scope) -> Schema | None:
        """The schema of what an expression leads to, or None where nobody can tell."""
        expression = message(data)
        if IDENT in expression:
            return scope.get(text(message(expression[IDENT][0]), 1))
        if SELECT in expression:
            select = message(expression[SELECT][0])
            found = self._member(self.infer(select[1][0], scope), text(select, 2), expression)
            return None if select.get(3, [0])[0] else found  # `has(…)` comes to a truth
        if CALL in expression:
            return self._call(message(expression[CALL][0]), expression, scope)
        if COMPREHENSION in expression:
            self._comprehension(message(expression[COMPREHENSION][0]), scope)
        if LIST in expression:
            for element in message(expression[LIST][0]).get(1, ()):
                self.infer(element, scope)
        if STRUCT in expression:
            for entry in map(message, message(expression[STRUCT][0]).get(2, ())):
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
        function = text(call, 2)
        operands = [self.infer(each, scope) for each in (*call.get(1, ()), *call.get(3, ()))]
        first = operands[0] if operands else None
        if function == "_?._":
            constant = message(message(call[3][1])[CONST][0])
            return self._member(first, text(constant, 6), expression)
        if function in ("_[_]", "_[?_]") and first is not None:
            return first.items if first.type == "array" else first.values
        return None

    def _comprehension(self, loop: Message, scope: Scope) -> None:
        over = self.infer(loop[2][0], scope)
        inner = dict(scope)
        item = over.items if over is not None and over.type == "array" else None
        first, second = text(loop, 1), text(loop, 8)
        inner[first] = None if second else item
        if second:  # a key or an index, and what it leads to
            inner[second] = item or (over.values if over is not None else None)
        inner[text(loop, 3)] = None
        for part in (4, 5, 6, 7):
            for each in loop.get(part, ()):
                self.infer(each, inner)

    def _told(self, what: str, expression: Message) -> str:
        """In the form in which CEL tells its own errors."""
        at = self._positions.get(expression.get(ID, [0])[0], 0)
        start = self._rule.rfind("\n", 0, at) + 1
        shown, line = self._rule[start:].partition("\n")[0], self._rule.count("\n", 0, at) + 1
        return f"ERROR: <input>:{line}:{at - start + 1}: {what}\n | {shown}\n | {'.' * (at - start)}^"


def message(data: bytes) -> Message:
    """A message taken apart."""
    found: Message = {}
    for number, value in fields_of(data):
        found.setdefault(number, []).append(value)
    return found


def text(found: Message, field: int) -> str:
    """The text in a field; empty where there is none."""
    value = found.get(field, [b""])[0]
    return value.decode() if isinstance(value, bytes) else ""
