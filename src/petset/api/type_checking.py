"""Finds in the expressions of a policy the fields that the objects it is about do not have.

A policy compiles without types, since it may be about many kinds. Where its rules name kinds, each expression is
looked at once more with the schema of each: a misspelt field refuses every write, or none, and is told in the
policy's status before that.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from petset.api import expressions
from petset.api.custom.cel_fields import Scope, UndefinedField, check_fields
from petset.api.custom.structural import Schema
from petset.api.kinds import Kind
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import meta_v1
from petset.api.schema import Type, per_type, shape

Policy = admission.ValidatingAdmissionPolicy
Find = Callable[[str, str, str], Kind | None]
"""The kind of a group, a version and a resource."""

MOST_KINDS = 10
_TRUSTED = Schema()
"""What nobody knows the fields of."""


def kinds_of(policy: Policy, find: Find) -> list[Kind]:
    """The kinds that its rules name, by group, version and name; what stands for many is not looked at."""
    constraints = policy.spec.matchConstraints if policy.spec else None
    found: dict[Kind, None] = {}
    for rule in (constraints.resourceRules if constraints else None) or ():
        places = (rule.apiGroups or (), rule.apiVersions or (), rule.resources or ())
        if any("*" in each for each in places):
            continue
        named = (find(g, v, r) for g in places[0] for v in places[1] for r in places[2] if "/" not in r)
        found.update(dict.fromkeys(kind for kind in named if kind is not None))
    return sorted(found, key=lambda kind: (kind.group, kind.version, kind.name))[:MOST_KINDS]


def warnings_for(policy: Policy, kinds: Iterable[Kind], params: Kind | None) -> list[admission.ExpressionWarning]:
    """What is to be told of the policy's validations, in their order. `params` is the kind of its parameters."""
    spec = policy.spec or admission.ValidatingAdmissionPolicySpec()
    scopes = [(kind, _scope(spec, kind, params)) for kind in kinds]
    found = []
    for index, validation in enumerate(spec.validations or ()):
        for name in ("expression", "messageExpression"):
            told = list(_undefined(getattr(validation, name) or "", scopes))
            if told:
                place = f"spec.validations[{index}].{name}"
                found.append(admission.ExpressionWarning(fieldRef=place, warning="\n".join(told)))
    return found


def _undefined(expression: str, scopes: Iterable[tuple[Kind, Scope]]) -> Iterator[str]:
    for kind, scope in scopes:
        try:
            _infer(expression, scope)
        except UndefinedField as error:
            yield f"{kind.group}/{kind.version}, Kind={kind.name}: {error}\n"


def _infer(expression: str, scope: Scope) -> Schema | None:
    """What an expression leads to, where that is known. Raises UndefinedField."""
    if not expression.strip():
        return None
    try:
        return check_fields(expressions.compiled(expression).serialize(), expression, scope)
    except expressions.ExpressionError:
        return None  # one that does not compile has been refused


def _scope(spec: admission.ValidatingAdmissionPolicySpec, kind: Kind, params: Kind | None) -> Scope:
    """What expressions see: the object, its former self, parameters, and variables by what they come to."""
    schema = schema_of(kind)
    scope: dict[str, Schema | None] = {"object": schema, "oldObject": schema}
    if params is not None:
        scope["params"] = schema_of(params)
    known: dict[str, Schema] = {}
    for variable in spec.variables or ():
        try:
            found = _infer(variable.expression, scope)
        except UndefinedField:
            found = None
        known[variable.name] = found or _TRUSTED
        scope["variables"] = Schema(type="object", properties=dict(known))
    return scope


def schema_of(kind: Kind) -> Schema:
    """The schema of a kind's objects, with the metadata of any object."""
    if kind.custom is None:
        return _of_model(kind.model)
    own = _trusting(kind.custom.schema)
    if own.type != "object":
        return _TRUSTED
    text = Schema(type="string")
    every = {"apiVersion": text, "kind": text, "metadata": _of_model(meta_v1.ObjectMeta)}
    return msgspec.structs.replace(own, embedded=False, properties={**own.properties, **every})


def _trusting(schema: Schema) -> Schema:
    """The schema without what may have fields that it does not list."""
    if schema.preserves:
        return _TRUSTED
    return msgspec.structs.replace(
        schema,
        properties={name: _trusting(inner) for name, inner in schema.properties.items()},
        additional=_trusting(schema.additional) if isinstance(schema.additional, Schema) else schema.additional,
        items=_trusting(schema.items) if schema.items is not None else None,
    )


@per_type
def _of_model(model: type[Any]) -> Schema:
    fields = {name: _of_type(field.type) for name, field in shape(model).fields.items()}
    return Schema(type="object", properties=fields)


def _of_type(kind: Type) -> Schema:
    if kind.model is not None:
        return _of_model(kind.model)
    if kind.name == "list" and kind.of is not None:
        return Schema(type="array", items=_of_type(kind.of))
    if kind.name == "map" and kind.of is not None:
        return Schema(type="object", additional=_of_type(kind.of))
    return _TRUSTED
