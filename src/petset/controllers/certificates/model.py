"""What the controller of requests for certificates looks at, and what it can decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from petset.api.models import certificates_v1

SIGNER = "kubernetes.io/kube-apiserver-client"
"""The one signer whose work is done here: certificates by which people and programs ask the API."""
NEEDED_USAGE = "client auth"
ALLOWED_USAGES = frozenset({NEEDED_USAGE, "digital signature", "key encipherment"})
LONGEST = timedelta(days=365)
KEPT_AFTER_VERDICT, KEPT_WITHOUT = timedelta(hours=1), timedelta(hours=24)


@dataclass(frozen=True)
class Snapshot:
    """A request, and the time."""

    request: certificates_v1.CertificateSigningRequest
    now: datetime


@dataclass(frozen=True)
class Sign:
    """Issue a certificate for so long."""

    life: timedelta


@dataclass(frozen=True)
class Fail:
    """Say for good why there is no certificate."""

    why: str


@dataclass(frozen=True)
class Remove:
    """Clear the request away: nobody looks at it any more."""


Action = Sign | Fail | Remove


@dataclass(frozen=True)
class Plan:
    """At most one step, and when to look again."""

    actions: Sequence[Action] = ()
    wake_after_seconds: float | None = None
