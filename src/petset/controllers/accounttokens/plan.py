"""What a token Secret needs: everything of it that is missing, or to go.

Guarantee: a token that is there is never replaced, so whoever has read it may keep it; a Secret is removed only
where the account that it names is not there, or is not the one that its token stands for.
"""

from base64 import b64decode

from petset.api.models import core_v1
from petset.api.objects import is_terminating, meta, namespace_of, uid_of
from petset.controllers.accounttokens.model import (
    CA,
    NAMESPACE,
    TOKEN,
    UID,
    Fill,
    Plan,
    Remove,
    Snapshot,
    account_of,
)


def plan(snapshot: Snapshot) -> Plan:
    """The one thing to do now, if there is any."""
    secret, account = snapshot.secret, snapshot.account
    if not account_of(secret) or is_terminating(secret):
        return Plan()
    known_uid = (meta(secret).annotations or {}).get(UID)
    if account is None or known_uid not in (None, "", uid_of(account)):
        return Plan((Remove(),))
    texts = _missing(secret, {NAMESPACE: namespace_of(secret)})
    if snapshot.root_ca_pem and _text(secret, CA) != snapshot.root_ca_pem:
        texts[CA] = snapshot.root_ca_pem
    lacks_token = not _text(secret, TOKEN)
    if not texts and not lacks_token:
        return Plan()
    return Plan((Fill(texts, uid_of(account), lacks_token),))


def _missing(secret: core_v1.Secret, wanted: dict[str, str]) -> dict[str, str]:
    return {key: text for key, text in wanted.items() if not _text(secret, key)}


def _text(secret: core_v1.Secret, key: str) -> str:
    encoded = (secret.data or {}).get(key, "")
    return b64decode(encoded).decode(errors="replace")
