"""Acting as somebody else: `kubectl --as`, for those who may `impersonate` whom they name.

Every part of the other identity needs a permission of its own: the user or service account, each group, the uid,
each extra value. From then on the request is the other one's in every respect.
"""

from collections.abc import Callable, Iterable, Iterator
from urllib.parse import unquote

from msgspec.structs import replace

from petset.api.errors import BadRequest
from petset.api.rbac import Attributes, account_of, groups_of_account
from petset.apiserver.authenticate import ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User

_USER, _GROUP, _UID, _EXTRA = b"impersonate-user", b"impersonate-group", b"impersonate-uid", b"impersonate-extra-"
_IDENTITY = "authentication.k8s.io"

Headers = Iterable[tuple[bytes, bytes]]


def wanted(headers: Headers) -> User | None:
    """Whom the headers name, None where they name nobody. Raises BadRequest for parts of an identity alone."""
    found = [(name, value.decode("latin-1")) for name, value in headers if name.startswith(b"impersonate-")]
    if not found:
        return None
    name = next((value for key, value in found if key == _USER), "")
    if not name:
        raise BadRequest("requested an impersonation without impersonating a user: add Impersonate-User")
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in found:
        if header.startswith(_EXTRA):
            key = unquote(header.removeprefix(_EXTRA).decode("latin-1")).lower()
            extra[key] = (*extra.get(key, ()), value)
    groups = tuple(value for key, value in found if key == _GROUP)
    uid = next((value for key, value in found if key == _UID), "")
    return User(name, groups, uid, tuple(sorted(extra.items())))


def needed(other: User) -> Iterator[Attributes]:
    """The permissions without which nobody may act as `other`."""
    account = account_of(other.name)
    if account is not None:
        yield Attributes("impersonate", "", "serviceaccounts", namespace=account[0], name=account[1])
    else:
        yield Attributes("impersonate", "", "users", name=other.name)
    for group in other.groups:
        yield Attributes("impersonate", "", "groups", name=group)
    for key, values in other.extra:
        for value in values:
            yield Attributes("impersonate", _IDENTITY, "userextras", key, name=value)
    if other.uid:
        yield Attributes("impersonate", _IDENTITY, "uids", name=other.uid)


def completed(other: User) -> User:
    """With the groups that everybody of that kind has."""
    groups = other.groups
    account = account_of(other.name)
    if account is not None and not groups:
        groups = groups_of_account(account[0])
    usual = UNAUTHENTICATED if other.name == ANONYMOUS.name else AUTHENTICATED
    return replace(other, groups=groups if usual in groups else (*groups, usual))


def acting(user: User, headers: Headers, check: Callable[[User, Attributes], None]) -> User:
    """The user as whom this one acts. `check` raises Forbidden where a permission is missing."""
    other = wanted(headers)
    if other is None:
        return user
    for attributes in needed(other):
        check(user, attributes)
    return completed(other)
