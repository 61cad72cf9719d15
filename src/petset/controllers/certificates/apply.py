"""Carries out the one step of a request's plan, safe to repeat."""

from base64 import b64decode, b64encode
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from petset.api import objects
from petset.api.errors import Conflict, NotFound
from petset.api.models import certificates_v1, meta_v1
from petset.client.port import Client
from petset.controllers.certificates.model import Action, Fail, Sign

Request = certificates_v1.CertificateSigningRequest


class Unsound(ValueError):
    """What is asked for cannot be signed, ever; the text says why."""


class Signer(Protocol):
    """Signs clients' certificates by the server's own authority."""

    async def sign_client(self, request_pem: bytes, life: timedelta) -> bytes:
        """The certificate as PEM. Raises Unsound."""
        ...


async def apply(client: Client, signer: Signer, request: Request, action: Action) -> None:
    """Do the step. Conflict means that the plan was made from an old cache."""
    with suppress(NotFound):
        match action:
            case Sign(life):
                await _sign(client, signer, request, life)
            case Fail(why):
                await _fail(client, request, why)
            case _:
                await _remove(client, request)


async def _sign(client: Client, signer: Signer, request: Request, life: timedelta) -> None:
    try:
        certificate = await signer.sign_client(b64decode(request.spec.request), life)
    except Unsound as error:
        await _fail(client, request, str(error))
        return
    status = objects.replace(_status(request), certificate=b64encode(certificate).decode())
    await client.update(objects.replace(request, status=status), "status")


async def _fail(client: Client, request: Request, why: str) -> None:
    failed = certificates_v1.CertificateSigningRequestCondition(
        type="Failed", status="True", reason="SignerValidationFailure", message=why
    )
    status = _status(request)
    conditions = [*(status.conditions or ()), failed]
    await client.update(objects.replace(request, status=objects.replace(status, conditions=conditions)), "status")


async def _remove(client: Client, request: Request) -> None:
    very_one = meta_v1.Preconditions(uid=objects.uid_of(request))
    with suppress(Conflict):
        options = meta_v1.DeleteOptions(preconditions=very_one)
        await client.delete(Request, objects.name_of(request), "", options)


def _status(request: Request) -> certificates_v1.CertificateSigningRequestStatus:
    return request.status or certificates_v1.CertificateSigningRequestStatus()
