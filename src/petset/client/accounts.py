"""In whose names the components of the server ask and write: the accounts of Kubernetes' own.

Each controller has a service account of its own in `kube-system`, bound to the role of its name, so that a mistake
in one can do no more than that one may. What they write is owned by one field manager, as everywhere: that is the
program's name and not the account's.
"""

from typing import NamedTuple

from petset.api.rbac import ACCOUNT_PREFIX, NODE_PREFIX, NODES_GROUP, groups_of_account
from petset.registry.controller_roles import HOME
from petset.registry.port import UNKNOWN, User

_EVERYBODY = "system:authenticated"


class Account(NamedTuple):
    """A user, and the field manager of what is written as that user."""

    user: User
    manager: str


def controller(name: str) -> Account:
    """A controller's own account, such as `statefulset-controller`."""
    return Account(_service_account(name), "kube-controller-manager")


def node(name: str) -> Account:
    """The agent of a node."""
    return Account(User(NODE_PREFIX + name, (NODES_GROUP, _EVERYBODY)), "kubelet")


def _service_account(name: str) -> User:
    return User(f"{ACCOUNT_PREFIX}{HOME}:{name}", (*groups_of_account(HOME), _EVERYBODY))


API_SERVER = Account(UNKNOWN, "kube-apiserver")
"""The server itself, which may do everything."""
CACHES = Account(User("system:kube-controller-manager", (_EVERYBODY,)), "kube-controller-manager")
"""Whoever fills the caches that all controllers share."""
SCHEDULER = Account(User("system:kube-scheduler", (_EVERYBODY,)), "kube-scheduler")
PROXY = Account(User("system:kube-proxy", (_EVERYBODY,)), "kube-proxy")
DNS = Account(_service_account("coredns"), "coredns")
