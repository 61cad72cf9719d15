"""Calls admission webhooks over HTTPS, with connections that are kept.

Nothing of it is read before the first webhook is called: the client library takes a tenth of a second. Certificates
are checked as a Go client checks them: against the webhook's own authorities where it names some, by the names that
a certificate lists.
"""

import asyncio
import importlib
import ssl
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING

from petset.registry.webhooks.port import BadAnswer, CallFailed, Destination

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 3 * 1024 * 1024
MOST_TIMES = 8
"""No answer is longer than a request may be, or so many times the question: a list of objects comes back as one."""
MOST_CLIENTS = 32
CLOSE_SECONDS = 1
_JSON = "application/json"
_HEADERS = {"content-type": _JSON, "accept": _JSON, "user-agent": "kube-apiserver-admission"}


class HttpsCaller:
    """The `Caller` port. It lives on one event loop; `close` it there."""

    def __init__(self) -> None:
        self._http: ModuleType | None = None
        self._clients: dict[bytes, httpx2.AsyncClient] = {}

    async def post(self, to: Destination, body: bytes) -> bytes:
        http = await self._library()
        client = await self._client(http, to.authorities)
        last: CallFailed | None = None
        for address in to.addresses or ("",):
            try:
                most = max(MOST_BYTES, MOST_TIMES * len(body))
                return await _exchange(http, client, _request(http, client, to, address, body), most)
            except http.ConnectError as error:
                last = CallFailed(_told(error, address or to.url))
            except (http.HTTPError, http.InvalidURL, ssl.SSLError) as error:
                raise CallFailed(str(error) or type(error).__name__) from error
        assert last is not None, "a destination has at least one address"
        raise last

    async def close(self) -> None:
        """End every connection."""
        clients, self._clients = self._clients, {}
        with suppress(TimeoutError):  # who does not answer any more is left
            async with asyncio.timeout(CLOSE_SECONDS):
                for client in clients.values():
                    await client.aclose()

    async def _library(self) -> ModuleType:
        if self._http is None:
            self._http = await asyncio.to_thread(importlib.import_module, "httpx2")
        return self._http

    async def _client(self, http: ModuleType, authorities: bytes) -> "httpx2.AsyncClient":
        """The client that believes these authorities; one that has not been used for long makes room."""
        client: httpx2.AsyncClient | None = self._clients.pop(authorities, None)
        if client is None:
            context = _context(authorities)
            client = http.AsyncClient(verify=context, timeout=None, trust_env=False, follow_redirects=False)
            assert client is not None
        self._clients[authorities] = client
        if len(self._clients) > MOST_CLIENTS:
            await self._clients.pop(next(iter(self._clients))).aclose()
        return client


def _context(authorities: bytes) -> ssl.SSLContext:
    """Raises CallFailed for certificates that are none."""
    if not authorities:
        return ssl.create_default_context()
    try:
        context = ssl.create_default_context(cadata=authorities.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise CallFailed(f"unable to load root certificates: {error}") from error
    # Whoever is named in the bundle is believed, whether or not the certificate says it may sign others.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _request(
    http: ModuleType, client: "httpx2.AsyncClient", to: Destination, address: str, body: bytes
) -> "httpx2.Request":
    """A POST to the URL, or to the address in its name."""
    url = http.URL(to.url)
    if not address:
        return client.build_request("POST", url, content=body, headers=_HEADERS)
    host, _, port = address.rpartition(":")
    headers = {**_HEADERS, "host": url.netloc.decode()}
    target = url.copy_with(host=host, port=int(port))
    extensions = {"sni_hostname": url.host}
    return client.build_request("POST", target, content=body, headers=headers, extensions=extensions)


async def _exchange(
    http: ModuleType, client: "httpx2.AsyncClient", request: "httpx2.Request", most_bytes: int
) -> bytes:
    try:
        response = await client.send(request, stream=True)
    except http.RemoteProtocolError:  # the other side has just let go of a connection that was kept
        response = await client.send(request, stream=True)
    try:
        parts = bytearray()
        async for part in response.aiter_bytes():
            parts += part
            if len(parts) > most_bytes:
                raise BadAnswer(f"the response is longer than {most_bytes} bytes")
    finally:
        await response.aclose()
    if response.status_code == 404:
        raise BadAnswer("the server could not find the requested resource")
    if not response.is_success:
        text = bytes(parts[:1024]).decode(errors="replace").strip()
        raise BadAnswer(f'an error on the server ("{text}") has prevented the request from succeeding')
    return bytes(parts)


def _told(error: Exception, where: str) -> str:
    """Why there is no connection, as a Go client says it where that is known."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return f"dial tcp {where}: connect: connection refused"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"tls: failed to verify certificate: x509: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return str(error)
