"""Which policies a write concerns: a policy does nothing by itself; a binding says where it holds, and with what.

Both kinds of policies are found and given their parameters alike.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from petset.api.encode import to_document
from petset.api.expressions import Scope
from petset.api.kinds import Kind, Kinds
from petset.api.models import admissionregistration_v1 as admission
from petset.api.objects import name_of
from petset.api.selectors import Selector
from petset.registry.following import Kept
from petset.registry.memo import Decoder, memo_of
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.matcher import Matcher
from petset.registry.webhooks.matching import of_resources
from petset.registry.webhooks.questions import request_document
from petset.storage.port import Key, Store

P = TypeVar("P", admission.ValidatingAdmissionPolicy, admission.MutatingAdmissionPolicy)
B = TypeVar("B", admission.ValidatingAdmissionPolicyBinding, admission.MutatingAdmissionPolicyBinding)

NO_PARAMETERS = (
    "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
)


class Bound(NamedTuple, Generic[P, B]):
    """A policy and a binding of it. `by` names both, as messages do."""

    policy: P
    binding: B

    @property
    def by(self) -> str:
        return f"'{name_of(self.policy)}' with binding '{name_of(self.binding)}'"


class Means(NamedTuple):
    """What policies are looked up with."""

    store: Store
    decoder: Decoder
    kinds: Kinds
    matcher: Matcher


class Bindings(Generic[P, B]):
    """All policies and bindings of one sort, as they are now."""

    def __init__(self, means: Means, policy: type[P], binding: type[B]) -> None:
        self._means = means
        self._policies: Kept[P] = Kept(means.store, means.decoder, policy)
        self._bindings: Kept[B] = Kept(means.store, means.decoder, binding)

    def every(self) -> Iterable[Bound[P, B]]:
        """In the order of the bindings' names; a binding of no policy is passed over."""
        policies: Mapping[str, P] = self._policies.now().get("", {})
        for binding in self._bindings.in_namespace(""):
            policy = policies.get((binding.spec.policyName if binding.spec else None) or "")
            if policy is not None and policy.spec is not None:
                yield Bound(policy, binding)

    async def wanted_as(self, bound: Bound[P, B], asked: Asked) -> Kind | None:
        """As which kind the policy wants to see the write where it is bound; None where it is not concerned."""
        assert bound.policy.spec is not None and bound.binding.spec is not None
        matcher, narrowed = self._means.matcher, bound.binding.spec.matchResources
        kind = await matcher.wanted_in_version(of_resources(bound.policy.spec.matchConstraints), asked)
        if narrowed is not None and matcher.wanted_as(of_resources(narrowed, True), asked) is None:
            return None
        return kind

    def scope(self, asked: Asked, kind: Kind) -> Scope:
        """What expressions see, but for parameters and variables."""
        return {
            "object": asked.document(asked.new, kind),
            "oldObject": asked.document(asked.old, kind),
            "request": request_document(asked, kind),
            "namespaceObject": self._means.matcher.namespace(asked),
            "authorizer": self._means.matcher.rights(asked),
        }

    def parameters(self, bound: Bound[P, B], asked: Asked) -> list[Document | None]:
        """The objects that the binding names, or that its selector takes in, in its namespace or the object's.

        One that is None stands for a policy that asks for none; none at all are not always enough: `lacks`.
        """
        assert bound.policy.spec is not None and bound.binding.spec is not None
        named, reference = bound.policy.spec.paramKind, bound.binding.spec.paramRef
        if named is None or reference is None:
            return [None]
        kind = self._means.kinds.by_type(named.apiVersion or "", named.kind or "")
        if kind is None:
            return []
        within = (reference.namespace or asked.namespace) if kind.namespaced else ""
        return list(self._found(kind, within, reference))

    def _found(self, kind: Kind, within: str, reference: admission.ParamRef) -> Iterable[Document]:
        store, decoder = self._means.store, self._means.decoder
        if reference.name:
            record = store.get(Key(kind.store_key, within, reference.name))
            return [] if record is None else [to_document(decoder.decode(kind, record))]
        selector = Selector.from_struct(reference.selector)
        records = store.list(kind.store_key, within).records
        chosen = (record for record in records if selector.matches(memo_of(record).labels))
        return (to_document(decoder.decode(kind, record)) for record in chosen)


def lacks(bound: Bound[Any, Any], parameters: list[Document | None]) -> bool:
    """Whether the write is refused since the parameters that the binding speaks of are not there."""
    reference: admission.ParamRef | None = bound.binding.spec.paramRef
    if parameters or reference is None or reference.parameterNotFoundAction == "Allow":
        return False
    return bool(bound.policy.spec.failurePolicy != "Ignore")
