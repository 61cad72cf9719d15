"""The gate of the server: who asks, as whom, and whether they may."""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from petset.api.errors import Unauthorized
from petset.api.field_selectors import parse_fields
from petset.api.kinds import Kind
from petset.api.rbac import NODES_GROUP, Attributes
from petset.apiserver import impersonate
from petset.apiserver.authenticate import ANONYMOUS, PEER, Authenticator, Credentials, User
from petset.apiserver.authorize import Rbac, forbidden
from petset.apiserver.calls import Call
from petset.apiserver.escalation import guard_of
from petset.apiserver.gate import RulesGate
from petset.apiserver.routes import Request
from petset.registry.port import Guard

HEALTH = ("healthz", "livez", "readyz", "version")
"""The first part of paths that anybody may read, as Kubernetes' `system:public-info-viewer` role has it."""


@dataclass(frozen=True)
class Access:
    """Authentication, then impersonation, then authorization."""

    authenticator: Authenticator
    authorizer: Rbac
    gate: RulesGate

    def who(self, call: Call) -> User:
        """The user. Raises Unauthorized for wrong credentials and for none where they are needed, and Forbidden
        for who may not act as whom they name."""
        peer = call.scope.get("state", {}).get(PEER)
        user = self.authenticator.authenticate(Credentials(peer, call.header(b"authorization")))
        if user is not None:
            return impersonate.acting(user, call.scope["headers"], self._require)
        if _first_part(call.path) in HEALTH:
            return ANONYMOUS
        raise Unauthorized("Unauthorized")

    def check(self, user: User, request: Request, *, upgrade: bool = False) -> Request:
        """The request with a guard for what it writes. Raises Forbidden unless the user may make it.

        An `upgrade` to a WebSocket is a GET that acts: it needs the right to create as well.
        """
        kind, fields = request.kind, request.query.fields
        where = (request.namespace, request.name or _chosen(kind, fields))
        for verb in (request.verb, "create") if upgrade else (request.verb,):
            asked = Attributes(verb, kind.group, kind.resource, request.subresource, *where, fields=fields)
            self._require(user, asked)
        guard = guard_of(user, request, self.authorizer)
        if NODES_GROUP in user.groups:
            guard = _both(self.gate.guard(user, kind, request.subresource), guard)
        return request if guard is None else replace(request, guard=guard)

    def check_path(self, user: User, call: Call) -> None:
        """Raises Forbidden unless the user may read what is at a path that is no resource's."""
        if _first_part(call.path) not in HEALTH:
            self._require(user, Attributes(call.method.lower(), path=call.path))

    def _require(self, user: User, attributes: Attributes) -> None:
        decision = self.authorizer.decide(user, attributes)
        if not decision.allowed:
            raise forbidden(user, attributes, decision.reason)


def _chosen(kind: Kind, fields: str) -> str:
    """The one name that a list is about, if it is."""
    return (parse_fields(kind, fields).exactly("metadata.name") or "") if fields else ""


def _both(first: Guard | None, then: Guard | None) -> Guard | None:
    if first is None or then is None:
        return first or then

    def guard(new: Any, old: Any) -> None:
        first(new, old)
        then(new, old)

    return guard


def _first_part(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""
