"""The rules of a schema (`x-kubernetes-validations`), compiled once and tried on each object that is written.

A rule sees the value at its place as `self`. One that also asks for `oldSelf` is about changes: it is tried only
where there is a value to compare with, unless it says (`optionalOldSelf`) that it can do without one. Elements of
lists have an old value where the list's keys say which it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from petset.api.custom.cel_fields import UndefinedField, check_fields
from petset.api.custom.cel_library import CONFIG, EXTENSIONS, FUNCTIONS
from petset.api.custom.cel_numbers import compiled as compile_text
from petset.api.custom.cel_trials import OverBudget, Untried, check_plan, plain, tried
from petset.api.custom.cel_values import to_cel
from petset.api.custom.checking import counterpart
from petset.api.custom.structural import Rule, Schema
from petset.api.custom.validating import NOWHERE
from petset.api.errors import Cause
from petset.api.validation.fields import Faults, shown

T = cel.Type

SELF, OLD, OLD_IF_ANY = "self", "oldSelf", "petset_old"
VARIABLES = (SELF, OLD, OLD_IF_ANY)
"""What stands for a value in a rule at its place."""
LONGEST_MESSAGE = 5 * 1024
MOST_TRIALS = 100_000
"""So many rules are tried on one object, those on each element of its lists counted one by one."""
_SPENT = "validation failed due to running out of cost budget, no further validation rules will be run"
_OLD = re.compile(r"\boldSelf\b")
_TEXTS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")
_SCALARS = {"string": T.STRING, "integer": T.INT, "number": T.DOUBLE, "boolean": T.BOOL}
_FORMATS = {"date-time": T.TIMESTAMP, "date": T.TIMESTAMP, "duration": T.DURATION, "byte": T.BYTES}
_RESULTS = {
    "rule": (T.BOOL, "cel expression must evaluate to a bool"),
    "messageExpression": (T.STRING, "messageExpression must evaluate to a string"),
}
_WITH_OPTIONAL = (
    "cel.bind(oldSelf, size(petset_old) == 0 ? optional.none() : optional.of(petset_old[0]), ({rule}\n))"
)
_REASONS = {
    "FieldValueForbidden": ("FieldValueForbidden", "Forbidden: {detail}"),
    "FieldValueRequired": ("FieldValueRequired", "Required value: {detail}"),
    "FieldValueDuplicate": ("FieldValueDuplicate", "Duplicate value: {value}"),
}


class RuleError(ValueError):
    """A rule that does not compile. `part` says which of its texts: `rule` or `messageExpression`."""

    def __init__(self, part: str, message: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True)
class Compiled:
    """One rule, ready to be tried."""

    rule: Rule
    holds: cel.Expression
    message: cel.Expression | None
    compares: bool

    @property
    def needs_old(self) -> bool:
        """Whether there is nothing to try without an old value."""
        return self.compares and not self.rule.optional_old_self


@dataclass(frozen=True)
class Ruled:
    """A place with rules, or on the way to one. What lies below without any rule is left out."""

    schema: Schema
    rules: tuple[Compiled, ...]
    properties: dict[str, "Ruled"]
    values: "Ruled | None"
    items: "Ruled | None"


def compiled(schema: Schema) -> Ruled | None:
    """The rules of a schema and of what lies below it; None where there are none. Raises RuleError."""
    inner = {name: compiled(each) for name, each in schema.properties.items()}
    properties = {name: each for name, each in inner.items() if each is not None}
    values = compiled(schema.values) if schema.values is not None else None
    items = compiled(schema.items) if schema.items is not None else None
    rules = tuple(compiled_rule(schema, rule) for rule in schema.rules)
    if not (rules or properties or values or items):
        return None
    return Ruled(schema, rules, properties, values, items)


def compiled_rule(schema: Schema, rule: Rule) -> Compiled:
    """A rule at a place with this schema. Raises RuleError."""
    holds = _expression(schema, rule, rule.rule, "rule")
    message = None
    if rule.message_expression:
        message = _expression(schema, rule, rule.message_expression, "messageExpression")
    return Compiled(rule, holds, message, compares=_asks_for_old(rule.rule))


def _asks_for_old(text: str) -> bool:
    return _OLD.search(_TEXTS.sub("''", text)) is not None


def _expression(schema: Schema, rule: Rule, text: str, part: str) -> cel.Expression:
    optional = bool(rule.optional_old_self) and _asks_for_old(text)
    source = _WITH_OPTIONAL.format(rule=text) if optional else text
    try:
        found, source = compile_text(_environment(_signature(schema)), source)
        check_plan(found)
        old = None if optional else schema
        result = check_fields(found.serialize(), source, {SELF: schema, OLD: old})
    except UndefinedField as error:
        raise RuleError(part, str(error)) from error
    except RuntimeError as error:
        raise RuleError(part, plain(str(error))) from error
    wanted, must = _RESULTS[part]
    comes_to = _SCALARS.get(result.type, T.DYN) if result is not None else found.return_type()
    if comes_to not in (wanted, T.DYN):
        raise RuleError(part, must)
    return found


def _signature(schema: Schema) -> str:
    """The type of a value as CEL writes it. Objects are maps of anything: their fields are checked apart."""
    if schema.int_or_string:
        return "dyn"
    if schema.type == "array" and schema.items is not None:
        return f"list<{_signature(schema.items)}>"
    if schema.type == "object":
        return f"map<string, {_signature(schema.values) if schema.values is not None else 'dyn'}>"
    return schema.format if schema.type == "string" and schema.format in _FORMATS else schema.type or "dyn"


@lru_cache(maxsize=64)
def _environment(signature: str) -> cel.Env:
    kind = _type(signature)
    variables = {SELF: kind, OLD: kind, OLD_IF_ANY: T.List(kind)}
    return cel.NewEnv(config=CONFIG, variables=variables, extensions=EXTENSIONS, functions=FUNCTIONS)


def _type(signature: str) -> cel.Type:
    if signature.startswith("list<"):
        return T.List(_type(signature[5:-1]))
    if signature.startswith("map<string, "):
        return T.Map(T.STRING, _type(signature[12:-1]))
    return _FORMATS.get(signature) or _SCALARS.get(signature) or T.DYN


class _Spent(Exception):
    """No more rules may be tried. `cause` says why."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.message)
        self.cause = cause


