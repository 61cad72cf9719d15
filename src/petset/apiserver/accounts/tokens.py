"""Tokens of service accounts: issued for an audience and a time, bound to a pod, believed while all that holds.

A token is only as good as what it names: the account and the pod must still be there, with the uids they had. That
is looked up at every use, so a deleted pod's token ends with it. The signature is checked once for each token.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from petset.api.errors import BadRequest, Cause, Conflict, Invalid, NotFound
from petset.api.kinds import Kind, by_model
from petset.api.models import authentication_v1, core_v1, meta_v1
from petset.api.objects import uid_of
from petset.apiserver.accounts.signed import SignedStatements
from petset.apiserver.authenticate import AUTHENTICATED, User
from petset.registry.port import Registry

ISSUER = "https://kubernetes.default.svc.cluster.local"
"""Who signs, and the audience of a token for the API itself."""
PREFIX = "system:serviceaccount:"
DEFAULT_SECONDS, LEAST_SECONDS, MOST_SECONDS = 3600, 600, 1 << 32
LONGEST = timedelta(days=365)
_ACCOUNTS = by_model(core_v1.ServiceAccount)
_BOUND = {"Pod": by_model(core_v1.Pod), "Secret": by_model(core_v1.Secret), "Node": by_model(core_v1.Node)}
_EXTRA = "authentication.kubernetes.io/"


class AccountTokens:
    """Issues tokens and tells whose they are. `new_id` names each token."""

    def __init__(
        self,
        registry: Registry,
        statements: SignedStatements,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._registry = registry
        self._statements = statements
        self._now = now
        self._new_id = new_id
        self._claims = lru_cache(maxsize=4096)(statements.claims)

    async def request(
        self, namespace: str, account: str, request: authentication_v1.TokenRequest
    ) -> authentication_v1.TokenRequest:
        """The request with a token as its status. Raises NotFound, Invalid, BadRequest or Conflict."""
        found = self._registry.decode(_ACCOUNTS, self._registry.get(_ACCOUNTS, namespace, account))
        spec = request.spec or authentication_v1.TokenRequestSpec(audiences=[])
        seconds = DEFAULT_SECONDS if spec.expirationSeconds is None else spec.expirationSeconds
        _check_seconds(account, seconds)
        audiences = spec.audiences or [ISSUER]
        now = self._now().replace(microsecond=0)
        until = now + min(timedelta(seconds=seconds), LONGEST)
        named = {"namespace": namespace, "serviceaccount": {"name": account, "uid": uid_of(found)}}
        if spec.boundObjectRef is not None:
            named |= self._bound(namespace, account, spec.boundObjectRef)
        claims = {
            "aud": audiences,
            "exp": int(until.timestamp()),
            "iat": int(now.timestamp()),
            "iss": ISSUER,
            "jti": self._new_id(),
            "kubernetes.io": named,
            "nbf": int(now.timestamp()),
            "sub": f"{PREFIX}{namespace}:{account}",
        }
        return authentication_v1.TokenRequest(
            apiVersion="authentication.k8s.io/v1",
            kind="TokenRequest",
            metadata=meta_v1.ObjectMeta(name=account, namespace=namespace, creationTimestamp=now),
            spec=authentication_v1.TokenRequestSpec(
                audiences=audiences, expirationSeconds=seconds, boundObjectRef=spec.boundObjectRef
            ),
            status=authentication_v1.TokenRequestStatus(
                token=self._statements.sign(claims), expirationTimestamp=until
            ),
        )

    def _bound(self, namespace: str, account: str, to: authentication_v1.BoundObjectReference) -> dict[str, Any]:
        kind = _BOUND.get(to.kind or "")
        if kind is None or (to.apiVersion or "v1") != "v1":
            raise BadRequest(f"cannot bind token to object of type {to.apiVersion}, Kind={to.kind}")
        obj = self._registry.decode(kind, self._registry.get(kind, namespace, to.name or ""))
        if to.uid and to.uid != uid_of(obj):
            why = (
                f"the UID in the bound object reference ({to.uid}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
            text = f'Operation cannot be fulfilled on {kind.qualified} "{to.name}": {why}'
            raise Conflict(text, kind=kind.resource, group=kind.group, name=to.name or "")
        named: dict[str, Any] = {kind.singular: {"name": to.name, "uid": uid_of(obj)}}
        if isinstance(obj, core_v1.Pod):
            named |= self._node_of(obj, account)
        return named

    def _node_of(self, pod: core_v1.Pod, account: str) -> dict[str, Any]:
        spec = pod.spec
        if spec is None or spec.serviceAccountName != account:
            raise BadRequest(
                f'cannot bind token for serviceaccount "{account}" to pod running with different '
                "serviceaccount name."
            )
        if not spec.nodeName:
            return {}
        node = self._find(_BOUND["Node"], "", spec.nodeName)
        return {"node": {"name": spec.nodeName, **({"uid": uid_of(node)} if node is not None else {})}}

    def user_of(self, token: str) -> User | None:
        """Whom the token stands for; None where it is not ours, not for us, over, or what it names is gone."""
        if token.count(".") != 2:
            return None
        claims = self._claims(token)
        if claims is None or not self._is_in_force(claims):
            return None
        named = claims["kubernetes.io"]
        namespace, account = named["namespace"], named["serviceaccount"]
        if not self._is_there(_ACCOUNTS, namespace, account):
            return None
        if not all(self._is_there(kind, namespace, named.get(kind.singular)) for kind in _tied(named)):
            return None
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
        return User(claims["sub"], groups, account["uid"], tuple(_extra(claims)))

    def _is_in_force(self, claims: dict[str, Any]) -> bool:
        now = self._now().timestamp()
        ours = claims.get("iss") == ISSUER and ISSUER in claims.get("aud", ())
        return bool(ours and claims["nbf"] <= now < claims["exp"])

    def _is_there(self, kind: Kind, namespace: str, named: dict[str, str]) -> bool:
        obj = self._find(kind, namespace, named["name"])
        return obj is not None and uid_of(obj) == named["uid"]

    def _find(self, kind: Kind, namespace: str, name: str) -> Any:
        try:
            return self._registry.decode(kind, self._registry.get(kind, namespace, name))
        except NotFound:
            return None


def _tied(named: dict[str, Any]) -> list[Kind]:
    """What must still be there for the token to hold. A pod's node is told, and need not."""
    kinds = [kind for kind in _BOUND.values() if kind.singular in named]
    return [kind for kind in kinds if kind.name != "Node" or "pod" not in named]


def _extra(claims: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    named = claims["kubernetes.io"]
    found: list[tuple[str, tuple[str, ...]]] = [(f"{_EXTRA}credential-id", (f"JTI={claims['jti']}",))]
    for kind in ("pod", "node"):
        if kind in named:
            found.append((f"{_EXTRA}{kind}-name", (named[kind]["name"],)))
            if "uid" in named[kind]:
                found.append((f"{_EXTRA}{kind}-uid", (named[kind]["uid"],)))
    return found


def _check_seconds(account: str, seconds: int) -> None:
    if seconds < LEAST_SECONDS:
        why = "may not specify a duration less than 10 minutes"
    elif seconds > MOST_SECONDS:
        why = "may not specify a duration larger than 2^32 seconds"
    else:
        return
    field, message = "spec.expirationSeconds", f"Invalid value: {seconds}: {why}"
    kind, group = "TokenRequest", "authentication.k8s.io"
    text = f'{kind}.{group} "{account}" is invalid: {field}: {message}'
    raise Invalid(text, kind=kind, group=group, name=account, causes=(Cause("FieldValueInvalid", message, field),))
