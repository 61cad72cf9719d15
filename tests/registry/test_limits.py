"""What limit ranges give to containers, and what they keep out."""

from typing import Any

import pytest
from registry.given import CLAIMS, PLAIN, PODS, claim, create, merge, meta, play, pod

from petset.api.errors import Forbidden, Invalid
from petset.api.models import core_v1
from petset.testing.plane import Plane


def limits(*items: dict[str, Any], name: str = "limits") -> core_v1.LimitRange:
    spec = core_v1.LimitRangeSpec(limits=[core_v1.LimitRangeItem(**item) for item in items])
    return core_v1.LimitRange(metadata=meta(name), spec=spec)


def asking(name: str = "a", requests: Any = None, limits: Any = None, **spec: Any) -> core_v1.Pod:
    sent = pod(name)
    assert sent.spec is not None
    sent.spec.containers[0].resources = core_v1.ResourceRequirements(requests=requests, limits=limits)
    for field, value in spec.items():
        setattr(sent.spec, field, value)
    return sent


def of(made: core_v1.Pod, index: int = 0) -> tuple[Any, Any]:
    assert made.spec is not None
    resources = made.spec.containers[index].resources
    assert resources is not None
    return resources.requests, resources.limits


def test_a_container_that_says_nothing_gets_the_defaults_and_the_pod_says_so() -> None:
    async def story(p: Plane) -> None:
        await create(
            p,
            limits(
                {"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}, "defaultRequest": {"cpu": "500m"}}
            ),
        )
        made = await create(p, pod())
        assert of(made) == ({"cpu": "500m", "memory": "1Gi"}, {"cpu": "1", "memory": "1Gi"})
        assert made.metadata.annotations == {
            "kubernetes.io/limit-ranger": (
                "LimitRanger plugin set: cpu, memory request for container main; "
                "cpu, memory limit for container main"
            )
        }
        assert made.status.qosClass == "Burstable"

    play(story)


def test_what_a_container_says_itself_stays_and_init_containers_are_named_as_such() -> None:
    async def story(p: Plane) -> None:
        await create(p, limits({"type": "Container", "default": {"cpu": "1"}}))
        own = {"cpu": "2"}
        init = core_v1.Container(name="first", image="x")
        made = await create(p, asking("a", own, own, initContainers=[init]))
        assert of(made) == (own, own)
        assert made.metadata.annotations["kubernetes.io/limit-ranger"] == (
            "LimitRanger plugin set: cpu request for init container first; cpu limit for init container first"
        )
        assert (await create(p, asking("b", own, own))).metadata.annotations is None

    play(story)


CONTAINER, POD = "Container", "Pod"


@pytest.mark.parametrize(
    ("bounds", "requests", "own_limits", "fault"),
    [
        (
            {"type": POD, "min": {"cpu": "1"}},
            None,
            None,
            "minimum cpu usage per Pod is 1.  No request is specified",
        ),
        (
            {"type": CONTAINER, "min": {"cpu": "1"}},
            {"cpu": "500m"},
            {"cpu": "2"},
            "minimum cpu usage per Container is 1, but request is 500m",
        ),
        (
            {"type": POD, "max": {"memory": "1Gi"}},
            {"memory": "1Gi"},
            {"memory": "2Gi"},
            "maximum memory usage per Pod is 1Gi, but limit is 2Gi",
        ),
        ({"type": POD, "max": {"cpu": "1"}}, None, None, "maximum cpu usage per Pod is 1.  No limit is specified"),
        (
            {"type": CONTAINER, "maxLimitRequestRatio": {"cpu": "2"}},
            {"cpu": "1"},
            {"cpu": "3"},
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
        (
            {"type": CONTAINER, "maxLimitRequestRatio": {"cpu": "2"}},
            None,
            None,
            "cpu max limit to request ratio per Container is 2, but no request is specified or request is 0",
        ),
        (
            {"type": CONTAINER, "max": {"cpu": "1", "memory": "1Gi"}},
            {"cpu": "2", "memory": "2Gi"},
            {"cpu": "2", "memory": "2Gi"},
            "[maximum cpu usage per Container is 1, but limit is 2, "
            "maximum memory usage per Container is 1Gi, but limit is 2Gi]",
        ),
    ],
)
def test_a_pod_outside_the_bounds_stays_out(bounds: Any, requests: Any, own_limits: Any, fault: str) -> None:
    async def story(p: Plane) -> None:
        await create(p, limits(bounds))
        with pytest.raises(Forbidden) as refusal:
            await create(p, asking("a", requests, own_limits))
        assert str(refusal.value) == f'pods "a" is forbidden: {fault}'

    play(story)


def test_a_claim_is_held_to_the_bounds_when_it_comes_and_when_it_grows() -> None:
    async def story(p: Plane) -> None:
        await create(
            p, limits({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "2Gi"}})
        )
        small = claim("small")
        assert small.spec is not None and small.spec.resources is not None
        small.spec.resources.requests = {"storage": "1Mi"}
        with pytest.raises(Forbidden) as refusal:
            await create(p, small)
        assert str(refusal.value) == (
            'persistentvolumeclaims "small" is forbidden: '
            "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"
        )
        await create(p, claim())
        bound = merge({"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}})
        await p.registry.patch(CLAIMS, "default", "data", bound, PLAIN, "status")
        larger = merge({"spec": {"resources": {"requests": {"storage": "3Gi"}}}})
        with pytest.raises(Forbidden, match="is 2Gi, but request is 3Gi"):
            await p.registry.patch(CLAIMS, "default", "data", larger, PLAIN)

    play(story)


def test_limit_ranges_hold_in_their_own_namespace_and_from_the_next_write_on() -> None:
    async def story(p: Plane) -> None:
        await create(p, limits({"type": POD, "max": {"cpu": "1"}}), "kube-public")
        await create(p, pod("before"))
        await create(p, limits({"type": POD, "max": {"cpu": "1"}}))
        with pytest.raises(Forbidden):
            await create(p, pod("after"))

    play(story)


@pytest.mark.parametrize(
    ("items", "fault"),
    [
        (
            [{"type": CONTAINER, "min": {"cpu": "2"}, "max": {"cpu": "1"}, "default": {"cpu": "1"}}],
            'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        ),
        (
            [{"type": POD, "default": {"cpu": "2"}}],
            "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
        ),
        ([{"type": POD}, {"type": POD}], 'spec.limits[1].type: Duplicate value: "Pod"'),
        (
            [{"type": "Host"}],
            'spec.limits[0].type: Invalid value: "Host": must be a standard limit type or fully qualified',
        ),
        (
            [{"type": "PersistentVolumeClaim"}],
            "spec.limits[0].limits: Required value: "
            "either minimum or maximum storage value is required, but neither was provided",
        ),
        (
            [{"type": POD, "maxLimitRequestRatio": {"cpu": "500m"}}],
            'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
        ),
        *[
            (
                [{"type": POD, "min": {"cpu": least}, "max": {"cpu": most}, "maxLimitRequestRatio": {"cpu": "4"}}],
                'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "4": '
                f"ratio 4 is greater than max/min = {room}",
            )
            for least, most, room in (("1", "3", "3.000000"), ("0", "-1", "-Inf"))
        ],
    ],
)
def test_bounds_that_leave_no_room_are_refused(items: list[dict[str, Any]], fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(p, limits(*items))
        assert fault in str(refusal.value)

    play(story)


def test_a_pod_that_asks_for_more_later_is_held_to_the_bounds_and_another_change_is_not() -> None:
    async def story(p: Plane) -> None:
        await create(p, asking(requests={"cpu": "1"}, limits={"cpu": "2"}))
        await create(p, limits({"type": "Container", "max": {"cpu": "3"}, "min": {"cpu": "1"}}))

        async def resize(cpu: str) -> None:
            more = {"requests": {"cpu": cpu}, "limits": {"cpu": max("2", cpu)}}
            change = merge({"spec": {"containers": [{"name": "main", "resources": more}]}})
            await p.registry.patch(PODS, "default", "a", change, PLAIN, "resize")

        with pytest.raises(Forbidden, match="maximum cpu usage per Container is 3, but limit is 4"):
            await resize("4")
        with pytest.raises(Forbidden, match="minimum cpu usage per Container is 1, but request is 500m"):
            await resize("500m")
        await resize("1500m")
        await p.registry.patch(PODS, "default", "a", merge({"metadata": {"labels": {"a": "b"}}}), PLAIN)

    play(story)