def check_rules(ruled: Ruled | None, document: Any, before: Any, faults: Faults) -> None:
    """Add what the rules have against a document, or against its change from the one before (None: it is new)."""
    if ruled is None:
        return
    try:
        faults.causes.extend(_Trial().broken(ruled, document, before, ""))
    except _Spent as spent:
        faults.causes.append(spent.cause)


class _Trial:
    """The rules of a schema, tried on one object: so many of them, and no more."""

    def __init__(self) -> None:
        self._left = MOST_TRIALS

    def broken(self, ruled: Ruled, value: Any, old: Any, path: str, kept: bool | None = None) -> Iterator[Cause]:
        """What the rules at a place and below have against its value. Raises _Spent.

        `kept` says whether nothing has changed around a value that has no old one to be compared with.
        """
        if value is None:  # whether a null may be is for the rules around it to say
            return
        yield from self._broken_here(ruled, value, old, path, kept)
        if isinstance(value, dict):
            for name, each in value.items():
                inner = ruled.properties.get(name) or (None if name in ruled.schema.properties else ruled.values)
                if inner is not None:
                    known = old.get(name) if isinstance(old, dict) else None
                    yield from self.broken(inner, each, known, _below(ruled, path, name), kept)
        elif isinstance(value, list) and ruled.items is not None:
            around = old == value if kept is None else kept
            for index, each in enumerate(value):
                known = counterpart(ruled.schema, each, old)
                below = around if known is None else None
                yield from self.broken(ruled.items, each, known, f"{path}[{index}]", below)

    def _broken_here(self, ruled: Ruled, value: Any, old: Any, path: str, kept: bool | None) -> Iterator[Cause]:
        rules = [each for each in ruled.rules if old is not None or not each.needs_old]
        if kept if kept is not None else old is not None and old == value:
            rules = [each for each in rules if each.compares]  # it was let in as it is
        if not rules:
            return
        data = {SELF: to_cel(ruled.schema, value), OLD_IF_ANY: []}
        if old is not None:
            data[OLD] = to_cel(ruled.schema, old)
            data[OLD_IF_ANY] = [data[OLD]]
        for each in rules:
            self._left -= 1
            if self._left < 0:
                raise _Spent(_cause(ruled.schema, path, Rule(rule=""), _SPENT))
            yield from _tried(each, data, ruled.schema, path)


def _tried(rule: Compiled, data: dict[str, Any], schema: Schema, path: str) -> Iterator[Cause]:
    try:
        if tried(rule.holds, data).value() is not True:
            yield _cause(schema, path, rule.rule, _message(rule, data))
    except OverBudget as error:
        limit = "no further validation rules will be run due to call cost exceeds limit for rule"
        why = f"'{error}': {limit}: {_named(rule.rule)}"
        raise _Spent(_cause(schema, path, Rule(rule=""), why)) from error
    except Untried as error:
        joined = "for" if str(error).startswith("'no such overload'") else "evaluating"
        yield _cause(schema, path, Rule(rule=""), f"{error} {joined} rule: {_named(rule.rule)}")


def _named(rule: Rule) -> str:
    return rule.message.strip() or rule.rule.strip()


def _below(ruled: Ruled, path: str, name: str) -> str:
    if name not in ruled.schema.properties:
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name


def _cause(schema: Schema, path: str, rule: Rule, detail: str) -> Cause:
    """A broken rule as a field error, for the reason that it names."""
    at = f"{path}{rule.field_path}" if path else rule.field_path.removeprefix(".")
    kind = shown(schema.type)
    reason, form = _REASONS.get(rule.reason or "", ("FieldValueInvalid", "Invalid value: {value}: {detail}"))
    return Cause(reason, form.format(value=kind, detail=detail), at or NOWHERE)


def _message(broken: Compiled, data: dict[str, Any]) -> str:
    """What its author has to say of it; where that cannot be worked out, the rule itself."""
    if broken.message is not None:
        try:
            result = tried(broken.message, data)
        except Untried:
            result = None
        text = str(result.value()).strip() if result is not None and result.type() == T.STRING else ""
        if text and "\n" not in text and len(text) <= LONGEST_MESSAGE:
            return text
    return broken.rule.message.strip() or f"failed rule: {broken.rule.rule.strip()}"
