"""What one policy says of one write: nothing, or why not."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from petset.api import expressions
from petset.api.expressions import ExpressionError, Scope
from petset.api.models import admissionregistration_v1 as admission
from petset.registry.webhooks.conditions import hold

Spec = admission.ValidatingAdmissionPolicySpec | admission.MutatingAdmissionPolicySpec
LONGEST_MESSAGE = 5 * 1024
_TYPES: dict[type, str] = {bool: "bool", dict: "map", int: "int", list: "list"}


class Objection(NamedTuple):
    """Why a policy is against a write. `reason` is the status' reason, empty for the usual one; `insists`: whatever
    its binding says that an objection comes to, the write is refused."""

    message: str
    reason: str = ""
    insists: bool = False


def objections(spec: admission.ValidatingAdmissionPolicySpec, scope: Scope) -> Iterator[Objection]:
    """What the policy has against the write. What cannot be tried counts as it says itself."""
    strict = spec.failurePolicy != "Ignore"
    try:
        if not hold(spec.matchConditions or (), scope):
            return
    except ExpressionError as error:
        if strict:
            yield Objection(str(error))
        return
    scope = {**scope, "variables": variables(spec, scope)}
    for validation in spec.validations or ():
        try:
            if expressions.evaluate(validation.expression, scope) is not True:
                yield Objection(_message(validation, scope), validation.reason or "")
        except ExpressionError as error:
            if strict:
                yield Objection(str(error))

    yield from _unwritten(spec, scope, strict=strict)


def _unwritten(spec: admission.ValidatingAdmissionPolicySpec, scope: Scope, *, strict: bool) -> Iterator[Objection]:
    """Notes for an audit log that come to nothing. Nobody keeps such a log here, and the others are forgotten."""
    for note in spec.auditAnnotations or ():
        try:
            found = expressions.evaluate_plain(note.valueExpression, scope)
        except ExpressionError as error:
            if strict:
                yield Objection(str(error), insists=True)
            continue
        if found is not None and not isinstance(found, str):
            why = f"valueExpression '{note.valueExpression}' resulted in unsupported return type: "
            told = f"{why}{_TYPES.get(type(found), 'double')}. Return type must be either string or null."
            yield Objection(told, insists=True)


def variables(spec: Spec, scope: Scope) -> dict[str, Any]:
    """Each may use those before it. One that comes to nothing is missing, and only matters to who asks for it."""
    found: dict[str, Any] = {}
    for variable in spec.variables or ():
        try:
            found[variable.name] = expressions.evaluate(variable.expression, {**scope, "variables": found})
        except ExpressionError:
            continue
    return found


def _message(validation: admission.Validation, scope: Scope) -> str:
    if validation.messageExpression:
        try:
            text = str(expressions.evaluate(validation.messageExpression, scope)).strip()
        except ExpressionError:
            text = ""
        if text and "\n" not in text and len(text) <= LONGEST_MESSAGE:
            return text
    return (validation.message or "").strip() or f"failed expression: {validation.expression.strip()}"
