"""How others check the tokens of service accounts: who signs them, and with which key (OpenID Connect)."""

import msgspec

from petset.apiserver.accounts.signed import SignedStatements
from petset.apiserver.accounts.tokens import ISSUER
from petset.apiserver.messages import Reply

CONFIGURATION = "/.well-known/openid-configuration"
KEYS = "/openid/v1/jwks"


class KeysPage:
    """Both documents. The key is read with the first question."""

    def __init__(self, statements: SignedStatements) -> None:
        self._statements = statements

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """The issuer's configuration or its keys; None for another path."""
        where = path.rstrip("/")
        if where == CONFIGURATION:
            return Reply(msgspec.json.encode(_CONFIGURATION))
        if where == KEYS:
            keys = {"keys": [self._statements.public_jwk()]}
            return Reply(msgspec.json.encode(keys), content_type="application/jwk-set+json")
        return None


_CONFIGURATION = {
    "issuer": ISSUER,
    "jwks_uri": f"{ISSUER}{KEYS}",
    "response_types_supported": ["id_token"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["ES256"],
}
