"""Making keys and signing certificates: the cryptography library is loaded by what imports this.

Elliptic keys (P-256) throughout: every client of Kubernetes takes them, and making one costs a fraction of a
millisecond where an RSA key costs a hundred.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from petset.apiserver.certificates import AUTHORITY_LIFE, LEAF_LIFE, CertificateFiles, is_address, write_private

_PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey
CLOCK_SKEW = timedelta(minutes=5)
"""A certificate is good from a little before now, for clients whose clocks are behind."""


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def sign_all(files: CertificateFiles, names: Sequence[str], now: datetime, *, keep_authority: bool) -> datetime:
    """Write every file anew (the authority's only where it is not kept); until when the authority is good."""
    authority = _load(files) if keep_authority else _new_authority(files, now)
    server = _subject("kube-apiserver", ())
    _leaf(authority, server, (files.server, files.server_key), now, names)
    admin = _subject("kubernetes-admin", ("system:masters",))
    _leaf(authority, admin, (files.admin, files.admin_key), now, ())
    return authority.certificate.not_valid_after_utc


def sign_client(files: CertificateFiles, request_pem: bytes, now: datetime, life: timedelta) -> bytes:
    """A certificate for whoever holds the key of the request, in the name that it asks for.

    Raises ValueError for a request that is none, and for one of the group that may do everything: that one is given
    to the administrator's certificate alone.
    """
    request = x509.load_pem_x509_csr(request_pem)
    if not request.is_signature_valid:
        raise ValueError("the request is not signed with its own key")
    groups = {str(each.value) for each in request.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)}
    if "system:masters" in groups:
        signer = "kubernetes.io/kube-apiserver-client"
        raise ValueError(f"use of {signer} signer with system:masters group is not allowed")
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise ValueError("the key is of no kind that the API takes: use ECDSA, RSA or Ed25519")
    authority = _load(files)
    until = min(now + life, authority.certificate.not_valid_after_utc)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        _builder(request.subject, authority.certificate.subject, key, now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def _new_authority(files: CertificateFiles, now: datetime) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject("petset", ())
    certificate = (
        _builder(subject, subject, key.public_key(), now, now + AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(files.authority, files.authority_key, certificate, key)
    return _Authority(certificate, key)


def _leaf(
    authority: _Authority, subject: x509.Name, files: tuple[Path, Path], now: datetime, names: Sequence[str]
) -> None:
    """A server's certificate where there are names to answer to, else a client's."""
    key = ec.generate_private_key(ec.SECP256R1())
    until = min(now + LEAF_LIFE, authority.certificate.not_valid_after_utc)
    purpose: ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(subject, authority.certificate.subject, key.public_key(), now, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(issuer_key, critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(n) for n in names]), critical=False)
    certificate_path, key_path = files
    _write(certificate_path, key_path, builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: _PublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(until)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(common_name: str, organizations: Sequence[str]) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, o) for o in organizations]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if is_address(name) else x509.DNSName(name)


def _load(files: CertificateFiles) -> _Authority:
    certificate = x509.load_pem_x509_certificate(files.authority.read_bytes())
    key = serialization.load_pem_private_key(files.authority_key.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey), "the authority's key is one we made"
    return _Authority(certificate, key)


def _write(
    certificate_path: Path, key_path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(key_path, private)
    write_private(certificate_path, certificate.public_bytes(pem))
