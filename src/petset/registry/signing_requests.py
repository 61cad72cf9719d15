"""Who may write which part of a CertificateSigningRequest: three kinds of people meet in one object.

Whoever asks for a certificate writes the request, once, and is noted in it. Whoever approves or denies writes those
two conditions, through `approval`. Whoever signs writes the certificate and all other conditions, through `status`.
"""

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime

from petset.api import objects
from petset.api.errors import Cause
from petset.api.kinds import Kind
from petset.api.models import certificates_v1
from petset.registry import refusals
from petset.registry.port import User

Request = certificates_v1.CertificateSigningRequest
Condition = certificates_v1.CertificateSigningRequestCondition
VERDICTS = ("Approved", "Denied")
API_CLIENT = "kubernetes.io/kube-apiserver-client"


def note_requester(request: Request, user: User) -> None:
    """Write into a new request who asks, whatever it says itself."""
    spec = request.spec
    spec.username, spec.uid = user.name, user.uid or None
    spec.groups = list(user.groups) or None
    spec.extra = {key: list(values) for key, values in user.extra} or None


def check_inside(kind: Kind, request: Request) -> None:
    """What a new request holds must be a request; the administrators' group is nobody's to ask for.

    Raises Invalid or Forbidden.
    """
    from cryptography import x509  # only where certificates are asked for
    from cryptography.x509.oid import NameOID

    spec, name = request.spec, objects.name_of(request)
    try:
        subject = x509.load_pem_x509_csr(b64decode(spec.request)).subject
        groups = {str(each.value) for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)}
    except ValueError as error:
        raise refusals.invalid(
            kind, name, (Cause("FieldValueInvalid", f'Invalid value: "<request>": {error}', "spec.request"),)
        ) from error
    if spec.signerName == API_CLIENT and "system:masters" in groups:
        why = f"use of {API_CLIENT} signer with system:masters group is not allowed"
        raise refusals.forbidden(kind, name, why)


def prepare_update(subresource: str, new: Request, old: Request, now: datetime) -> None:
    """Keep of `old` what this way of writing may not touch."""
    given = list((new.status.conditions if new.status else None) or ())
    before = list((old.status.conditions if old.status else None) or ())
    certificate = old.status.certificate if old.status else None
    new.spec = old.spec
    if subresource == "approval":
        conditions = given
    elif subresource == "status":
        certificate = new.status.certificate if new.status else None
        conditions = [c for c in before if c.type in VERDICTS] + [c for c in given if c.type not in VERDICTS]
    else:
        conditions = before
    told = [_with_times(condition, before, now) for condition in conditions]
    new.status = certificates_v1.CertificateSigningRequestStatus(certificate=certificate, conditions=told or None)


def _with_times(condition: Condition, before: Sequence[Condition], now: datetime) -> Condition:
    """The times that its writer left out."""
    known = next((one for one in before if one.type == condition.type), None)
    if known is not None and known.status == condition.status:
        since = condition.lastTransitionTime or known.lastTransitionTime
    else:
        since = condition.lastTransitionTime or now
    return objects.replace(
        condition, lastUpdateTime=condition.lastUpdateTime or now, lastTransitionTime=since or now
    )
