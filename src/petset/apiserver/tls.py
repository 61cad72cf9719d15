"""The TLS context of the server: our certificate, and a client's own asked for but not insisted on.

A client without a certificate may still bring a token, so it is `CERT_OPTIONAL`; a certificate that our authority
did not sign ends the handshake.
"""

import ssl
from collections.abc import Mapping, Sequence

from petset.apiserver.authenticate import Peer
from petset.apiserver.certificates import CertificateFiles


def server_context(files: CertificateFiles) -> ssl.SSLContext:
    """TLS 1.2 or newer, HTTP/1.1 alone offered (a client that would like HTTP/2 falls back)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.server, files.server_key)
    context.load_verify_locations(files.authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context


def peer_of(certificate: Mapping[str, object] | None) -> Peer | None:
    """Whom a verified certificate names, from the shape that `SSLSocket.getpeercert` gives; None without one."""
    if not certificate:
        return None
    subject = certificate.get("subject")
    assert isinstance(subject, Sequence)
    pairs = [pair for relative in subject for pair in relative]
    names = [value for key, value in pairs if key == "commonName"]
    return Peer(
        common_name=names[-1] if names else "",
        organizations=tuple(value for key, value in pairs if key == "organizationName"),
    )
