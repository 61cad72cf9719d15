"""Rule 45 and section I: growing batches, and what is told when something fails."""

from collections.abc import Awaitable, Callable

import pytest
from controllers.statefulset.live import live
from controllers.statefulset.tiny import template

from petset.aio.tasks import give_way
from petset.api.models import core_v1, meta_v1
from petset.ownership.batches import in_growing_batches
from petset.testing.loop import run


class Quota(Exception):
    """No more of these."""


def test_batches_double_until_all_is_done() -> None:
    sizes: list[int] = []
    running = 0

    async def work() -> None:
        nonlocal running
        running += 1
        await give_way()
        if running:
            sizes.append(running)
        running = 0

    run(in_growing_batches("test", [work] * 10))
    assert sizes == [1, 2, 4, 3]


def test_no_batch_is_larger_than_five_hundred() -> None:
    most = running = done = 0

    async def work() -> None:
        nonlocal most, running, done
        running += 1
        most = max(most, running)
        await give_way()
        running -= 1
        done += 1

    run(in_growing_batches("test", [work] * 2500))
    assert (most, done) == (500, 2500)


def test_the_first_refusal_spares_all_later_batches_but_ends_its_own() -> None:
    done: list[int] = []

    def work(number: int) -> Callable[[], Awaitable[None]]:
        async def one() -> None:
            await give_way()
            if number == 1:
                raise Quota
            done.append(number)

        return one

    with pytest.raises(Quota):
        run(in_growing_batches("test", [work(n) for n in range(20)]))
    assert sorted(done) == [0, 2]


def test_a_pod_that_the_api_refuses_is_told_of_and_tried_again() -> None:
    async def story() -> None:
        async with live() as it:
            homeless = template()
            assert homeless.spec is not None
            homeless.spec.serviceAccountName = "nobody"
            await it.start(replicas=1, template=homeless)
            refusal = (
                'Create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: error looking up '
                'service account default/nobody: serviceaccount "nobody" not found'
            )
            assert f"Warning FailedCreate {refusal}" in await it.events()
            (waiting,) = it.controller.waiting("default", "web")
            assert waiting.because == f"the API refused its last step: {refusal.partition('error: ')[2]}"
            status = (await it.the_set()).status
            assert status is not None and status.observedGeneration == 1  # written although the pod failed
            account = core_v1.ServiceAccount(metadata=meta_v1.ObjectMeta(name="nobody", namespace="default"))
            await it.plane.client.create(account)
            await it.settle(30)
            assert await it.pods() == ["web-0"]

    run(story())
