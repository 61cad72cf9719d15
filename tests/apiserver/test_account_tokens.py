"""Tokens of service accounts: what they say, whom they stand for, and when they are believed no more."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest

from petset.api.errors import ApiError, BadRequest, Conflict, Invalid, NotFound, Unauthorized
from petset.api.models import authentication_v1, core_v1, meta_v1
from petset.api.objects import uid_of
from petset.apiserver.accounts.keys import CONFIGURATION, KEYS, KeysPage
from petset.apiserver.accounts.signed import SignedStatements
from petset.apiserver.accounts.tokens import ISSUER, AccountTokens
from petset.apiserver.authenticate import CertificatesAndTokens, Credentials
from petset.testing.plane import Plane, plane

AT = datetime(2027, 1, 1, tzinfo=UTC)


class Issuing:
    """Tokens over a control plane, with a clock that the test sets."""

    def __init__(self, control: Plane, key: Path) -> None:
        self.now = AT
        self.control = control
        self.statements = SignedStatements(key)
        self.tokens = AccountTokens(control.registry, self.statements, lambda: self.now, lambda: "id-1")

    async def pod(self) -> core_v1.Pod:
        container = core_v1.Container(name="main", image="debian:12")
        metadata = meta_v1.ObjectMeta(name="web-0", namespace="default")
        return await self.control.client.create(
            core_v1.Pod(metadata=metadata, spec=core_v1.PodSpec(containers=[container]))
        )

    async def token(self, account: str = "default", **spec: Any) -> str:
        asked = authentication_v1.TokenRequestSpec(**{"audiences": [], **spec})
        request = authentication_v1.TokenRequest(spec=asked)
        status = (await self.tokens.request("default", account, request)).status
        assert status is not None and status.token is not None
        return status.token


def bound(pod: core_v1.Pod, uid: str = "") -> authentication_v1.BoundObjectReference:
    return authentication_v1.BoundObjectReference(apiVersion="v1", kind="Pod", name="web-0", uid=uid or uid_of(pod))


Story = Callable[[Issuing], Coroutine[Any, Any, None]]


def tell(story: Story, tmp_path: Path) -> None:
    async def main() -> None:
        async with plane() as control:
            await story(Issuing(control, tmp_path / "pki" / "accounts.key"))

    asyncio.run(main())


def test_others_can_check_a_token_with_the_public_key(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        pod = await issuing.pod()
        token = await issuing.token(boundObjectRef=bound(pod), expirationSeconds=3607)
        key = issuing.statements.public_pem
        claims = jwt.decode(token, key, ["ES256"], audience=ISSUER, issuer=ISSUER, options={"verify_iat": False,
            "verify_nbf": False, "verify_exp": False})  # fmt: skip
        assert (claims["sub"], claims["exp"] - claims["iat"]) == ("system:serviceaccount:default:default", 3607)
        named = claims["kubernetes.io"]
        assert (named["namespace"], named["pod"]) == ("default", {"name": "web-0", "uid": uid_of(pod)})
        assert jwt.get_unverified_header(token)["kid"] == issuing.statements.key_id

    tell(story, tmp_path)


def test_a_token_stands_for_its_account_and_its_groups(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        pod = await issuing.pod()
        token = await issuing.token(boundObjectRef=bound(pod))
        known = CertificatesAndTokens({}, issuing.tokens.verify)
        user = known.authenticate(Credentials(None, f"Bearer {token}"))
        assert user is not None and user.name == "system:serviceaccount:default:default"
        everyone = ("system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated")
        assert user.groups == everyone
        assert ("authentication.kubernetes.io/pod-name", ("web-0",)) in user.extra

    tell(story, tmp_path)


def test_a_token_of_a_secret_lasts_as_long_as_the_secret(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        metadata = meta_v1.ObjectMeta(name="kept", namespace="default")
        secret = await issuing.control.client.create(core_v1.Secret(metadata=metadata))
        to = authentication_v1.BoundObjectReference(apiVersion="v1", kind="Secret", name="kept", uid=uid_of(secret))
        token = await issuing.token(expirationSeconds=1 << 32, boundObjectRef=to)
        issuing.now = AT + timedelta(days=40_000)
        assert issuing.tokens.verify(token) is not None
        await issuing.control.client.delete(core_v1.Secret, "kept", "default")
        assert issuing.tokens.verify(token) is None

    tell(story, tmp_path)


def test_a_token_ends_with_its_time_its_pod_and_its_account(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        client, pod = issuing.control.client, await issuing.pod()
        free, tied = await issuing.token(), await issuing.token(boundObjectRef=bound(pod))
        issuing.now = AT + timedelta(seconds=3599)
        assert issuing.tokens.verify(free) and issuing.tokens.verify(tied)
        await client.delete(core_v1.Pod, "web-0", "default", meta_v1.DeleteOptions(gracePeriodSeconds=0))
        assert issuing.tokens.verify(free) and not issuing.tokens.verify(tied)
        await issuing.pod()
        assert not issuing.tokens.verify(tied), "another pod of that name"
        issuing.now = AT + timedelta(seconds=3600)
        assert not issuing.tokens.verify(free)
        issuing.now = AT
        await client.delete(core_v1.ServiceAccount, "default", "default")
        assert not issuing.tokens.verify(free)

    tell(story, tmp_path)


def test_what_we_did_not_sign_stands_for_nobody(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        token = await issuing.token()
        head, body, signature = token.split(".")
        other = SignedStatements(tmp_path / "other.key")
        forged = other.sign(issuing.statements.claims(token) or {})
        unsigned = jwt.encode(issuing.statements.claims(token) or {}, None, algorithm="none")
        changed = f"{head}.{body[:-2]}AA.{signature}"
        for wrong in (forged, unsigned, changed, f"{head}.{body}.", "a.b.c", "..", "é.é.é", f"{token}="):
            assert issuing.tokens.verify(wrong) is None
        assert issuing.tokens.verify(token) is not None

    tell(story, tmp_path)


def test_the_key_outlives_the_server(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        token = await issuing.token()
        again = Issuing(issuing.control, tmp_path / "pki" / "accounts.key")
        assert again.tokens.verify(token) is not None
        assert (tmp_path / "pki" / "accounts.key").stat().st_mode & 0o777 == 0o600

    tell(story, tmp_path)


@pytest.mark.parametrize(
    ("account", "spec", "error", "words"),
    [
        ("nobody", {}, NotFound, 'serviceaccounts "nobody" not found'),
        ("default", {"expirationSeconds": 599}, Invalid, "may not specify a duration less than 10 minutes"),
        ("default", {"expirationSeconds": 2**33}, Invalid, "may not specify a duration larger than"),
        (
            "default",
            {"boundObjectRef": authentication_v1.BoundObjectReference("v1", "ConfigMap", "x")},
            BadRequest,
            "cannot bind token to object of type v1, Kind=ConfigMap",
        ),
        (
            "default",
            {"boundObjectRef": authentication_v1.BoundObjectReference("v1", "Pod", "web-0", "other")},
            Conflict,
            "the UID in the bound object reference (other) does not match the UID in record",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, account: str, spec: dict[str, Any], error: type[ApiError], words: str
) -> None:
    async def story(issuing: Issuing) -> None:
        await issuing.pod()
        with pytest.raises(error) as refused:
            await issuing.token(account, **spec)
        assert words in str(refused.value)

    tell(story, tmp_path)


def test_a_token_is_reviewed_for_the_audiences_that_are_asked_about(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        known = CertificatesAndTokens({}, issuing.tokens.verify)
        token = await issuing.token(audiences=["vault", "bank"])
        found = known.verify(token, ["bank", "shop"])
        assert found is not None and found.audiences == ("bank",)
        assert found.user.name == "system:serviceaccount:default:default"
        with pytest.raises(Unauthorized, match=r'token audiences \["vault" "bank"\] is invalid for the target'):
            known.verify(token, ["shop"])
        with pytest.raises(Unauthorized):
            known.authenticate(Credentials(None, f"Bearer {token}"))  # it does not open the API

    tell(story, tmp_path)


@pytest.mark.parametrize("kind", ["Secret", "Node"])
def test_a_token_ends_with_the_secret_or_the_node_that_it_is_bound_to(kind: str, tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        model, namespace = (core_v1.Secret, "default") if kind == "Secret" else (core_v1.Node, "")
        made = await issuing.control.client.create(
            model(metadata=meta_v1.ObjectMeta(name="web-0", namespace=namespace or None))
        )
        reference = authentication_v1.BoundObjectReference("v1", kind, "web-0", uid_of(made))
        token = await issuing.token(boundObjectRef=reference)
        assert issuing.tokens.verify(token)
        await issuing.control.client.delete(model, "web-0", namespace)
        assert not issuing.tokens.verify(token)

    tell(story, tmp_path)


def test_others_check_tokens_with_the_keys_that_the_issuer_publishes(tmp_path: Path) -> None:
    async def story(issuing: Issuing) -> None:
        page = KeysPage(issuing.statements)
        configuration, keys = await page.get(CONFIGURATION, b"", ""), await page.get(f"{KEYS}/", b"", "")
        assert configuration and keys and await page.get("/openid", b"", "") is None
        told = msgspec.json.decode(configuration.body)
        assert told["issuer"] == ISSUER and told["jwks_uri"].endswith(KEYS)
        published = jwt.PyJWKSet.from_dict(msgspec.json.decode(keys.body)).keys[0]
        algorithms = told["id_token_signing_alg_values_supported"]
        token = await issuing.token(audiences=["vault"])
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        claims = jwt.decode(token, published, algorithms=algorithms, audience="vault", options=options)
        assert claims["sub"] == "system:serviceaccount:default:default"

    tell(story, tmp_path)
