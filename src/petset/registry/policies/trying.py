"""Tries every policy that is bound to a write, with each of the objects that its bindings name as parameters.

A binding says what an objection comes to: a refusal or a warning.
"""

from collections.abc import Iterator

from petset.api.errors import ApiError, Cause
from petset.api.expressions import Scope
from petset.api.models import admissionregistration_v1 as admission
from petset.registry import refusals
from petset.registry.policies.binding import NO_PARAMETERS, Bindings, Bound, Means, lacks
from petset.registry.policies.deciding import Objection, objections
from petset.registry.webhooks.asked import Asked

_CODES = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413, "Invalid": 422}
_Bound = Bound[admission.ValidatingAdmissionPolicy, admission.ValidatingAdmissionPolicyBinding]


class Policies:
    """All that refuse or warn."""

    def __init__(self, means: Means) -> None:
        self._bindings = Bindings(
            means, admission.ValidatingAdmissionPolicy, admission.ValidatingAdmissionPolicyBinding
        )

    async def try_all(self, asked: Asked) -> None:
        """Raises the first refusal, in the order of the bindings' names. Warnings go to the client."""
        for bound in self._bindings.every():
            kind = await self._bindings.wanted_as(bound, asked)
            if kind is not None:
                self._try_one(bound, asked, self._bindings.scope(asked, kind))

    def _try_one(self, bound: _Bound, asked: Asked, scope: Scope) -> None:
        by, actions = bound.by, bound.binding.spec.validationActions or ()
        for objection in self._objections(bound, asked, scope):
            if "Warn" in actions and not objection.insists:
                text = f"Validation failed for ValidatingAdmissionPolicy {by}: {objection.message}"
                asked.warnings.append(text)
            if "Deny" in actions or objection.insists:
                raise _denial(
                    asked, f"ValidatingAdmissionPolicy {by} denied request: {objection.message}", objection
                )

    def _objections(self, bound: _Bound, asked: Asked, scope: Scope) -> Iterator[Objection]:
        assert bound.policy.spec is not None
        parameters = self._bindings.parameters(bound, asked)
        if lacks(bound, parameters):
            yield Objection(NO_PARAMETERS)
        for each in parameters:
            yield from objections(bound.policy.spec, {**scope, "params": each})


def _denial(asked: Asked, message: str, objection: Objection) -> ApiError:
    """Forbidden in its words, with the reason that the policy gives."""
    error: ApiError = refusals.forbidden(asked.kind, asked.name, message, (Cause("", message),))
    error.reason = objection.reason or "Invalid"
    error.code = _CODES.get(error.reason, 422)
    error.warnings = tuple(asked.warnings)
    return error
