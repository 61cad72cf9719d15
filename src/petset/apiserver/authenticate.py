"""Who is asking: a verified client certificate, or a bearer token, made into a user with groups."""

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec.structs import replace

from petset.api.errors import Unauthorized
from petset.apiserver.certificates import write_private
from petset.registry import port

AUTHENTICATED = "system:authenticated"
MASTERS = "system:masters"
User = port.User


PEER = "petset.peer"
"""Under this key of an ASGI scope's `state` stands the `Peer` of the verified client certificate, or None."""

API_AUDIENCES = ("https://kubernetes.default.svc.cluster.local",)
"""For whom a token must be that is to open the API."""

UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))


class Peer(msgspec.Struct, frozen=True):
    """Whom a verified client certificate names: its common name and its organizations."""

    common_name: str
    organizations: tuple[str, ...] = ()


class Credentials(msgspec.Struct, frozen=True):
    """What a request brings along. `authorization` is the header's text, empty where there is none."""

    peer: Peer | None = None
    authorization: str = ""


class Verified(msgspec.Struct, frozen=True):
    """Whom a token stands for, and for which of the audiences asked about it is."""

    user: User
    audiences: tuple[str, ...]


Accounts = Callable[[str, Sequence[str]], Verified | None]
"""Whose a service account's token is, for somebody among these audiences. Raises Unauthorized for other ones'."""


class Authenticator(Protocol):
    """Turns credentials into a user; None where there are none. Raises Unauthorized for wrong ones."""

    def authenticate(self, credentials: Credentials) -> User | None: ...

    def verify(self, token: str, audiences: Sequence[str]) -> Verified | None:
        """Whose the token is, for somebody among the audiences. Raises Unauthorized for other ones'."""
        ...


class CertificatesAndTokens:
    """Client certificates signed by our authority, then static bearer tokens, then those of service accounts.

    Tokens are kept and compared as digests, every one of them each time: how long an answer takes tells nothing.
    """

    def __init__(self, tokens: Mapping[str, User], accounts: Accounts | None = None) -> None:
        """`accounts` says whose a service account's token is."""
        self._accounts = accounts
        self._users = [(_digest(token), user) for token, user in tokens.items()]

    def authenticate(self, credentials: Credentials) -> User | None:
        """The certificate counts first, as in Kubernetes."""
        if credentials.peer is not None and credentials.peer.common_name:
            return User(credentials.peer.common_name, (*credentials.peer.organizations, AUTHENTICATED))
        if not credentials.authorization:
            return None
        scheme, _, token = credentials.authorization.partition(" ")
        try:
            found = self.verify(token.strip(), API_AUDIENCES) if scheme.lower() == "bearer" else None
        except Unauthorized as error:  # strangers are not told why
            raise Unauthorized("Unauthorized") from error
        if found is None:
            raise Unauthorized("Unauthorized")
        return found.user

    def verify(self, token: str, audiences: Sequence[str]) -> Verified | None:
        """Static tokens are for the API alone."""
        given = _digest(token)
        matches = [user for known, user in self._users if hmac.compare_digest(known, given)]
        if not matches:
            return self._accounts(token, audiences) if self._accounts is not None else None
        common = tuple(audience for audience in audiences if audience in API_AUDIENCES)
        user = replace(matches[0], groups=(*matches[0].groups, AUTHENTICATED))
        return Verified(user, common) if common else None


def ensure_admin_token(path: Path, new_token: Callable[[], str]) -> str:
    """The administrator's token from its file (0600), made with `new_token` at the first start."""
    try:
        token = path.read_text().strip()
    except FileNotFoundError:
        token = ""
    if not token:
        token = new_token()
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, token.encode() + b"\n")
    return token


def admin(groups: Sequence[str] = (MASTERS,)) -> User:
    """The user behind the administrator's token and certificate."""
    return User("kubernetes-admin", tuple(groups))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
