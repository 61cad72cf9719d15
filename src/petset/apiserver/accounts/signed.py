"""Signed statements: JSON Web Tokens by one elliptic key (ES256), our own, and no other.

A token is taken only if it names our key and is signed with it: what its header says of algorithms is never asked,
which is where most mistakes with such tokens are made. The key is made at the first use and kept, so that tokens
outlive the server. The cryptography library is loaded with the first token (docs/decisions: why no JWT library).
"""

import base64
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from petset.apiserver.certificates import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_NUMBER_BYTES = 32
"""A signature is two numbers of this size."""


class SignedStatements:
    """Signs and checks with the key in the file, which is made where it is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a compact token."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        header = {"alg": "ES256", "kid": self.key_id}
        text = f"{_encoded(msgspec.json.encode(header))}.{_encoded(msgspec.json.encode(claims))}"
        numbers = utils.decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_encoded(b''.join(number.to_bytes(_NUMBER_BYTES) for number in numbers))}"

    def claims(self, token: str) -> dict[str, Any] | None:
        """What the token says; None unless we signed exactly this."""
        text, _, signature = token.rpartition(".")
        head, _, body = text.partition(".")
        try:
            header, claims = msgspec.json.decode(_decoded(head)), msgspec.json.decode(_decoded(body))
            signed = _decoded(signature)
        except (ValueError, msgspec.DecodeError):
            return None
        if header != {"alg": "ES256", "kid": self.key_id} or not isinstance(claims, dict):
            return None
        return claims if self._is_ours(text, signed) else None

    def _is_ours(self, text: str, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        if len(signature) != 2 * _NUMBER_BYTES:
            return False
        r, s = (int.from_bytes(part) for part in (signature[:_NUMBER_BYTES], signature[_NUMBER_BYTES:]))
        try:
            der = utils.encode_dss_signature(r, s)
            self._key.public_key().verify(der, text.encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True

    @property
    def public_pem(self) -> bytes:
        """The key that others may check with."""
        from cryptography.hazmat.primitives import serialization as form

        return self._key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)

    def public_jwk(self) -> dict[str, str]:
        """The same as a JSON Web Key."""
        numbers = self._key.public_key().public_numbers()
        x, y = (_encoded(number.to_bytes(_NUMBER_BYTES)) for number in (numbers.x, numbers.y))
        return {"use": "sig", "kty": "EC", "kid": self.key_id, "crv": "P-256", "alg": "ES256", "x": x, "y": y}

    @cached_property
    def key_id(self) -> str:
        """Names the key: a digest of its public part."""
        from cryptography.hazmat.primitives import serialization as form

        public = self._key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
        return _encoded(hashlib.sha256(public).digest())

    @cached_property
    def _key(self) -> "EllipticCurvePrivateKey":
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ec

        if self._path.exists():
            key = form.load_pem_private_key(self._path.read_bytes(), password=None)
            if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
                raise ValueError(f"{self._path} holds no P-256 key: remove it, and a new one is made")
            return key
        key = ec.generate_private_key(ec.SECP256R1())
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pem = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
        write_private(self._path, pem)
        return key


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Raises ValueError for what no encoder writes."""
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encoded(data) != text:
        raise ValueError("not in canonical form")
    return data
