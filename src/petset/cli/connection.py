"""One HTTPS connection to the running server, from the standard library alone: a verb must answer at once."""

import http.client
import json
import socket
import ssl
from typing import Any, cast
from urllib.parse import urlsplit

from petset.cli.directory import DataDirectory
from petset.cli.surroundings import CommandFailure

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


class Refused(Exception):
    """The server refused a request: `code` is the HTTP status, `reason` Kubernetes' word for it."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason


class Unreachable(Exception):
    """Nobody answers at the server's address."""


class Connection:
    """Requests as the administrator, with the client certificate that the server wrote."""

    def __init__(self, directory: DataDirectory, timeout_seconds: float = 30) -> None:
        url = directory.server_facts().get("url")
        if not url:
            raise CommandFailure(f"no server has run in {directory.path}; start one with 'petset up'")
        self._address = urlsplit(url)
        self._timeout_seconds = timeout_seconds
        try:
            self._tls = ssl.create_default_context(cafile=str(directory.pki / "ca.crt"))
            self._tls.load_cert_chain(directory.pki / "admin.crt", directory.pki / "admin.key")
        except OSError as error:
            raise CommandFailure(
                f"cannot read the certificates in {directory.pki} ({error.strerror}); run this as the user that "
                "started the server"
            ) from error
        self._http: http.client.HTTPSConnection | None = None

    def get(self, path: str) -> dict[str, Any]:
        """The JSON document at a path."""
        return self.request("GET", path)

    def text(self, path: str) -> str:
        """The plain text at a path, such as a log or `/readyz`. Raises Refused and Unreachable."""
        code, answer = self._exchange("GET", path, None, JSON)
        if code >= 400:
            raise _refusal(code, answer)
        return answer.decode(errors="replace")

    def request(self, method: str, path: str, body: Any = None, content_type: str = JSON) -> dict[str, Any]:
        """Send one request. Raises Refused for a Status of failure and Unreachable where nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        code, answer = self._exchange(method, path, data, content_type)
        if code >= 400:
            raise _refusal(code, answer)
        return cast(dict[str, Any], json.loads(answer or b"{}"))

    def _exchange(self, method: str, path: str, data: bytes | None, content_type: str) -> tuple[int, bytes]:
        headers = {"Accept": JSON} | ({"Content-Type": content_type} if data is not None else {})
        try:
            if self._http is None:
                self._http = self._connect()
            self._http.request(method, path, data, headers)
            response = self._http.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(f"{self._address.netloc} does not answer: {error}") from error

    def _connect(self) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(
            self._address.hostname or "", self._address.port, timeout=self._timeout_seconds, context=self._tls
        )
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def close(self) -> None:
        """Let go of the connection; the next request makes a new one."""
        if self._http is not None:
            self._http.close()
            self._http = None


def _refusal(code: int, answer: bytes) -> Refused:
    try:
        status = json.loads(answer)
        return Refused(code, status.get("reason", ""), status.get("message", ""))
    except (ValueError, AttributeError):
        return Refused(code, "", answer.decode(errors="replace")[:500])
