"""What trying a rule costs at most, as Kubernetes estimates it when a definition is made.

Every step of an expression costs something: a name or a field 1, a text a tenth of its length each time it is read,
a loop its body as often as its list may have elements. Lists, maps and texts are as large as their schema lets them
be. So an author learns here, too, that a rule over lists without `maxItems` would be refused by a cluster.
"""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from petset.api.custom import cel_fields as fields
from petset.api.custom.cel_fields import Message, message, text
from petset.api.custom.cel_sizes import most_elements
from petset.api.custom.cel_values import fields_in_rules
from petset.api.custom.structural import Schema

UNKNOWN = 2**64 - 1
"""The size of what nobody can tell the size of; also the most that anything may cost."""
_LIST_COST, _MAP_COST = 10, 30
_READING, _PATTERN = 0.1, 0.25


class Estimate(NamedTuple):
    """Of an expression: its cost, the size of what it comes to, and the schema or else the size of its elements."""

    cost: int
    size: int = 1
    schema: Schema | None = None
    element: int = UNKNOWN

    def at(self, cost: int) -> "Estimate":
        """The same value, come by in another way."""
        return self._replace(cost=cost)


Scope = Mapping[str, Estimate]
_Function = Callable[[list[Estimate]], Estimate]


def cost_of(serialized: bytes, schema: Schema, variables: tuple[str, ...]) -> int:
    """The cost of an expression, as CEL writes it, in which the `variables` have this schema."""
    checked = message(message(serialized)[2][0])
    value = _of_schema(schema)
    return _cost(checked[fields.EXPRESSION][0], dict.fromkeys(variables, value)).cost


def times(cost: int, count: int) -> int:
    """A cost that comes as often as that."""
    return min(cost * count, UNKNOWN)


def _of_schema(schema: Schema | None) -> Estimate:
    return Estimate(0, UNKNOWN) if schema is None else Estimate(0, most_elements(schema), schema)


def _share(size: int, factor: float) -> int:
    return UNKNOWN if size >= UNKNOWN else math.ceil(size * factor)


def _sum(*costs: int) -> int:
    return min(sum(costs), UNKNOWN)


def _cost(data: bytes, scope: Scope) -> Estimate:
    expression = message(data)
    if fields.CONST in expression:
        return _constant(message(expression[fields.CONST][0]))
    if fields.IDENT in expression:
        return scope.get(text(message(expression[fields.IDENT][0]), 1), Estimate(0)).at(1)
    if fields.SELECT in expression:
        return _select(message(expression[fields.SELECT][0]), scope)
    if fields.CALL in expression:
        return _call(message(expression[fields.CALL][0]), scope)
    if fields.LIST in expression:
        items = [_cost(each, scope) for each in message(expression[fields.LIST][0]).get(1, ())]
        cost = _sum(_LIST_COST, *(each.cost for each in items))
        return Estimate(cost, len(items), element=max((each.size for each in items), default=0))
    if fields.STRUCT in expression:
        entries = [message(each) for each in message(expression[fields.STRUCT][0]).get(2, ())]
        parts = [_cost(part, scope) for each in entries for part in (*each.get(3, ()), *each.get(4, ()))]
        return Estimate(_sum(_MAP_COST, *(each.cost for each in parts)), len(entries))
    if fields.COMPREHENSION in expression:
        return _loop(message(expression[fields.COMPREHENSION][0]), scope)
    return Estimate(0)


def _constant(constant: Message) -> Estimate:
    value = constant.get(6, constant.get(7, [b""]))[0]
    return Estimate(0, len(value.decode(errors="replace")) if 6 in constant or 7 in constant else 1)


def _select(select: Message, scope: Scope) -> Estimate:
    if select.get(3, [0])[0]:
        return Estimate(0)  # whether something is there is asked for nothing
    operand = _cost(select[1][0], scope)
    return _member(operand.schema, text(select, 2)).at(_sum(operand.cost, 1))


def _member(schema: Schema | None, name: str) -> Estimate:
    if schema is None or schema.type != "object":
        return Estimate(0, UNKNOWN)
    if schema.values is not None and not schema.properties:
        return _of_schema(schema.values)
    known = fields_in_rules(schema)
    return _of_schema(known[name][1]) if name in known else Estimate(0, UNKNOWN)


def _call(call: Message, scope: Scope) -> Estimate:
    name = text(call, 2)
    operands = [_cost(each, scope) for each in (*call.get(1, ()), *call.get(3, ()))]
    if name == "_?._":
        key = message(message(call[3][1])[fields.CONST][0])
        return _member(operands[0].schema, text(key, 6)).at(_sum(operands[0].cost, 1))
    if name == "_?_:_":
        asked, then, otherwise = operands
        larger = then if then.size >= otherwise.size else otherwise
        element = max(then.element, otherwise.element)
        return larger._replace(cost=_sum(asked.cost, max(then.cost, otherwise.cost)), element=element)
    found = _FUNCTIONS.get(name, _plain)(operands)
    return found.at(_sum(found.cost, *(each.cost for each in operands)))


