"""Certificates are made once, kept private, used again, and renewed in time."""

import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from petset.api.errors import Unauthorized
from petset.api.rbac import Attributes
from petset.apiserver import certificates, kubeconfig
from petset.apiserver.authenticate import (
    CertificatesAndTokens,
    Credentials,
    Peer,
    User,
    admin,
    ensure_admin_token,
)
from petset.apiserver.authorize import forbidden
from petset.apiserver.tls import peer_of, server_context

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_the_server_answers_to_every_name_it_is_reached_by(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path / "pki", ["192.0.2.7"], NOW)
    names = read(files.server).extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert isinstance(names, x509.SubjectAlternativeName)
    assert {"localhost", "kubernetes.default.svc"} <= set(names.get_values_for_type(x509.DNSName))
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    assert {"127.0.0.1", "::1", "10.96.0.1", "192.0.2.7"} <= addresses


def test_the_administrator_is_who_kubernetes_says(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path, [], NOW)
    subject = read(files.admin).subject
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "kubernetes-admin"
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "system:masters"
    read(files.admin).verify_directly_issued_by(read(files.authority))
    server_context(files)


def test_nobody_else_can_read_the_files(tmp_path: Path) -> None:
    directory = tmp_path / "pki"
    certificates.ensure(directory, [], NOW)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}


def test_what_is_good_is_used_again(tmp_path: Path) -> None:
    before = {p.name: p.read_bytes() for p in certificates.ensure(tmp_path, [], NOW).all()}
    again = {p.name: p.read_bytes() for p in certificates.ensure(tmp_path, [], NOW + timedelta(days=300)).all()}
    assert again == before


def test_a_new_address_or_a_near_end_makes_new_leaves_under_the_same_authority(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path, [], NOW)
    authority, first = files.authority.read_bytes(), files.server.read_bytes()
    certificates.ensure(tmp_path, ["192.0.2.8"], NOW)
    second = files.server.read_bytes()
    certificates.ensure(tmp_path, ["192.0.2.8"], NOW + timedelta(days=310))
    assert len({first, second, files.server.read_bytes()}) == 3
    assert files.authority.read_bytes() == authority


def test_an_authority_near_its_end_is_replaced(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path, [], NOW)
    authority = files.authority.read_bytes()
    later = NOW + timedelta(days=3620)
    certificates.ensure(tmp_path, [], later)
    assert files.authority.read_bytes() != authority
    assert read(files.server).not_valid_after_utc > later + timedelta(days=300)


@pytest.mark.parametrize("lost", ["certificates.json", "ca.key", "ca.crt", "server.key", "admin.crt"])
def test_a_start_that_was_cut_short_is_made_good(tmp_path: Path, lost: str) -> None:
    files = certificates.ensure(tmp_path, [], NOW)
    (tmp_path / lost).unlink()
    certificates.ensure(tmp_path, [], NOW)
    read(files.server).verify_directly_issued_by(read(files.authority))
    ssl.create_default_context(cafile=str(files.authority))


def test_a_start_with_nothing_to_renew_does_not_load_the_cryptography_library(tmp_path: Path) -> None:
    certificates.ensure(tmp_path, [], NOW)
    script = (
        "import sys; from datetime import *; from pathlib import Path; from petset.apiserver import certificates;"
        "certificates.ensure(Path(sys.argv[1]), [], datetime(2026, 11, 22, tzinfo=UTC));"
        "sys.exit('cryptography' in sys.modules)"
    )
    environment = {"PYTHONPATH": str(Path(certificates.__file__).parents[2])}
    assert (
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment, check=False).returncode == 0
    )


def test_a_kubeconfig_holds_everything_a_client_needs(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path, [], NOW)
    path = tmp_path / "kubeconfig"
    kubeconfig.write(path, kubeconfig.server_url("0.0.0.0", 6443), files)
    config = yaml.safe_load(path.read_text())
    assert path.stat().st_mode & 0o777 == 0o600
    assert config["current-context"] == "petset"
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"
    assert set(config["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}


@pytest.mark.parametrize(
    ("host", "url"),
    [("127.0.0.1", "https://127.0.0.1:1"), ("::1", "https://[::1]:1"), ("::", "https://[::1]:1")],
)
def test_addresses_become_urls(host: str, url: str) -> None:
    assert kubeconfig.server_url(host, 1) == url


def test_a_certificate_comes_before_a_token() -> None:
    known = CertificatesAndTokens({"secret": admin()})
    peer = Peer("jane", ("dev",))
    assert known.authenticate(Credentials(peer, "Bearer secret")) == User("jane", ("dev", "system:authenticated"))
    by_token = known.authenticate(Credentials(None, "Bearer secret"))
    assert by_token == User("kubernetes-admin", ("system:masters", "system:authenticated"))
    assert known.authenticate(Credentials()) is None


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic c2VjcmV0", "secret"])
def test_wrong_credentials_are_refused_and_not_taken_for_none(header: str) -> None:
    with pytest.raises(Unauthorized):
        CertificatesAndTokens({"secret": admin()}).authenticate(Credentials(None, header))


def test_the_administrators_token_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "token"
    assert ensure_admin_token(path, lambda: "first") == "first"
    assert ensure_admin_token(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_peer_is_read_from_the_certificates_subject() -> None:
    subject = ((("organizationName", "a"),), (("organizationName", "b"),), (("commonName", "jane"),))
    assert peer_of({"subject": subject}) == Peer("jane", ("a", "b"))
    assert peer_of(None) is None


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        (
            Attributes("list", "", "pods", namespace="default"),
            'pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "default"',
        ),
        (
            Attributes("get", "apps", "statefulsets", "scale", "default", "web"),
            'statefulsets.apps "web" is forbidden: User "x" cannot get resource "statefulsets/scale" '
            'in API group "apps" in the namespace "default"',
        ),
        (
            Attributes("list", "", "nodes"),
            'nodes is forbidden: User "x" cannot list resource "nodes" in API group "" at the cluster scope',
        ),
        (Attributes("get", path="/metrics"), 'forbidden: User "x" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_names_who_and_what(attributes: Attributes, message: str) -> None:
    assert forbidden(User("x"), attributes).message == message
