"""Mutating admission policies: what the cluster's owners add to objects, said in expressions.

Each policy is tried once for every object that its binding names as a parameter, and its mutations one after the
other: each sees what the one before has made.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from petset.api.errors import ApiError, Cause
from petset.api.expressions import ExpressionError, Scope
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import autoscaling_v1
from petset.api.ownership.parts import Part, root
from petset.registry import refusals
from petset.registry.ownership import part_of
from petset.registry.policies.binding import NO_PARAMETERS, Bindings, Bound, Means, lacks
from petset.registry.policies.deciding import variables
from petset.registry.policies.patching import patched
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.conditions import hold
from petset.registry.webhooks.questions import internal
from petset.registry.webhooks.turns import Read, Turn

_SCALE = root(autoscaling_v1.Scale)
_Bound = Bound[admission.MutatingAdmissionPolicy, admission.MutatingAdmissionPolicyBinding]


class Mutations:
    """All that change objects."""

    def __init__(self, means: Means) -> None:
        self._matcher = means.matcher
        self._bindings = Bindings(
            means, admission.MutatingAdmissionPolicy, admission.MutatingAdmissionPolicyBinding
        )

    def turns(self, asked: Asked, read: Read) -> Iterator[Turn]:
        """Who may change an object, in order: by policy, then by binding, then by parameter."""
        if asked.new is None or isinstance(asked.new, dict):
            return  # nothing that a policy could change
        for bound in sorted(self._bindings.every(), key=lambda each: each.by):
            assert bound.policy.spec is not None
            again = bound.policy.spec.reinvocationPolicy == "IfNeeded"
            parameters = self._bindings.parameters(bound, asked)
            if lacks(bound, parameters):
                yield Turn(again, partial(self._refused, bound))
            for each in parameters:
                yield Turn(again, partial(self._changed, bound, each, read))

    async def _refused(self, bound: _Bound, asked: Asked) -> Any:
        if await self._bindings.wanted_as(bound, asked) is not None:
            raise _denial(asked, bound, NO_PARAMETERS)

    async def _changed(self, bound: _Bound, parameters: Document | None, read: Read, asked: Asked) -> Any:
        """The object as a policy changes it; None where it does not."""
        kind = await self._bindings.wanted_as(bound, asked)
        before = asked.document(asked.new, kind) if kind is not None else None
        if kind is None or before is None:
            return None
        try:
            scope = {**self._bindings.scope(asked, kind), "params": parameters}
            after = self._mutated(bound, before, _SCALE if asked.subresource == "scale" else part_of(kind), scope)
        except ExpressionError as error:
            raise _denial(asked, bound, str(error)) from error
        if after == before:
            return None
        try:
            return read(await self._matcher.back(asked, after))
        except ApiError as error:
            raise internal(str(error)) from error

    def _mutated(self, bound: _Bound, before: Document, part: Part, scope: Scope) -> Document:
        """Raises ExpressionError where something cannot be done that the policy insists on."""
        spec = bound.policy.spec
        assert spec is not None
        strict = spec.failurePolicy != "Ignore"
        after = before
        try:
            if not hold(spec.matchConditions or (), scope):
                return before
        except ExpressionError:
            if strict:
                raise
            return before
        scope = {**scope, "variables": variables(spec, scope)}
        for mutation in spec.mutations or ():
            try:
                after = patched(mutation, after, part, {**scope, "object": after})
            except ExpressionError:
                if strict:
                    raise
        return after


def _denial(asked: Asked, bound: _Bound, why: str) -> ApiError:
    message = f"policy {bound.by} denied request: {why}"
    error: ApiError = refusals.forbidden(asked.kind, asked.name, message, (Cause("", message),))
    error.message, error.reason = message, "Invalid"
    error.warnings = tuple(asked.warnings)
    return error
