"""What expressions are told of rights: the one who writes, and others, are judged as the API server judges them."""

from collections.abc import Callable
from functools import partial

from petset.api.expressions import Rights
from petset.api.rbac import Attributes, Decision
from petset.registry.port import User
from petset.registry.webhooks.asked import Asked

Decide = Callable[[User, Attributes], Decision]
_ACCOUNT = "system:serviceaccount:"


def rights(asked: Asked, decide: Decide | None) -> Rights:
    """What `authorizer` is in expressions about a write; where nobody decides, nobody has any right."""
    resource = {
        "group": asked.kind.group,
        "resource": asked.kind.resource,
        "subresource": asked.subresource,
        "namespace": asked.namespace,
        "name": asked.name,
    }
    return Rights(partial(_decided, asked.by, decide), resource)


def _decided(by: User, decide: Decide | None, account: str, attributes: Attributes) -> Decision:
    if decide is None:
        return Decision(False, "nobody decides about rights here")
    return decide(_account(account) if account else by, attributes)


def _account(name: str) -> User:
    namespace = name.removeprefix(_ACCOUNT).partition(":")[0]
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return User(name, groups)
