"""Pods that name a runtime class: what they get from it, and which contradict it."""

from typing import Any

import pytest
from registry.given import PLAIN, create, merge, meta, play, pod

from petset.api.errors import Forbidden, Invalid
from petset.api.kinds import by_model
from petset.api.models import core_v1, node_v1
from petset.testing.plane import Plane

CLASSES = by_model(node_v1.RuntimeClass)
TAINTED = core_v1.Toleration(key="sandboxed", operator="Exists")


def runtime_class(handler: str = "kata", **more: Any) -> node_v1.RuntimeClass:
    return node_v1.RuntimeClass(metadata=meta("sandboxed"), handler=handler, **more)


def of_class(**spec: Any) -> core_v1.Pod:
    sent = pod("a")
    assert sent.spec is not None
    sent.spec.runtimeClassName = "sandboxed"
    for field, value in spec.items():
        setattr(sent.spec, field, value)
    return sent


def test_a_pod_gets_the_overhead_and_the_place_of_its_class() -> None:
    async def story(p: Plane) -> None:
        where = node_v1.Scheduling(nodeSelector={"kata": "yes"}, tolerations=[TAINTED])
        overhead = node_v1.Overhead(podFixed={"cpu": "250m", "memory": "64Mi"})
        await create(p, runtime_class(overhead=overhead, scheduling=where))
        own = core_v1.Toleration(key="own", operator="Exists")
        made = await create(
            p, of_class(nodeSelector={"disk": "ssd"}, tolerations=[own], overhead={"cpu": "0.25", "memory": "64Mi"})
        )
        assert made.spec.overhead == {"cpu": "250m", "memory": "64Mi"}
        assert made.spec.nodeSelector == {"disk": "ssd", "kata": "yes"}
        assert [t.key for t in made.spec.tolerations][:2] == ["own", "sandboxed"]
        with pytest.raises(Forbidden, match="pod rejected: Pod's Overhead doesn't match RuntimeClass's"):
            await create(p, of_class(overhead={"cpu": "1"}))
        conflict = (
            r"conflict: runtimeClass.scheduling.nodeSelector\[kata\] = yes; pod.spec.nodeSelector\[kata\] = no"
        )
        with pytest.raises(Forbidden, match=conflict):
            await create(p, of_class(nodeSelector={"kata": "no"}))

    play(story)


def test_a_class_that_is_not_there_and_an_overhead_of_ones_own_are_refused() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Forbidden, match='pod rejected: RuntimeClass "sandboxed" not found'):
            await create(p, of_class())
        with pytest.raises(Forbidden, match="Pod Overhead set without corresponding RuntimeClass defined Overhead"):
            await create(p, of_class(runtimeClassName=None, overhead={"cpu": "1"}))
        await create(p, runtime_class())
        await create(p, of_class())

    play(story)


def test_a_class_names_a_handler_and_keeps_it() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid, match="handler: Invalid value"):
            await create(p, runtime_class("Not A Name"))
        with pytest.raises(Invalid, match=r"scheduling.tolerations\[1\]: Duplicate value"):
            await create(p, runtime_class(scheduling=node_v1.Scheduling(tolerations=[TAINTED, TAINTED])))
        await create(p, runtime_class())
        with pytest.raises(Invalid, match='handler: Invalid value: "runc": field is immutable'):
            await p.registry.patch(CLASSES, "", "sandboxed", merge({"handler": "runc"}), PLAIN)

    play(story)
