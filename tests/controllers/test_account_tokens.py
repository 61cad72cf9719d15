"""Token Secrets: filled for the account that they name, kept as they are, and gone with it."""

from base64 import b64decode, b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.api.errors import Invalid
from petset.api.models import core_v1, meta_v1
from petset.api.objects import meta, uid_of
from petset.controllers.accounttokens import invariants
from petset.controllers.accounttokens.model import (
    CA,
    NAME,
    NAMESPACE,
    TOKEN,
    TYPE,
    UID,
    Fill,
    Plan,
    Remove,
    Snapshot,
)
from petset.controllers.accounttokens.plan import plan
from petset.testing.loop import run
from petset.testing.plane import SIMULATED_CA
from petset.testing.world import World

PEM = "a certificate"


def secret(type_: str = TYPE, uid: str = "", **data: str) -> core_v1.Secret:
    annotations = {NAME: "bot", **({UID: uid} if uid else {})}
    metadata = meta_v1.ObjectMeta(name="bot-token", namespace="default", annotations=annotations)
    named = {key.replace("_", "."): b64encode(text.encode()).decode() for key, text in data.items()}
    return core_v1.Secret(metadata=metadata, type=type_, data=named or None)


def account(uid: str = "u-1") -> core_v1.ServiceAccount:
    return core_v1.ServiceAccount(metadata=meta_v1.ObjectMeta(name="bot", namespace="default", uid=uid))


@pytest.mark.parametrize(
    ("snapshot", "actions"),
    [
        (Snapshot(secret(), account(), PEM), (Fill({NAMESPACE: "default", CA: PEM}, "u-1", True),)),
        (Snapshot(secret(token="t"), account(), PEM), (Fill({NAMESPACE: "default", CA: PEM}, "u-1", False),)),
        (Snapshot(secret(token="t", ca_crt=PEM, namespace="default"), account(), PEM), ()),
        (Snapshot(secret(token="t", ca_crt="o", namespace="x"), account(), PEM), (Fill({CA: PEM}, "u-1", False),)),
        (Snapshot(secret(), None, PEM), (Remove(),)),
        (Snapshot(secret(uid="u-0", token="t"), account(), PEM), (Remove(),)),
        (Snapshot(secret("Opaque"), None, PEM), ()),
    ],
)
def test_a_secret_gets_what_it_lacks_and_goes_where_nobody_is_meant(
    snapshot: Snapshot, actions: tuple[Fill | Remove, ...]
) -> None:
    assert plan(snapshot) == Plan(actions)


@given(
    st.sampled_from([TYPE, "Opaque"]),
    st.sampled_from(["", "u-1", "u-2"]),
    st.dictionaries(st.sampled_from(["token", "ca_crt", "namespace"]), st.sampled_from(["", "x", PEM])),
    st.sampled_from([None, "u-1"]),
)
def test_safety_no_token_is_replaced_and_liveness_one_step_is_enough(
    type_: str, uid: str, data: dict[str, str], account_uid: str | None
) -> None:
    snapshot = Snapshot(secret(type_, uid, **data), account(account_uid) if account_uid else None, PEM)
    decided = plan(snapshot)
    assert invariants.is_safe(snapshot, decided)
    for action in decided.actions:
        if isinstance(action, Fill):
            texts = {**action.texts, **({TOKEN: "new"} if action.lacks_token else {})}
            known = {key: b64decode(text).decode() for key, text in (snapshot.secret.data or {}).items()}
            after = secret(type_, action.uid, **{k.replace(".", "_"): t for k, t in {**known, **texts}.items()})
            assert plan(replace(snapshot, secret=after)) == Plan()


def test_a_token_secret_is_filled_kept_and_removed_with_its_account() -> None:
    async def story() -> None:
        async with World(seed=1) as world:
            named = meta_v1.ObjectMeta(name="bot", namespace="default")
            await world.client.create(core_v1.ServiceAccount(metadata=named))
            await world.client.create(secret())

            def data() -> dict[str, str]:
                found = world.get(core_v1.Secret, "bot-token")
                encoded = (found.data if found else None) or {}
                return {key: b64decode(text).decode() for key, text in encoded.items()}

            await world.run_until(lambda: TOKEN in data(), 60)
            assert data() == {CA: SIMULATED_CA, NAMESPACE: "default", TOKEN: data()[TOKEN]}
            bot = world.get(core_v1.ServiceAccount, "bot")
            assert bot is not None
            assert (meta(world.get(core_v1.Secret, "bot-token")).annotations or {})[UID] == uid_of(bot)
            token = data()[TOKEN]
            await world.restart_controllers()
            await world.run_for(5)
            assert data()[TOKEN] == token
            await world.client.delete(core_v1.ServiceAccount, "bot", "default")
            await world.run_until(lambda: world.get(core_v1.Secret, "bot-token") is None, 60)

    run(story(), seed=1)


def test_a_secret_for_an_account_that_is_not_there_goes_and_one_for_none_is_refused() -> None:
    async def story() -> None:
        async with World(seed=2) as world:
            await world.client.create(secret())
            await world.run_until(lambda: world.get(core_v1.Secret, "bot-token") is None, 60)
            nobody = secret()
            meta(nobody).annotations = None
            why = r"metadata.annotations\[kubernetes.io/service-account.name\]: Required value"
            with pytest.raises(Invalid, match=why):
                await world.client.create(nobody)

    run(story(), seed=2)
