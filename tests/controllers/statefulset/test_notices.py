"""Waits that Kubernetes is silent about are told once: when they begin (section M), or when they have lasted."""

import pytest
from controllers.statefulset.live import live
from controllers.statefulset.tiny import claim_template, retain

from petset.api.models import core_v1
from petset.controllers.statefulset.notices import PATIENCE_SECONDS
from petset.testing.loop import run


def test_two_broken_condemned_pods_that_hold_each_other_up_are_told_once() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=3)
            await it.ready_all()
            for name in ("web-1", "web-2"):
                await it.phase(name, "Running")
            await it.change(replicas=1)
            await it.phase("web-1", "Running")
            await it.settle(60)
            (told,) = [event for event in await it.events() if "Blocked" in event]
            assert told.startswith("Warning Blocked web-2 waits: web-1 is not Ready")

    run(story())


def test_a_claim_of_a_former_pod_is_told() -> None:
    async def story() -> None:
        claim = claim_template()
        assert claim.spec is not None
        claim.spec.resources = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
        async with live() as it:
            await it.start(
                replicas=1,
                volumeClaimTemplates=[claim],
                persistentVolumeClaimRetentionPolicy=retain("Retain", "Delete"),
            )
            await it.ready_all()
            await it.change(replicas=0)
            await it.change(replicas=1)  # nobody collects garbage here
            (told,) = [event for event in await it.events() if "Blocked" in event]
            assert "its claim data-web-0 still belongs to a former pod" in told

    run(story())


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_what_passes_by_itself_is_not_told(policy: str) -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=3, podManagementPolicy=policy)
            await it.ready_all()
            await it.change(replicas=1)
            await it.settle(30)
            assert await it.pods() == ["web-0"]
            assert not [event for event in await it.events() if "Blocked" in event]

    run(story())


def test_a_wait_that_lasts_is_told_once_and_the_next_one_too() -> None:
    async def story() -> None:
        async with live() as it:
            await it.start(replicas=2)
            await it.phase("web-0", "Running")

            async def told() -> list[str]:
                return [event for event in await it.events() if "Waiting" in event]

            await it.settle(PATIENCE_SECONDS - 5)
            assert await told() == []
            await it.settle(60)
            (event,) = await told()
            assert event.startswith("Warning Waiting web-1 waits: web-0 is not Ready")
            await it.ready("web-0", "web-1")
            await it.phase("web-1", "Running")
            await it.change(replicas=3)
            await it.settle(PATIENCE_SECONDS + 5)
            assert [event.split()[2] for event in await told()] == ["web-1", "web-2"]

    run(story())
