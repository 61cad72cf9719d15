"""What the controller of token Secrets looks at, and what it can decide.

A Secret of the type `kubernetes.io/service-account-token` names an account in an annotation and gets a token of it
that lasts as long as both of them. Pods have better ones mounted; this is for programs outside that want one for
good.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from petset.api.models import core_v1
from petset.api.objects import meta

TYPE = "kubernetes.io/service-account-token"
NAME, UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
TOKEN, CA, NAMESPACE = "token", "ca.crt", "namespace"


@dataclass(frozen=True)
class Snapshot:
    """A token Secret, its account where there is one, and what pods are to trust."""

    secret: core_v1.Secret
    account: core_v1.ServiceAccount | None
    root_ca_pem: str = ""


@dataclass(frozen=True)
class Fill:
    """Put these texts into the Secret, a new token too if it `lacks_token`, and name the account's uid."""

    texts: Mapping[str, str]
    uid: str
    lacks_token: bool


@dataclass(frozen=True)
class Remove:
    """Delete the Secret: its account is gone, or another one of its name."""


Action = Fill | Remove


@dataclass(frozen=True)
class Plan:
    """At most one step; a Secret that has everything needs none."""

    actions: Sequence[Action] = ()


def account_of(secret: core_v1.Secret) -> str:
    """The account that a token Secret names; empty for any other Secret."""
    return (meta(secret).annotations or {}).get(NAME, "") if secret.type == TYPE else ""
