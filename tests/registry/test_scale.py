"""The scale of a set: a small window on its replicas (rule 3)."""

import pytest
from registry.given import PLAIN, SETS, create, merge, play, statefulset

from petset.api.errors import BadRequest, Conflict, Invalid
from petset.api.models import autoscaling_v1, meta_v1
from petset.registry.port import Patch
from petset.testing.plane import Plane


def test_the_scale_shows_replicas_and_the_selector_as_text() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, statefulset(replicas=3))
        shown = p.registry.get_scale(SETS, "default", "web")
        assert shown.spec == autoscaling_v1.ScaleSpec(replicas=3)
        assert shown.status == autoscaling_v1.ScaleStatus(replicas=0, selector="app=web")
        assert shown.metadata is not None
        assert shown.metadata.resourceVersion == made.metadata.resourceVersion
        assert shown.metadata.uid == made.metadata.uid

    play(story)


def test_writing_the_scale_changes_the_replicas_and_nothing_else() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, statefulset(replicas=3))
        shown = p.registry.get_scale(SETS, "default", "web")
        shown.spec = autoscaling_v1.ScaleSpec(replicas=5)
        scaled = p.registry.decode(SETS, await p.registry.update(SETS, "default", "web", shown, PLAIN, "scale"))
        assert (scaled.spec.replicas, scaled.metadata.generation) == (5, 2)
        assert scaled.spec.template == made.spec.template
        with pytest.raises(Conflict):
            await p.registry.update(
                SETS, "default", "web", stale_scale(made.metadata.resourceVersion), PLAIN, "scale"
            )

    play(story)


def stale_scale(version: str) -> autoscaling_v1.Scale:
    return autoscaling_v1.Scale(
        metadata=meta_v1.ObjectMeta(name="web", resourceVersion=version),
        spec=autoscaling_v1.ScaleSpec(replicas=1),
    )


@pytest.mark.parametrize(
    "patch",
    [
        merge({"spec": {"replicas": 0}}),
        Patch("application/strategic-merge-patch+json", {"spec": {"replicas": 0}}),
        Patch("application/json-patch+json", [{"op": "replace", "path": "/spec/replicas", "value": 0}]),
    ],
    ids=lambda patch: patch.content_type,
)
def test_the_scale_may_be_patched(patch: Patch) -> None:
    async def story(p: Plane) -> None:
        await create(p, statefulset(replicas=3))
        record = await p.registry.patch(SETS, "default", "web", patch, PLAIN, "scale")
        assert p.registry.decode(SETS, record).spec.replicas == 0

    play(story)


def test_fewer_than_no_replicas_are_refused() -> None:
    async def story(p: Plane) -> None:
        await create(p, statefulset())
        with pytest.raises(Invalid) as refusal:
            await p.registry.patch(SETS, "default", "web", merge({"spec": {"replicas": -1}}), PLAIN, "scale")
        assert str(refusal.value) == (
            'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: '
            "must be greater than or equal to 0"
        )
        with pytest.raises(BadRequest, match="cannot be handled as a Scale"):
            await p.registry.patch(SETS, "default", "web", merge({"spec": {"replicas": "many"}}), PLAIN, "scale")

    play(story)
