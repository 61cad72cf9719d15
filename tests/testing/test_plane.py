"""The control plane that tests run on."""

import pytest

from petset.api.models import core_v1, meta_v1
from petset.testing.loop import run
from petset.testing.plane import plane


def config() -> core_v1.ConfigMap:
    return core_v1.ConfigMap(metadata=meta_v1.ObjectMeta(name="a", namespace="default"), data={"value": "1"})


def test_the_same_seed_gives_the_same_objects() -> None:
    async def story() -> bytes:
        async with plane(seed=7) as p:
            made = await p.client.create(config())
            assert made.metadata is not None
            return (made.metadata.uid or "").encode()

    assert run(story(), seed=7) == run(story(), seed=7)


def test_whoever_changes_a_shared_object_is_found_out() -> None:
    async def story() -> None:
        async with plane() as p:
            shared = await p.client.create(config())
            shared.data = {"value": "2"}

    with pytest.raises(AssertionError, match="somebody has changed the shared"):
        run(story())