def _loop(loop: Message, scope: Scope) -> Estimate:
    over, start = _cost(loop[2][0], scope), _cost(loop[4][0], scope)
    inner = dict(scope)
    first, second, gathered = text(loop, 1), text(loop, 8), text(loop, 3)
    inner[first], inner[second or first] = _key(over), _element(over)
    if not second and _is_map(over):
        inner[first] = _key(over)
    inner[gathered] = start
    condition, step = _cost(loop[5][0], inner), _cost(loop[6][0], inner)
    result = _cost(loop[7][0], {**scope, gathered: start})
    cost = _sum(over.cost, start.cost, result.cost, times(_sum(condition.cost, step.cost), over.size))
    if start.element == UNKNOWN:  # what is gathered is no list
        return Estimate(cost, start.size)
    return Estimate(cost, over.size, element=max(start.element, step.element))


def _is_map(value: Estimate) -> bool:
    return value.schema is not None and value.schema.type == "object"


def _key(value: Estimate) -> Estimate:
    return Estimate(0, 0 if _is_map(value) else 1)


def _element(value: Estimate) -> Estimate:
    schema = value.schema
    if schema is None:
        return Estimate(0, value.element)
    return _of_schema(schema.items if schema.type == "array" else schema.values)


def _plain(_: list[Estimate]) -> Estimate:
    return Estimate(1)


def _reading(share: float = _READING, operand: int = 0) -> _Function:
    """A function that reads one of its texts, and makes one of about that length."""
    return lambda operands: Estimate(_share(operands[operand].size, share), operands[operand].size)


def _pattern(operands: list[Estimate]) -> Estimate:
    """Every part of a pattern is tried at every place of the text."""
    where, what = operands[0].size, operands[1].size
    cost = times(_share(min(where + 1, UNKNOWN), _READING), _share(what, _PATTERN))
    return Estimate(cost, where, element=where)


def _contains(operands: list[Estimate]) -> Estimate:
    return Estimate(times(_share(operands[0].size, _READING), _share(operands[1].size, _READING)))


def _compared(operands: list[Estimate]) -> Estimate:
    return Estimate(_share(min(each.size for each in operands[:2]), _READING))


def _added(operands: list[Estimate]) -> Estimate:
    """Numbers and lists at no cost to speak of, texts at their length."""
    size = _sum(*(each.size for each in operands))
    if any(each.element != UNKNOWN or _is_list(each) for each in operands):
        return Estimate(1, size, element=max(_element(each).size for each in operands))
    return Estimate(max(1, _share(size, _READING)) if size > len(operands) else 1, size)


def _is_list(value: Estimate) -> bool:
    return value.schema is not None and value.schema.type == "array"


def _in(operands: list[Estimate]) -> Estimate:
    return Estimate(1 if _is_map(operands[1]) else operands[1].size)


def _at(operands: list[Estimate]) -> Estimate:
    return _element(operands[0]).at(1)


def _each_read(operands: list[Estimate]) -> Estimate:
    """A function of a list that looks at every element, or of a text."""
    whole, schema = operands[0], operands[0].schema
    if schema is not None and schema.type == "string":
        return Estimate(_share(whole.size, _READING))
    texts = schema is not None and schema.items is not None and schema.items.type == "string"
    element = 1 + (_share(_element(whole).size, _READING) if texts else 0)
    return Estimate(times(element, whole.size))


def _join(operands: list[Estimate]) -> Estimate:
    between = operands[1].size if len(operands) > 1 else 0
    size = times(_sum(_element(operands[0]).size, between), operands[0].size)
    return Estimate(_share(size, _READING), size)


def _split(operands: list[Estimate]) -> Estimate:
    size = operands[0].size
    return Estimate(_share(size, 2 * _READING), size, element=size)


def _replace(operands: list[Estimate]) -> Estimate:
    size, new = operands[0].size, operands[2].size
    return Estimate(_share(size, 2 * _READING), times(size, max(1, new)))


def _sets(operands: list[Estimate]) -> Estimate:
    return Estimate(_sum(1, times(operands[0].size, operands[1].size)))


def _dyn(operands: list[Estimate]) -> Estimate:
    return operands[0].at(1)


_FUNCTIONS: dict[str, _Function] = {
    **dict.fromkeys(("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"), _compared),
    **dict.fromkeys(("_&&_", "_||_"), lambda _: Estimate(0)),
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _each_read),
    **dict.fromkeys(("matches", "find", "findAll"), _pattern),
    **dict.fromkeys(("startsWith", "endsWith"), _reading(operand=1)),
    **dict.fromkeys(
        ("lowerAscii", "upperAscii", "substring", "trim", "format", "string", "bytes", "strings.quote", "quantity",
         "isQuantity", "url", "isURL", "ip", "isIP", "cidr", "isCIDR", "semver", "isSemver"),
        _reading(),
    ),
    **dict.fromkeys(("sets.contains", "sets.intersects", "sets.equivalent"), _sets),
    **dict.fromkeys(("_[_]", "_[?_]"), _at),
    "@in": _in, "_+_": _added, "contains": _contains, "join": _join, "split": _split, "replace": _replace,
    "dyn": _dyn,
}  # fmt: skip
