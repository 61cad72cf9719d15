"""A pod's way to its node: what it gets there, and what stands against it."""

from typing import Any

import pytest
from registry.given import PLAIN, PODS, create, play, pod

from petset.api.errors import Conflict, Invalid
from petset.api.models import core_v1, meta_v1
from petset.api.objects import copy
from petset.registry.port import WriteOptions
from petset.testing.plane import Plane

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"


def node(**labels: str) -> core_v1.Node:
    return core_v1.Node(metadata=meta_v1.ObjectMeta(name="n1", labels=labels))


def placed() -> core_v1.Node:
    return node(**{ZONE: "z1", REGION: "r1", "disk": "ssd"})


def stored(p: Plane) -> Any:
    return p.registry.decode(PODS, p.registry.get(PODS, "default", "a"))


def test_a_pod_tells_the_zone_and_region_of_its_node_once_it_has_one() -> None:
    async def story(p: Plane) -> None:
        await create(p, placed())
        sent = pod("a")
        sent.metadata.labels = {"app": "web", ZONE: "its-own"}
        made = await create(p, sent)
        assert made.metadata.labels == {"app": "web", ZONE: "its-own"}
        await p.registry.bind("default", "a", "n1")
        assert stored(p).metadata.labels == {"app": "web", ZONE: "z1", REGION: "r1"}

    play(story)


def test_a_pod_that_comes_with_its_node_keeps_what_it_says_itself_of_the_place() -> None:
    async def story(p: Plane) -> None:
        await create(p, placed())
        sent = pod("a")
        sent.spec.nodeName = "n1"
        sent.metadata.labels = {ZONE: "its-own"}
        made = await create(p, sent)
        assert made.metadata.labels == {ZONE: "its-own", REGION: "r1"}
        elsewhere = pod("b")
        elsewhere.spec.nodeName = "unknown"
        assert (await create(p, elsewhere)).metadata.labels is None

    play(story)


def test_the_labels_and_annotations_of_a_binding_become_the_pods() -> None:
    async def story(p: Plane) -> None:
        await create(p, placed())
        await create(p, pod("a"))
        with pytest.raises(Invalid, match=r"metadata.labels: Invalid value: \"no good\""):
            await p.registry.bind("default", "a", "n1", said=meta_v1.ObjectMeta(labels={"no good": "x"}))
        said = meta_v1.ObjectMeta(name="a", labels={ZONE: "of-the-scheduler"}, annotations={"score": "7"})
        await p.registry.bind("default", "a", "n1", said=said)
        assert stored(p).metadata.labels == {ZONE: "of-the-scheduler", REGION: "r1"}
        assert stored(p).metadata.annotations == {"score": "7"}

    play(story)


def test_a_binding_that_means_another_pod_of_the_name_is_refused() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, pod("a"))
        with pytest.raises(Conflict, match=f"UID in precondition: other, UID in object meta: {made.metadata.uid}"):
            await p.registry.bind("default", "a", "n1", said=meta_v1.ObjectMeta(uid="other"))
        with pytest.raises(Conflict, match="the object has been modified"):
            await p.registry.bind("default", "a", "n1", said=meta_v1.ObjectMeta(resourceVersion="1"))
        await p.registry.bind("default", "a", "n1", WriteOptions(dry_run=True))
        assert not stored(p).spec.nodeName
        await p.registry.bind("default", "a", "n1", said=meta_v1.ObjectMeta(uid=made.metadata.uid))
        assert stored(p).spec.nodeName == "n1"

    play(story)


def test_a_pod_with_gates_says_what_it_waits_for_and_is_bound_only_when_they_are_open() -> None:
    async def story(p: Plane) -> None:
        gated = pod("a")
        gated.spec.schedulingGates = [core_v1.PodSchedulingGate(name="example.com/quota")]
        made = await create(p, gated)
        (condition,) = made.status.conditions
        assert (condition.type, condition.status, condition.reason) == ("PodScheduled", "False", "SchedulingGated")
        assert condition.message == "Scheduling is blocked due to non-empty scheduling gates"
        with pytest.raises(Conflict, match=r"pod a has non-empty \.spec.schedulingGates"):
            await p.registry.bind("default", "a", "n1")
        opened = copy(made)
        opened.spec.schedulingGates = None
        await p.registry.update(PODS, "default", "a", opened, PLAIN)
        await p.registry.bind("default", "a", "n1")
        (condition,) = stored(p).status.conditions
        assert (condition.status, condition.reason) == ("True", None)

    play(story)
