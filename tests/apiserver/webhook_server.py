"""A webhook as its authors write one: an HTTPS server on loopback, with a certificate of its own authority."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG_UP = 0
NAMES = ("localhost", "guard.default.svc")
Answer = Callable[[dict[str, Any]], dict[str, Any] | int | None]
"""From the request of a review to its response; a status code (`HANG_UP`: none); or None for no answer at all."""


@dataclass
class Webhook:
    """A webhook that listens. `authority` is what its clients must trust, as PEM."""

    port: int
    authority: bytes
    stopping: threading.Event
    paths: list[str] = field(default_factory=list)
    connections: set[Any] = field(default_factory=set)

    @property
    def bundle(self) -> str:
        """As it stands in a configuration."""
        return base64.b64encode(self.authority).decode()


@contextmanager
def webhook(home: Path, answer: Answer) -> Iterator[Webhook]:
    """Serve until the block ends."""
    stopping = threading.Event()
    authority, chain = certificates(home)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer, stopping))
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    found = Webhook(server.server_address[1], authority, stopping)
    server.found = found  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(answer: Answer, stopping: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["content-length"])))
            found: Webhook = self.server.found  # type: ignore[attr-defined]
            found.paths.append(f"{self.headers['host']}{self.path}")
            found.connections.add(self.client_address)
            response = answer(review["request"])
            if response is None:
                stopping.wait()
                return
            if response == HANG_UP:
                self.close_connection = True
                return
            if isinstance(response, int):
                self._send(response, b"no such thing\n")
                return
            review["response"] = {"uid": review["request"]["uid"], **response}
            self._send(200, json.dumps(review).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    return Handler


def certificates(home: Path) -> tuple[bytes, Path]:
    """An authority, and a file with the key and certificate that it signs for `NAMES`."""
    home.mkdir(parents=True, exist_ok=True)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "webhook")])
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES])
    now = datetime.now(UTC)  # noqa: TID251 - a certificate counts in real time

    def sign(name: x509.Name, public: ec.EllipticCurvePublicKey, extension: Any) -> bytes:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).add_extension(extension, critical=False)
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        return builder.sign(root_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority = sign(issuer, root_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain = home / "webhook.pem"
    chain.write_bytes(private + sign(subject, key.public_key(), names))
    return authority, chain
