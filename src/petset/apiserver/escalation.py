"""Nobody gives what they do not have: the look at each write of a role or a binding, and at what patches make.

A role may be written by those whose own rules cover it, or who may `escalate` it; it may be bound by those whose
rules cover it, or who may `bind` it. Members of `system:masters` may do both.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from petset.api import objects, rbac
from petset.api.errors import Forbidden
from petset.api.kinds import RBAC, Kind
from petset.api.models import certificates_v1, rbac_v1
from petset.api.rbac import Attributes
from petset.apiserver.authenticate import MASTERS, User
from petset.apiserver.authorize import CLUSTER_ROLES, ROLES, Rbac, forbidden
from petset.apiserver.routes import Request
from petset.registry import refusals
from petset.registry.port import Guard

_BINDINGS = (rbac_v1.RoleBinding, rbac_v1.ClusterRoleBinding)
_WRITES = ("create", "update", "patch")
_ON_SIGNERS = {"approval": "approve", "status": "sign"}
"""What a user must be allowed to do upon a signer to write this part of a request for a certificate."""
_MAY_MAKE = ("update", "patch")
"""Verbs that make the object where it is missing: `apply` does, and PUT of some kinds."""


def guard_of(user: User, request: Request, rules: Rbac) -> Guard | None:
    """Who looks at this request's write; None where there is nothing to look for."""
    if MASTERS in user.groups or request.verb not in _WRITES:
        return None
    bouncer = _Bouncer(user, request, rules)
    if request.kind.model is certificates_v1.CertificateSigningRequest and request.subresource in _ON_SIGNERS:
        return partial(bouncer.check_signer, _ON_SIGNERS[request.subresource])
    if request.subresource:
        return None
    if request.kind.group == RBAC:
        return bouncer.check_binding if request.kind.model in _BINDINGS else bouncer.check_role
    return bouncer.check_making if request.verb in _MAY_MAKE else None


class _Bouncer:
    """Looks at what one user writes."""

    def __init__(self, user: User, request: Request, rules: Rbac) -> None:
        self._user = user
        self._verb = request.verb
        self._kind = request.kind
        self._namespace = request.namespace
        self._rules = rules

    def check_making(self, new: Any, old: Any) -> None:
        """Raises Forbidden where an update or a patch makes the object, and the user may not create it."""
        if old is not None or self._verb not in _MAY_MAKE:
            return
        kind, name = self._kind, objects.name_of(new)
        attributes = Attributes("create", kind.group, kind.resource, namespace=self._namespace, name=name)
        decision = self._rules.decide(self._user, attributes)
        if not decision.allowed:
            raise forbidden(self._user, attributes, decision.reason)

    def check_role(self, new: Any, old: Any) -> None:
        """Raises Forbidden where the role holds rules that the user lacks."""
        self.check_making(new, old)
        if _only_lets_go(new, old) or self._may("escalate", self._kind, objects.name_of(new)):
            return
        self._check_rules(new, new.rules or ())
        # What an aggregating role will gather is not known yet, and so could be anything.
        gathers = self._kind is CLUSTER_ROLES and (new.aggregationRule or (old and old.aggregationRule))
        if gathers and rbac.uncovered(self._owned(""), rbac.FULL_AUTHORITY):
            why = "must have cluster-admin privileges to use an aggregationRule"
            raise refusals.forbidden(self._kind, objects.name_of(new), why)

    def check_signer(self, verb: str, new: Any, old: Any) -> None:
        """Raises Forbidden unless the user may approve, or sign, what is asked of this signer."""
        signer = (old or new).spec.signerName
        kind = self._kind
        for name in (signer, f"{signer.partition('/')[0]}/*"):
            if self._rules.decide(self._user, Attributes(verb, kind.group, "signers", name=name)).allowed:
                return
        why = f'user not permitted to {verb} requests with signerName "{signer}"'
        raise refusals.forbidden(kind, objects.name_of(new), why)

    def check_binding(self, new: Any, old: Any) -> None:
        """Raises Forbidden where the bound role holds rules that the user lacks, NotFound where it is missing."""
        self.check_making(new, old)
        if _only_lets_go(new, old):
            return
        reference = new.roleRef
        kind = CLUSTER_ROLES if reference.kind == "ClusterRole" else ROLES
        if not self._may("bind", kind, reference.name):
            self._check_rules(new, self._rules.rules_in(reference, self._namespace))

    def _may(self, verb: str, kind: Kind, name: str) -> bool:
        attributes = Attributes(verb, kind.group, kind.resource, namespace=self._namespace, name=name)
        return self._rules.decide(self._user, attributes).allowed

    def _owned(self, namespace: str) -> list[rbac_v1.PolicyRule]:
        return self._rules.rules_of(self._user, namespace)

    def _check_rules(self, obj: Any, rules: Sequence[rbac_v1.PolicyRule]) -> None:
        missing = rbac.uncovered(self._owned(self._namespace), rules)
        if missing:
            raise self._escalating(objects.name_of(obj), missing)

    def _escalating(self, name: str, missing: Sequence[rbac_v1.PolicyRule]) -> Forbidden:
        user = f"user {rbac.listed([self._user.name])[1:-1]} (groups={rbac.listed(self._user.groups)})"
        rules = "\n".join(sorted(rbac.described(rule) for rule in rbac.compact(missing)))
        why = f"{user} is attempting to grant RBAC permissions not currently held:\n{rules}"
        return refusals.forbidden(self._kind, name, why)


def _only_lets_go(new: Any, old: Any) -> bool:
    """Nothing but what the garbage collector changes: owners and finalizers."""
    if old is None:
        return False
    loose = {"ownerReferences": None, "finalizers": None, "managedFields": None, "resourceVersion": None}
    before, after = (objects.replace(obj, metadata=objects.replace(obj.metadata, **loose)) for obj in (old, new))
    return bool(before == after)
