"""Tokens of service accounts: issued for an audience and a time, bound to a pod, believed while all that holds.

A token is only as good as what it names: the account and the pod must still be there, with the uids they had. That
is looked up at every use, so a deleted pod's token ends with it. The signature is checked once for each token.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, NamedTuple

from petset.api.errors import BadRequest, Cause, Conflict, Invalid, NotFound, Unauthorized
from petset.api.kinds import Kind, by_model
from petset.api.models import authentication_v1, core_v1, meta_v1
from petset.api.objects import uid_of
from petset.apiserver.accounts.signed import SignedStatements
from petset.apiserver.authenticate import API_AUDIENCES, AUTHENTICATED, User, Verified
from petset.registry.port import Registry

ISSUER = API_AUDIENCES[0]
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
        self._said = lru_cache(maxsize=4096)(partial(_said_by, statements))

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
        bound = spec.boundObjectRef
        for_good = bound is not None and bound.kind == "Secret"  # it ends with the Secret, and then at once
        until = now + (timedelta(seconds=seconds) if for_good else min(timedelta(seconds=seconds), LONGEST))
        named = {"namespace": namespace, "serviceaccount": {"name": account, "uid": uid_of(found)}}
        if bound is not None:
            named |= self._bound(namespace, account, bound)
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
                audiences=audiences, expirationSeconds=seconds, boundObjectRef=bound
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

    def verify(self, token: str, audiences: Sequence[str] = API_AUDIENCES) -> Verified | None:
        """Whom the token stands for; None where it is not ours, over, or what it names is gone.

        Raises Unauthorized where it is for none of the audiences.
        """
        said = self._said(token)
        if said is None or not said.since <= self._now().timestamp() < said.until:
            return None
        common = tuple(audience for audience in said.audiences if audience in audiences)
        if not common:
            theirs, wanted = _listed(said.audiences), _listed(audiences)
            raise Unauthorized(f"token audiences {theirs} is invalid for the target audiences {wanted}")
        return Verified(said.user, common) if all(map(self._is_there, said.needs)) else None

    def _is_there(self, named: "_Named") -> bool:
        obj = self._find(named.kind, named.namespace, named.name)
        return obj is not None and uid_of(obj) == named.uid

    def _find(self, kind: Kind, namespace: str, name: str) -> Any:
        try:
            return self._registry.decode(kind, self._registry.get(kind, namespace, name))
        except NotFound:
            return None


class _Named(NamedTuple):
    """An object that must still be there, and be the same one."""

    kind: Kind
    namespace: str
    name: str
    uid: str


class _Said(NamedTuple):
    """What a token of ours says, for good: whom it stands for, as long as what it needs is there."""

    user: User
    audiences: tuple[str, ...]
    since: int
    until: int
    needs: tuple[_Named, ...]


def _said_by(statements: SignedStatements, token: str) -> _Said | None:
    """None for a token that is not ours."""
    claims = statements.claims(token) if token.count(".") == 2 else None
    if claims is None or claims.get("iss") != ISSUER:
        return None
    named = claims["kubernetes.io"]
    namespace, account = named["namespace"], named["serviceaccount"]
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
    user = User(claims["sub"], groups, account["uid"], tuple(_extra(claims)))
    needs = [_Named(_ACCOUNTS, namespace, account["name"], account["uid"])]
    for kind in _BOUND.values():
        # A pod's node is told, and need not be there.
        if kind.singular in named and not (kind.name == "Node" and "pod" in named):
            bound = named[kind.singular]
            needs.append(_Named(kind, namespace, bound["name"], bound["uid"]))
    return _Said(user, tuple(claims["aud"]), claims["nbf"], claims["exp"], tuple(needs))


def _extra(claims: dict[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    named = claims["kubernetes.io"]
    found: list[tuple[str, tuple[str, ...]]] = [(f"{_EXTRA}credential-id", (f"JTI={claims['jti']}",))]
    for kind in ("pod", "node"):
        if kind in named:
            found.append((f"{_EXTRA}{kind}-name", (named[kind]["name"],)))
            if "uid" in named[kind]:
                found.append((f"{_EXTRA}{kind}-uid", (named[kind]["uid"],)))
    return found


def _listed(audiences: Sequence[str]) -> str:
    return "[" + " ".join(f'"{audience}"' for audience in audiences) + "]"


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
