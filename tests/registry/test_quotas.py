"""Quotas: what is counted, who is refused and in which words, and that nobody gets more together than there is."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry.given import (
    DRY,
    MAPS,
    PLAIN,
    PODS,
    claim,
    config,
    create,
    merge,
    meta,
    play,
    pod,
    service,
    statefulset,
)
from registry.test_limits import asking

from petset.api import objects
from petset.api.errors import AlreadyExists, Forbidden, Invalid, NotFound
from petset.api.kinds import by_model
from petset.api.models import core_v1, meta_v1
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

QUOTAS = by_model(core_v1.ResourceQuota)


def quota(name: str = "q", hard: dict[str, str] | None = None, **spec: Any) -> core_v1.ResourceQuota:
    return core_v1.ResourceQuota(metadata=meta(name), spec=core_v1.ResourceQuotaSpec(hard=hard, **spec))


def secret(name: str) -> core_v1.Secret:
    return core_v1.Secret(metadata=meta(name))


def priority(operator: str, *values: str) -> core_v1.ScopeSelector:
    one = core_v1.ScopedResourceSelectorRequirement(
        scopeName="PriorityClass", operator=operator, values=list(values) or None
    )
    return core_v1.ScopeSelector(matchExpressions=[one])


HALF = {"cpu": "500m", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("hard", "first", "second", "why"),
    [
        ({"pods": "1"}, pod("a"), pod("b"), "requested: pods=1, used: pods=1, limited: pods=1"),
        (
            {"configmaps": "1"},
            config("a"),
            config("b"),
            "requested: configmaps=1, used: configmaps=1, limited: configmaps=1",
        ),
        (
            {"count/statefulsets.apps": "1"},
            statefulset("a"),
            statefulset("b"),
            "requested: count/statefulsets.apps=1, used: count/statefulsets.apps=1, "
            "limited: count/statefulsets.apps=1",
        ),
        (
            {"requests.cpu": "800m", "limits.memory": "1536Mi", "pods": "5"},
            asking("a", HALF, HALF),
            asking("b", HALF, HALF),
            "requested: limits.memory=1Gi,requests.cpu=500m, used: limits.memory=1Gi,requests.cpu=500m, "
            "limited: limits.memory=1536Mi,requests.cpu=800m",
        ),
        (
            {"requests.storage": "1536Mi"},
            claim("a"),
            claim("b"),
            "requested: requests.storage=1Gi, used: requests.storage=1Gi, limited: requests.storage=1536Mi",
        ),
        (
            {"standard.storageclass.storage.k8s.io/persistentvolumeclaims": "1"},
            claim("a"),
            claim("b"),
            "requested: standard.storageclass.storage.k8s.io/persistentvolumeclaims=1, "
            "used: standard.storageclass.storage.k8s.io/persistentvolumeclaims=1, "
            "limited: standard.storageclass.storage.k8s.io/persistentvolumeclaims=1",
        ),
        (
            {"services.nodeports": "1"},
            service("a", type="NodePort"),
            service("b", type="NodePort"),
            "requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1",
        ),
    ],
)
def test_what_is_used_up_is_refused_in_kubernetes_words(hard: Any, first: Any, second: Any, why: str) -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard=hard))
        await create(p, first)
        with pytest.raises(Forbidden) as refusal:
            await create(p, second)
        kind, name = by_model(type(second)), objects.name_of(second)
        assert str(refusal.value) == f'{kind.qualified} "{name}" is forbidden: exceeded quota: q, {why}'
        await p.registry.delete(kind, "default", "a", meta_v1.DeleteOptions())
        if kind.resource == "persistentvolumeclaims":
            await p.registry.patch(kind, "default", "a", merge({"metadata": {"finalizers": None}}), PLAIN)
        await create(p, second)  # what went left room

    play(story)


def test_where_a_quota_counts_processor_or_memory_each_container_must_name_it() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"requests.cpu": "1", "limits.memory": "1Gi", "pods": "9"}))
        sent = asking("a", {"cpu": "1"})
        assert sent.spec is not None
        sent.spec.initContainers = [core_v1.Container(name="first", image="x")]
        with pytest.raises(Forbidden) as refusal:
            await create(p, sent)
        assert str(refusal.value) == (
            'pods "a" is forbidden: failed quota: q: '
            "must specify limits.memory for: first,main; requests.cpu for: first"
        )

    play(story)


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        ({"scopes": ["BestEffort"]}, pod(), asking("a", HALF)),
        ({"scopes": ["NotBestEffort"]}, asking("a", HALF), pod()),
        ({"scopes": ["Terminating"]}, asking("a", activeDeadlineSeconds=5), pod()),
        ({"scopes": ["NotTerminating"]}, pod(), asking("a", activeDeadlineSeconds=5)),
        ({"scopes": ["PriorityClass"]}, asking("a", priorityClassName="system-node-critical"), pod()),
        (
            {"scopeSelector": priority("In", "system-node-critical")},
            asking("a", priorityClassName="system-node-critical"),
            asking("a", priorityClassName="system-cluster-critical"),
        ),
        ({"scopeSelector": priority("DoesNotExist")}, pod(), asking("a", priorityClassName="system-node-critical")),
        ({"scopes": ["BestEffort"]}, pod(), config()),
    ],
)
def test_a_quota_with_scopes_counts_only_pods_within_them(scope: Any, inside: Any, outside: Any) -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"pods": "0"}, **scope))
        await create(p, outside)
        inside.metadata.name = "b"
        with pytest.raises(Forbidden, match="exceeded quota"):
            await create(p, inside)

    play(story)


def test_a_pod_that_has_ended_leaves_room_but_still_counts_as_an_object() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota("alive", {"pods": "1"}))
        await create(p, pod("a"))
        await p.registry.patch(PODS, "default", "a", merge({"status": {"phase": "Failed"}}), PLAIN, "status")
        await create(p, pod("b"))
        await create(p, quota("stored", {"count/pods": "2"}))
        await p.registry.patch(PODS, "default", "b", merge({"status": {"phase": "Failed"}}), PLAIN, "status")
        with pytest.raises(Forbidden, match="exceeded quota: stored, requested: count/pods=1, used: count/pods=2"):
            await create(p, pod("c"))

    play(story)


def test_a_service_that_changes_its_type_needs_room_only_for_what_is_new() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"services": "2", "services.nodeports": "1"}))
        await create(p, service("a"))
        kind = by_model(core_v1.Service)
        await p.registry.patch(kind, "default", "a", merge({"spec": {"type": "NodePort"}}), PLAIN)
        two = {"spec": {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]}}
        with pytest.raises(Forbidden, match=r"requested: services.nodeports=1, used: services.nodeports=1"):
            await p.registry.patch(kind, "default", "a", merge(two), PLAIN)
        await p.registry.patch(kind, "default", "a", merge({"metadata": {"labels": {"x": "y"}}}), PLAIN)

    play(story)


def test_a_quota_that_changes_or_goes_holds_from_the_next_write_on() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"configmaps": "0"}))
        with pytest.raises(Forbidden):
            await create(p, config("a"))
        await p.registry.patch(QUOTAS, "default", "q", merge({"spec": {"hard": {"configmaps": "1"}}}), PLAIN)
        await create(p, config("a"))
        await p.registry.delete(QUOTAS, "default", "q", meta_v1.DeleteOptions())
        await create(p, config("b"))
        await create(p, config("c"), "kube-public")

    play(story)


def test_a_dry_run_is_refused_too_and_holds_nothing() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"configmaps": "1"}))
        for _ in range(3):
            await p.registry.create(MAPS, "default", config("dry"), DRY)
        await create(p, config("a"))
        with pytest.raises(Forbidden):
            await p.registry.create(MAPS, "default", config("dry"), DRY)

    play(story)


Step = tuple[str, int]
step = st.tuples(st.sampled_from(["create", "delete", "grow"]), st.integers(0, 4))
steps = st.lists(st.lists(step, max_size=8), max_size=5)


@given(together=steps, seed=st.integers(0, 99))
def test_safety_however_many_write_at_once_nobody_gets_more_together_than_there_is(
    together: list[list[Step]], seed: int
) -> None:
    async def main() -> None:
        async with plane(seed) as p:
            await create(p, quota(hard={"services": "3", "services.nodeports": "4"}))
            for batch in together:
                await asyncio.gather(*(_try(p, step) for step in batch))
                stored = (await p.client.list(core_v1.Service, "default")).items
                mine = [s for s in stored if objects.name_of(s) != "kubernetes"]
                ports = sum(len(s.spec.ports or ()) for s in mine if s.spec and s.spec.type == "NodePort")
                assert len(stored) <= 3 and ports <= 4

    run(main(), seed=seed)


async def _try(p: Plane, step: Step) -> None:
    what, number = step
    kind, name = by_model(core_v1.Service), f"s{number}"
    with suppress(Forbidden, NotFound, AlreadyExists):
        if what == "create":
            await create(p, service(name, type="NodePort"))
        elif what == "delete":
            await p.registry.delete(kind, "default", name, meta_v1.DeleteOptions())
        else:
            ports = [{"port": 80 + n, "name": f"p{n}"} for n in range(number + 1)]
            await p.registry.patch(kind, "default", name, merge({"spec": {"ports": ports}}), PLAIN)


@given(wanted=st.integers(0, 12), room=st.integers(0, 12), seed=st.integers(0, 99))
def test_liveness_of_those_who_come_at_once_as_many_get_in_as_there_is_room(
    wanted: int, room: int, seed: int
) -> None:
    async def main() -> None:
        async with plane(seed) as p:
            await create(p, quota(hard={"configmaps": str(room)}))
            tries = (create(p, config(f"c{n}")) for n in range(wanted))
            made = [r for r in await asyncio.gather(*tries, return_exceptions=True) if not isinstance(r, Forbidden)]
            assert len(made) == min(wanted, room)

    run(main(), seed=seed)


def test_a_write_that_fails_gives_back_what_it_held() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"configmaps": "2"}))
        await create(p, config("a"))
        for _ in range(2):
            with pytest.raises(AlreadyExists):
                await create(p, config("a"))
        await create(p, config("b"))

    play(story)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (
            {"hard": {"gadgets": "1"}},
            'spec.hard[gadgets]: Invalid value: "gadgets": must be a standard resource for quota',
        ),
        ({"hard": {"pods": "-1"}}, 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0'),
        ({"hard": {"pods": "1500m"}}, 'spec.hard[pods]: Invalid value: "1500m": must be an integer'),
        (
            {"hard": {"services": "1"}, "scopes": ["BestEffort"]},
            'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
        ),
        (
            {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]},
            'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
        ),
        (
            {"hard": {"pods": "1"}, "scopeSelector": priority("In")},
            "spec.scopeSelector.matchExpressions.values: Required value: "
            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
    ],
)
def test_a_quota_that_means_nothing_is_refused(sent: dict[str, Any], fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(p, quota(**sent))
        assert fault in str(refusal.value)

    play(story)


def test_the_scopes_of_a_quota_stay() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"pods": "1"}, scopes=["BestEffort"]))
        with pytest.raises(Invalid, match="field is immutable"):
            await p.registry.patch(QUOTAS, "default", "q", merge({"spec": {"scopes": ["Terminating"]}}), PLAIN)

    play(story)


def test_a_pod_that_asks_for_more_later_needs_room_for_what_it_asks_for_more() -> None:
    async def story(p: Plane) -> None:
        await create(p, quota(hard={"requests.cpu": "2"}))
        await create(p, asking("a", requests={"cpu": "1"}))
        await create(p, asking("b", requests={"cpu": "500m"}))

        async def resize(cpu: str) -> None:
            container = {"name": "main", "resources": {"requests": {"cpu": cpu}}}
            change = merge({"spec": {"containers": [container]}})
            await p.registry.patch(PODS, "default", "a", change, PLAIN, "resize")

        refused = "exceeded quota: q, requested: requests.cpu=1, used: requests.cpu=1500m, limited: requests.cpu=2"
        with pytest.raises(Forbidden, match=refused):
            await resize("2")
        await resize("1500m")
        await resize("100m")
        await create(p, asking("c", requests={"cpu": "1400m"}))

    play(story)
