"""The gate of the server: who asks, and whether they may."""

from dataclasses import dataclass

from petset.api.errors import Unauthorized
from petset.apiserver.authenticate import ANONYMOUS, PEER, Authenticator, Credentials, User
from petset.apiserver.authorize import Attributes, Authorizer, forbidden
from petset.apiserver.calls import Call
from petset.apiserver.routes import Request

HEALTH = ("healthz", "livez", "readyz", "version")
"""The first part of paths that anybody may read, as Kubernetes' `system:public-info-viewer` role has it."""
DISCOVERY = ("api", "apis", "openapi")
"""… and of those that everybody may read who is known, as its `system:discovery` role has it."""


@dataclass(frozen=True)
class Access:
    """Authentication, then authorization."""

    authenticator: Authenticator
    authorizer: Authorizer

    def who(self, call: Call) -> User:
        """The user. Raises Unauthorized for wrong credentials, and for none where they are needed."""
        peer = call.scope.get("state", {}).get(PEER)
        user = self.authenticator.authenticate(Credentials(peer, call.header(b"authorization")))
        if user is not None:
            return user
        if _first_part(call.path) in HEALTH:
            return ANONYMOUS
        raise Unauthorized("Unauthorized")

    def check(self, user: User, request: Request) -> None:
        """Raises Forbidden unless the user may make this request."""
        kind = request.kind
        where = (request.namespace, request.name)
        attributes = Attributes(request.verb, kind.group, kind.resource, request.subresource, *where)
        if not self.authorizer.allows(user, attributes):
            raise forbidden(user, attributes)

    def check_path(self, user: User, call: Call) -> None:
        """Raises Forbidden unless the user may read what is at a path that is no resource's."""
        attributes = Attributes(call.method.lower(), path=call.path)
        readable = HEALTH if user is ANONYMOUS else HEALTH + DISCOVERY
        if _first_part(call.path) not in readable and not self.authorizer.allows(user, attributes):
            raise forbidden(user, attributes)


def _first_part(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""
