"""Who may ask for a certificate, approve and sign it, and what the certificate says."""

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apiserver.asgi import MERGE, Site, on_a_plane
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from petset.apiserver import certificates
from petset.apiserver.authenticate import Peer
from petset.apiserver.signing import sign_client

REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
JANE = Peer("jane", ())
EMPTY = b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"
NOW = datetime(2027, 1, 1, tzinfo=UTC)


def pem(name: str, *groups: str) -> bytes:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    subject = x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def asked(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": "joe"},
        "spec": {
            "request": b64encode(pem("joe")).decode(),
            "signerName": "kubernetes.io/kube-apiserver-client",
            "usages": ["client auth"],
            **spec,
        },
    }


def verdict(kind: str) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": kind, "status": "True", "reason": "R"}]}}


@on_a_plane
async def test_a_request_says_who_asks_and_never_changes(site: Site) -> None:
    made = await site.made(REQUESTS, asked(username="somebody-else"))
    assert made["spec"]["username"] == "kubernetes-admin" and "system:masters" in made["spec"]["groups"]
    changed = {"spec": {"signerName": "example.org/mine"}, **verdict("Approved")}
    after = (await site.ask("PATCH", f"{REQUESTS}/joe", changed, content_type=MERGE)).json
    assert after["spec"] == made["spec"] and after["status"] == {}


@on_a_plane
async def test_each_part_of_the_status_has_a_door_of_its_own(site: Site) -> None:
    await site.made(REQUESTS, asked())
    body = {"status": {**verdict("Approved")["status"], "certificate": "eA=="}}
    approved = (await site.ask("PATCH", f"{REQUESTS}/joe/approval", body, content_type=MERGE)).json["status"]
    (condition,) = approved["conditions"]
    assert condition["type"] == "Approved" and condition["lastUpdateTime"] and condition["lastTransitionTime"]
    assert "certificate" not in approved
    body = {"status": {**verdict("Failed")["status"], "certificate": "eA=="}}
    signed = (await site.ask("PATCH", f"{REQUESTS}/joe/status", body, content_type=MERGE)).json["status"]
    assert [c["type"] for c in signed["conditions"]] == ["Approved", "Failed"] and signed["certificate"] == "eA=="
    gone = await site.ask("PATCH", f"{REQUESTS}/joe/approval", {"status": {"conditions": None}}, content_type=MERGE)
    assert 'updates may not remove a condition of type "Approved"' in gone.json["message"]
    body = {"status": {"certificate": "eQ=="}}
    other = await site.ask("PATCH", f"{REQUESTS}/joe/status", body, content_type=MERGE)
    assert "updates may not modify existing certificate content" in other.json["message"]


@on_a_plane
async def test_only_who_may_approve_for_a_signer_approves(site: Site) -> None:
    def rule(verb: str, resource: str, *names: str) -> dict[str, Any]:
        named = {"resourceNames": list(names)} if names else {}
        return {"verbs": [verb], "apiGroups": ["certificates.k8s.io"], "resources": [resource], **named}

    rules = [rule("patch", "certificatesigningrequests/approval")]
    await site.made(f"{RBAC}/clusterroles", {"metadata": {"name": "r"}, "rules": rules})
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "r"}
    binding = {"metadata": {"name": "b"}, "roleRef": reference, "subjects": [{"kind": "User", "name": "jane"}]}
    await site.made(f"{RBAC}/clusterrolebindings", binding)
    await site.made(REQUESTS, asked())
    here, body = f"{REQUESTS}/joe/approval", verdict("Approved")
    refused = await site.ask("PATCH", here, body, content_type=MERGE, peer=JANE)
    assert refused.status == 403
    assert 'user not permitted to approve requests with signerName "kubernetes.io/' in refused.json["message"]
    rules.append(rule("approve", "signers", "kubernetes.io/*"))
    await site.ask("PATCH", f"{RBAC}/clusterroles/r", {"rules": rules}, content_type=MERGE)
    assert (await site.ask("PATCH", here, body, content_type=MERGE, peer=JANE)).status == 200


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"request": "eA=="}, "PEM block type must be CERTIFICATE REQUEST"),
        (
            {"request": b64encode(EMPTY).decode()},
            'spec.request: Invalid value: "<request>": error parsing asn1 value',
        ),
        ({"signerName": "kubernetes.io/legacy-unknown"}, "the legacy signerName is not allowed"),
        ({"signerName": "mine"}, "must be a fully qualified domain and path"),
        ({"usages": []}, "spec.usages: Required value"),
        ({"usages": ["x"]}, 'spec.usages[0]: Unsupported value: "x"'),
        ({"expirationSeconds": 1}, "may not specify a duration less than 600 seconds"),
    ],
)
@on_a_plane
async def test_a_request_that_cannot_be_is_refused(site: Site, spec: dict[str, Any], message: str) -> None:
    refused = await site.ask("POST", REQUESTS, asked(**spec))
    assert refused.status == 422 and message in refused.json["message"]


@on_a_plane
async def test_the_administrators_group_cannot_be_asked_for(site: Site) -> None:
    request = b64encode(pem("joe", "dev", "system:masters")).decode()
    refused = await site.ask("POST", REQUESTS, asked(request=request))
    assert refused.status == 403
    assert refused.json["message"] == (
        'certificatesigningrequests.certificates.k8s.io "joe" is forbidden: '
        "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed"
    )
    await site.made(REQUESTS, asked(request=request, signerName="example.org/mine"))  # that is its signer's affair


def test_a_certificate_has_the_name_that_was_asked_for_and_never_the_administrators_group(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path, [], NOW)
    signed = x509.load_pem_x509_certificate(sign_client(files, pem("joe", "dev"), NOW, timedelta(days=1)))
    assert signed.subject.rfc4514_string() == "CN=joe,O=dev"
    assert signed.not_valid_after_utc == NOW + timedelta(days=1)
    signed.verify_directly_issued_by(x509.load_pem_x509_certificate(files.authority.read_bytes()))
    with pytest.raises(ValueError, match="system:masters group is not allowed"):
        sign_client(files, pem("joe", "system:masters"), NOW, timedelta(days=1))
    with pytest.raises(ValueError, match="PEM"):
        sign_client(files, b"nothing", NOW, timedelta(days=1))
