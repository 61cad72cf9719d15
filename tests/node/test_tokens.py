"""Tokens in pods' files: renewed in time, kept meanwhile, and a failed renewal is no failure of the pod."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from node.world import node_world

from petset.api.errors import Unavailable
from petset.api.models import authentication_v1, core_v1, meta_v1
from petset.node.failures import VolumeFailure
from petset.node.tokens import fresh
from petset.node.volumes.render import Rendered
from petset.testing.loop import run
from petset.testing.node import SimulatedTokens, SimulatedVolumes

AT = datetime(2027, 1, 1, tzinfo=UTC)


def a_pod(*seconds: int) -> core_v1.Pod:
    sources = [
        core_v1.VolumeProjection(
            serviceAccountToken=core_v1.ServiceAccountTokenProjection(path=f"t{s}", expirationSeconds=s)
        )
        for s in seconds
    ]
    volume = core_v1.Volume(name="v", projected=core_v1.ProjectedVolumeSource(sources=sources))
    return core_v1.Pod(
        metadata=meta_v1.ObjectMeta(name="web-0", namespace="default", uid="u"),
        spec=core_v1.PodSpec(
            containers=[core_v1.Container(name="c", image="debian:12")], volumes=[volume], nodeName="node-1"
        ),
    )


class Answers:
    """Issues numbered tokens for as long as was asked, or refuses."""

    def __init__(self) -> None:
        self.refusing = False
        self.count = 0

    async def request(
        self, namespace: str, account: str, request: authentication_v1.TokenRequest
    ) -> authentication_v1.TokenRequest:
        if self.refusing:
            raise Unavailable("not now")
        self.count += 1
        assert request.spec is not None
        until = AT + timedelta(seconds=request.spec.expirationSeconds or 0)
        status = authentication_v1.TokenRequestStatus(until, f"token-{self.count}")
        return authentication_v1.TokenRequest(spec=request.spec, status=status)


def test_a_token_is_kept_for_four_fifths_of_its_time_and_a_day_at_most() -> None:
    async def story() -> None:
        answers, pod = Answers(), a_pod(1000, 1_000_000)
        tokens = await fresh(answers, pod, {}, AT)
        assert sorted(t.renew_at - AT for t in tokens.values()) == [timedelta(seconds=800), timedelta(days=1)]
        assert await fresh(answers, pod, tokens, AT + timedelta(seconds=799)) == tokens
        assert answers.count == 2
        later = await fresh(answers, pod, tokens, AT + timedelta(seconds=800))
        assert sorted(t.text for t in later.values()) == ["token-2", "token-3"]

    asyncio.run(story())


def test_a_pod_keeps_its_token_while_it_cannot_be_renewed_and_waits_for_its_first() -> None:
    async def story() -> None:
        answers, pod, late = Answers(), a_pod(1000), AT + timedelta(seconds=900)
        tokens = await fresh(answers, pod, {}, AT)
        answers.refusing = True
        (kept,) = (await fresh(answers, pod, tokens, late)).values()
        assert (kept.text, kept.renew_at) == ("token-1", late + timedelta(minutes=1))
        with pytest.raises(VolumeFailure, match="not now"):
            await fresh(answers, pod, {}, AT)

    asyncio.run(story())


def test_the_file_of_a_running_pod_gets_a_new_token_before_the_old_one_runs_out() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.client.create(a_pod(3607))
            volumes, tokens = world.machine.volumes, world.machine.tokens
            assert isinstance(volumes, SimulatedVolumes) and isinstance(tokens, SimulatedTokens)
            await world.plane.clock.sleep(2000)
            first = tokens.issued
            assert first
            await world.plane.clock.sleep(1500)
            assert tokens.issued > first
            contents = [c for c in volumes.contents.values() if isinstance(c, Rendered)]
            assert any(f"token-{tokens.issued} " in file.content.decode() for c in contents for file in c.files)

    run(story())
