"""Which tokens a pod's files want, read from its volumes."""

from datetime import datetime

from msgspec import Struct

from petset.api.models import core_v1

DEFAULT_SECONDS = 3600


class Wish(Struct, frozen=True):
    """A token that a pod's files want. Without an audience it is for the API."""

    audience: str
    seconds: int


class Token(Struct, frozen=True):
    """A token, and when to ask for the next one."""

    text: str
    renew_at: datetime


def wish_of(source: core_v1.ServiceAccountTokenProjection) -> Wish:
    """What a projection asks for."""
    seconds = DEFAULT_SECONDS if source.expirationSeconds is None else source.expirationSeconds
    return Wish(source.audience or "", seconds)


def wishes(pod: core_v1.Pod) -> list[Wish]:
    """What the pod's volumes ask for; some perhaps more than once."""
    return [
        wish_of(source.serviceAccountToken)
        for volume in (pod.spec.volumes if pod.spec else None) or ()
        for source in (volume.projected.sources if volume.projected else None) or ()
        if source.serviceAccountToken is not None
    ]
