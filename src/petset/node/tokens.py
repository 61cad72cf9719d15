"""The tokens in a pod's files: which are wanted, from whom they come, and when each is to be renewed.

A token is asked for as a kubelet asks, bound to the pod, and kept until four fifths of its time are over (a day at
most). Whoever reads the file again now and then never holds one that has run out.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from petset.api.errors import ApiError
from petset.api.models import authentication_v1, core_v1
from petset.api.objects import name_of, namespace_of, replace, uid_of
from petset.node.failures import VolumeFailure
from petset.node.wishes import Token, Wish, wishes

LONGEST_KEPT = timedelta(hours=24)
AFTER_A_FAILURE = timedelta(minutes=1)
_log = logging.getLogger(__name__)


class Tokens(Protocol):
    """Issues tokens of service accounts: the API's sub-resource `serviceaccounts/token`."""

    async def request(
        self, namespace: str, account: str, request: authentication_v1.TokenRequest
    ) -> authentication_v1.TokenRequest:
        """The request with its status. Raises ApiError."""
        ...


async def fresh(tokens: Tokens, pod: core_v1.Pod, known: Mapping[Wish, Token], now: datetime) -> dict[Wish, Token]:
    """A token for each wish, those known kept while they are good. VolumeFailure where there is none to be had."""
    found: dict[Wish, Token] = {}
    for wish in dict.fromkeys(wishes(pod)):
        old = known.get(wish)
        if old is not None and now < old.renew_at:
            found[wish] = old
            continue
        try:
            found[wish] = await _ask(tokens, pod, wish, now)
        except ApiError as error:
            if old is None:
                raise VolumeFailure(f"failed to fetch token: {error}") from error
            _log.warning("the token of %s/%s is not renewed: %s", namespace_of(pod), name_of(pod), error)
            found[wish] = replace(old, renew_at=now + AFTER_A_FAILURE)
    return found


async def _ask(tokens: Tokens, pod: core_v1.Pod, wish: Wish, now: datetime) -> Token:
    account = (pod.spec.serviceAccountName if pod.spec else None) or "default"
    bound = authentication_v1.BoundObjectReference(apiVersion="v1", kind="Pod", name=name_of(pod), uid=uid_of(pod))
    spec = authentication_v1.TokenRequestSpec(
        audiences=[wish.audience] if wish.audience else [], expirationSeconds=wish.seconds, boundObjectRef=bound
    )
    request = authentication_v1.TokenRequest(spec=spec)
    status = (await tokens.request(namespace_of(pod), account, request)).status
    assert status is not None and status.token and status.expirationTimestamp is not None
    life = status.expirationTimestamp - now
    return Token(status.token, now + min(life * 0.8, LONGEST_KEPT))
