"""Whether the rules of a schema make sense: their texts, the fields that they name, and what trying them may cost.

A rule at an element of a list is tried for every element, so it may cost the less the longer the list may be.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from petset.api.custom.cel_sizes import most_elements
from petset.api.custom.structural import Rule, Schema
from petset.api.validation.fields import AsWritten, Faults

if TYPE_CHECKING:
    from petset.api.custom.rules import Compiled

_REASONS = ("FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate")
MOST_OF_A_RULE = 10_000_000
MOST_OF_A_SCHEMA = 100_000_000
_WAY_OUT = (
    "(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings "
    "are declared)"
)
_SHARE = "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
_TOTAL = "x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"
_TOLD = 4
"""So many of the rules are named that together cost too much."""


class _Place(NamedTuple):
    """A schema with rules, where it stands, and how many values of it one object may have."""

    schema: Schema
    path: str
    often: int


def check_rules(schema: Schema, path: str, faults: Faults) -> None:
    """Add what is wrong with the rules of a schema and of all below it."""
    costs: list[tuple[int, str]] = []
    for place in _places(_Place(schema, path, 1)):
        for index, rule in enumerate(place.schema.rules):
            at = f"{place.path}.x-kubernetes-validations[{index}]"
            compiled = _check_rule(place.schema, rule, at, faults)
            if compiled is not None:
                costs += _costs(compiled, place, at, faults)
    total = sum(cost for cost, _ in costs)
    if total > MOST_OF_A_SCHEMA:
        for _, at in sorted(costs, reverse=True)[:_TOLD]:
            faults.forbidden(at, _SHARE)
        faults.forbidden(path, _too_much(_TOTAL, total, MOST_OF_A_SCHEMA))


def _places(place: _Place) -> Iterator[_Place]:
    schema, path, often = place
    yield place
    for name, inner in schema.properties.items():
        yield from _places(_Place(inner, f"{path}.properties[{name}]", often))
    below = often * most_elements(schema)
    if schema.items is not None:
        yield from _places(_Place(schema.items, f"{path}.items", below))
    if schema.values is not None:
        yield from _places(_Place(schema.values, f"{path}.additionalProperties", below))


def _costs(compiled: "Compiled", place: _Place, at: str, faults: Faults) -> Iterator[tuple[int, str]]:
    """What a rule costs for one object, and its message, which is worked out once."""
    from petset.api.custom.cel_cost import cost_of, times  # only where there are rules
    from petset.api.custom.rules import VARIABLES

    parts = [("rule", "rule", compiled.holds, place.often)]
    if compiled.message is not None:
        parts.append(("messageExpression", "messageExpression", compiled.message, 1))
    for name, field, expression, often in parts:
        cost = times(cost_of(expression.serialize(), place.schema, VARIABLES), often)
        if cost > MOST_OF_A_RULE:
            faults.forbidden(f"{at}.{field}", _too_much(f"estimated {name} cost", cost, MOST_OF_A_RULE))
        yield cost, f"{at}.{field}"


def _too_much(what: str, cost: int, most: int) -> str:
    factor = cost / most
    shown = "more than 100x" if factor > 100 else f"{factor:f}x" if factor < 1.5 else f"{factor:.1f}x"
    return f"{what} exceeds budget by factor of {shown} {_WAY_OUT}"


def _check_rule(schema: Schema, rule: Rule, path: str, faults: Faults) -> "Compiled | None":
    """The rule, compiled; None where it does not."""
    from petset.api.custom.rules import RuleError, compiled_rule  # only where there are rules

    if not rule.rule.strip():
        faults.required(f"{path}.rule", "rule is not specified")
        return None
    if rule.message and not rule.message.strip():
        faults.invalid(f"{path}.message", rule.message, "message must be non-empty if specified")
    elif "\n" in rule.message.strip():
        faults.invalid(f"{path}.message", rule.message, "message must not contain line breaks")
    elif "\n" in rule.rule.strip() and not rule.message:
        faults.required(f"{path}.message", "message must be specified if rule contains line breaks")
    if rule.reason is not None and rule.reason not in _REASONS:
        faults.not_supported(f"{path}.reason", rule.reason, _REASONS)
    if rule.field_path and not _is_field(schema, rule.field_path):
        why = "fieldPath must be a valid path: does not refer to a valid field"
        faults.invalid(f"{path}.fieldPath", rule.field_path, why)
    try:
        return compiled_rule(schema, rule)
    except RuleError as error:
        written = {
            "Rule": rule.rule,
            "Message": rule.message,
            "MessageExpression": rule.message_expression,
            "Reason": rule.reason,
            "FieldPath": rule.field_path,
            "OptionalOldSelf": rule.optional_old_self,
        }
        compiling = "ERROR:" in str(error)
        why = (
            f"{error.part if error.part != 'rule' else ''} compilation failed: {error}".strip()
            if compiling
            else str(error)
        )
        faults.invalid(f"{path}.{error.part}", AsWritten(written), why)
        return None


def _is_field(schema: Schema, path: str) -> bool:
    """Whether a path such as `.spec.size` names a field below the schema."""
    found: Schema | None = schema
    for name in path.removeprefix(".").replace("['", ".").replace("']", "").split("."):
        found = found.child(name) if found is not None else None
    return found is not None and path.startswith((".", "["))
