"""Requests for certificates, and what is said of them, with Kubernetes' messages."""

import binascii
import re
from base64 import b64decode

from petset.api import names
from petset.api.models import certificates_v1
from petset.api.validation.fields import Faults

LEAST_SECONDS = 600
USAGES = (
    "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment",
    "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel",
    "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime",
    "server auth", "signing", "timestamping",
)  # fmt: skip
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\n(.*?)-----END \1-----", re.DOTALL)
_VERDICTS = ("Approved", "Denied")


def check_request(request: certificates_v1.CertificateSigningRequest, faults: Faults) -> None:
    """A new request; what is inside is read in full once this has let it pass."""
    spec = request.spec
    _check_pem("spec.request", spec.request, faults)
    _check_signer("spec.signerName", spec.signerName, faults)
    if not spec.usages:
        faults.required("spec.usages")
    for index, usage in enumerate(spec.usages or ()):
        if usage not in USAGES:
            faults.not_supported(f"spec.usages[{index}]", usage, USAGES)
        if usage in (spec.usages or [])[:index]:
            faults.duplicate(f"spec.usages[{index}]", usage)
    if spec.expirationSeconds is not None and spec.expirationSeconds < LEAST_SECONDS:
        why = "may not specify a duration less than 600 seconds (10 minutes)"
        faults.invalid("spec.expirationSeconds", spec.expirationSeconds, why)


def check_approval(
    new: certificates_v1.CertificateSigningRequest, old: certificates_v1.CertificateSigningRequest, faults: Faults
) -> None:
    """A verdict that was given stays, and is one of two."""
    given, before = _verdicts(new), _verdicts(old)
    for kind in _VERDICTS:
        if kind in before and kind not in given:
            faults.forbidden("status.conditions", f'updates may not remove a condition of type "{kind}"')
    if len(given) == len(_VERDICTS):
        faults.invalid("status.conditions", "Denied", "Approved and Denied conditions are mutually exclusive")
    _check_conditions(new, faults)


def check_status(
    new: certificates_v1.CertificateSigningRequest, old: certificates_v1.CertificateSigningRequest, faults: Faults
) -> None:
    """A certificate that was issued stays."""
    issued = old.status.certificate if old.status else None
    if issued and (new.status is None or new.status.certificate != issued):
        faults.forbidden("status.certificate", "updates may not modify existing certificate content")
    _check_conditions(new, faults)


def _check_conditions(request: certificates_v1.CertificateSigningRequest, faults: Faults) -> None:
    for index, condition in enumerate((request.status.conditions if request.status else None) or ()):
        here = f"status.conditions[{index}]"
        if not condition.type:
            faults.required(f"{here}.type")
        if condition.type in (*_VERDICTS, "Failed"):
            faults.one_of(f"{here}.status", condition.status, ("True",))
        else:
            faults.one_of(f"{here}.status", condition.status, ("False", "True", "Unknown"))


def _verdicts(request: certificates_v1.CertificateSigningRequest) -> set[str]:
    conditions = (request.status.conditions if request.status else None) or ()
    return {condition.type for condition in conditions} & set(_VERDICTS)


def _check_pem(path: str, encoded: str, faults: Faults) -> None:
    if not encoded:
        faults.required(path)
        return
    try:
        text = b64decode(encoded).decode()
        found = _PEM.search(text)
        if found is None or found[1] != "CERTIFICATE REQUEST":
            faults.invalid(path, "<request>", "PEM block type must be CERTIFICATE REQUEST")
        else:
            b64decode("".join(found[2].split()), validate=True)
    except (binascii.Error, UnicodeDecodeError) as error:
        faults.invalid(path, "<request>", str(error))


def _check_signer(path: str, name: str, faults: Faults) -> None:
    if not name:
        faults.required(path)
        return
    if name == "kubernetes.io/legacy-unknown":
        faults.invalid(path, name, "the legacy signerName is not allowed via this API version")
    domain, slash, rest = name.partition("/")
    if not slash or not rest:
        why = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
        faults.invalid(path, name, why)
        return
    faults.each(path, name, names.dns_subdomain(domain))
    if "." not in domain:
        faults.invalid(path, name, "should be a domain with at least two segments separated by dots")
    for part in rest.split("."):
        faults.each(path, name, names.dns_label(part))
