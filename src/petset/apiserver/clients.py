"""Certificates for clients, signed by the server's own authority at the word of the certificate controller."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from petset.apiserver.certificates import CertificateFiles
from petset.controllers.certificates.apply import Unsound


class ClientSigner:
    """The controller's `Signer`, by the authority in the files."""

    def __init__(self, files: CertificateFiles, now: Callable[[], datetime]) -> None:
        self._files = files
        self._now = now

    async def sign_client(self, request_pem: bytes, life: timedelta) -> bytes:
        """In a thread: the cryptography library is loaded for the first one. Raises Unsound."""
        return await asyncio.to_thread(self._sign, request_pem, life)

    def _sign(self, request_pem: bytes, life: timedelta) -> bytes:
        from petset.apiserver.signing import sign_client  # loads cryptography

        try:
            return sign_client(self._files, request_pem, self._now(), life)
        except ValueError as error:
            raise Unsound(str(error)) from error
