"""Carries out the one step of a token Secret's plan, safe to repeat."""

from base64 import b64encode
from contextlib import suppress
from typing import Protocol

import msgspec

from petset.api.errors import Conflict, NotFound
from petset.api.models import authentication_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, namespace_of, uid_of
from petset.client.port import Client
from petset.controllers.accounttokens.model import NAME, TOKEN, UID, Action, Fill, account_of

FOR_GOOD_SECONDS = 1 << 32
"""The longest that may be asked for, 136 years. The token ends with its Secret."""


class Issuer(Protocol):
    """Issues tokens of service accounts: the API's sub-resource `serviceaccounts/token`."""

    async def request(
        self, namespace: str, account: str, request: authentication_v1.TokenRequest
    ) -> authentication_v1.TokenRequest:
        """The request with its status. Raises ApiError."""
        ...


async def apply(client: Client, issuer: Issuer, secret: core_v1.Secret, action: Action) -> None:
    """Do the step. Conflict means that the plan was made from an old cache."""
    if isinstance(action, Fill):
        with suppress(NotFound):
            await client.update(await _filled(issuer, secret, action))
    else:
        await _remove(client, secret)


async def _filled(issuer: Issuer, secret: core_v1.Secret, action: Fill) -> core_v1.Secret:
    texts = dict(action.texts)
    if action.lacks_token:
        texts[TOKEN] = await _token(issuer, secret)
    data = {**(secret.data or {}), **{key: b64encode(text.encode()).decode() for key, text in texts.items()}}
    annotations = {**(meta(secret).annotations or {}), NAME: account_of(secret), UID: action.uid}
    metadata = msgspec.structs.replace(meta(secret), annotations=annotations)
    return msgspec.structs.replace(secret, metadata=metadata, data=data)


async def _token(issuer: Issuer, secret: core_v1.Secret) -> str:
    bound = authentication_v1.BoundObjectReference(
        apiVersion="v1", kind="Secret", name=name_of(secret), uid=uid_of(secret)
    )
    spec = authentication_v1.TokenRequestSpec(
        audiences=[], expirationSeconds=FOR_GOOD_SECONDS, boundObjectRef=bound
    )
    asked = authentication_v1.TokenRequest(spec=spec)
    status = (await issuer.request(namespace_of(secret), account_of(secret), asked)).status
    assert status is not None and status.token
    return status.token


async def _remove(client: Client, secret: core_v1.Secret) -> None:
    """After a live look at the account: the cache of accounts may be behind that of Secrets."""
    uid = (meta(secret).annotations or {}).get(UID)
    with suppress(NotFound):
        account = await client.get(core_v1.ServiceAccount, account_of(secret), namespace_of(secret))
        if uid in (None, "", uid_of(account)):
            return
    very_one = meta_v1.Preconditions(uid=uid_of(secret))
    with suppress(NotFound, Conflict):
        options = meta_v1.DeleteOptions(preconditions=very_one)
        await client.delete(core_v1.Secret, name_of(secret), namespace_of(secret), options)
