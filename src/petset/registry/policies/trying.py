"""Tries every policy that is bound to a write, with each of the objects that its bindings name as parameters.

A policy without a binding does nothing; a binding says what an objection comes to: a refusal or a warning.
"""

from collections.abc import Iterator

from petset.api.encode import to_document
from petset.api.errors import ApiError, Cause
from petset.api.expressions import Scope
from petset.api.kinds import Kinds
from petset.api.models import admissionregistration_v1 as admission
from petset.api.objects import name_of
from petset.api.selectors import Selector
from petset.registry import refusals
from petset.registry.following import Kept
from petset.registry.memo import Decoder, memo_of
from petset.registry.policies.deciding import Objection, objections
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.matcher import Matcher
from petset.registry.webhooks.matching import of_resources
from petset.registry.webhooks.questions import request_document
from petset.storage.port import Key, Store

_CODES = {"Unauthorized": 401, "Forbidden": 403, "RequestEntityTooLarge": 413, "Invalid": 422}
_NO_PARAMETERS = (
    "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
)


class Policies:
    """All policies and bindings as they are now."""

    def __init__(self, store: Store, decoder: Decoder, kinds: Kinds, matcher: Matcher) -> None:
        self._store = store
        self._decoder = decoder
        self._kinds = kinds
        self._matcher = matcher
        self._policies = Kept(store, decoder, admission.ValidatingAdmissionPolicy)
        self._bindings = Kept(store, decoder, admission.ValidatingAdmissionPolicyBinding)

    async def try_all(self, asked: Asked) -> None:
        """Raises the first refusal, in the order of the bindings' names. Warnings go to the client."""
        for binding in self._bindings.in_namespace(""):
            policy = self._policies.now().get("", {}).get(binding.spec.policyName)
            if policy is not None and policy.spec is not None:
                await self._try_one(policy, binding, asked)

    async def _try_one(
        self,
        policy: admission.ValidatingAdmissionPolicy,
        binding: admission.ValidatingAdmissionPolicyBinding,
        asked: Asked,
    ) -> None:
        assert policy.spec is not None
        kind = await self._matcher.wanted_in_version(of_resources(policy.spec.matchConstraints), asked)
        narrowed = binding.spec.matchResources
        if kind is None or (
            narrowed is not None and self._matcher.wanted_as(of_resources(narrowed, True), asked) is None
        ):
            return
        scope: Scope = {
            "object": asked.document(asked.new, kind),
            "oldObject": asked.document(asked.old, kind),
            "request": request_document(asked, kind),
            "namespaceObject": self._matcher.namespace(asked),
        }
        by = f"'{name_of(policy)}' with binding '{name_of(binding)}'"
        actions = binding.spec.validationActions or ()
        for objection in self._objections(policy.spec, binding.spec.paramRef, asked, scope):
            if "Warn" in actions:
                text = f"Validation failed for ValidatingAdmissionPolicy {by}: {objection.message}"
                asked.warnings.append(text)
            if "Deny" in actions:
                raise _denial(
                    asked, f"ValidatingAdmissionPolicy {by} denied request: {objection.message}", objection
                )

    def _objections(
        self,
        spec: admission.ValidatingAdmissionPolicySpec,
        reference: admission.ParamRef | None,
        asked: Asked,
        scope: Scope,
    ) -> Iterator[Objection]:
        if spec.paramKind is None or reference is None:
            yield from objections(spec, scope)
            return
        found = self._parameters(spec.paramKind, reference, asked.namespace)
        if not found and reference.parameterNotFoundAction != "Allow" and spec.failurePolicy != "Ignore":
            yield Objection(_NO_PARAMETERS)
        for parameters in found:
            yield from objections(spec, {**scope, "params": parameters})

    def _parameters(
        self, named: admission.ParamKind, reference: admission.ParamRef, namespace: str
    ) -> list[Document]:
        """The objects that the binding names, or that its selector takes in, in its namespace or the object's."""
        kind = self._kinds.by_type(named.apiVersion or "", named.kind or "")
        if kind is None:
            return []
        within = (reference.namespace or namespace) if kind.namespaced else ""
        if reference.name:
            record = self._store.get(Key(kind.store_key, within, reference.name))
            return [] if record is None else [to_document(self._decoder.decode(kind, record))]
        selector = Selector.from_struct(reference.selector)
        records = self._store.list(kind.store_key, within).records
        chosen = (record for record in records if selector.matches(memo_of(record).labels))
        return [to_document(self._decoder.decode(kind, record)) for record in chosen]


def _denial(asked: Asked, message: str, objection: Objection) -> ApiError:
    """Forbidden in its words, with the reason that the policy gives."""
    error: ApiError = refusals.forbidden(asked.kind, asked.name, message, (Cause("", message),))
    error.reason = objection.reason or "Invalid"
    error.code = _CODES.get(error.reason, 422)
    error.warnings = tuple(asked.warnings)
    return error
