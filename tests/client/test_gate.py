"""Components in the server's own process may do what their accounts may, and from the moment on when they may."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from registry.given import config, pod

from petset.aio.tasks import Supervisor, give_way
from petset.api.errors import Forbidden
from petset.api.models import core_v1, meta_v1, rbac_v1
from petset.api.objects import name_of, replace
from petset.apiserver.authorize import Rbac
from petset.apiserver.gate import RulesGate
from petset.client import accounts
from petset.client.local import LocalClient
from petset.node.news import News
from petset.node.references import Reference
from petset.registry.roles import ensure_roles
from petset.testing.link import Link, Weather
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

SETS = accounts.controller("statefulset-controller")


@asynccontextmanager
async def guarded() -> AsyncIterator[tuple[Plane, LocalClient]]:
    """A plane with its roles stored, and a client of the server itself behind the real gate."""
    async with plane() as p, Supervisor("test") as tasks:
        await ensure_roles(p.registry)
        rules = Rbac(p.registry)
        gate = RulesGate(p.registry, rules, rules.nodes)
        rules.on_change(gate.forget)
        tasks.start("rights", rules.run(p.clock))
        yield p, LocalClient(p.registry, gate=gate)


def play(story: Callable[[Plane, LocalClient], Coroutine[Any, Any, None]]) -> None:
    async def told() -> None:
        async with guarded() as (p, client):
            await story(p, client)

    run(told())


async def settled() -> None:
    for _ in range(5):
        await give_way()


def test_a_controller_may_do_what_its_role_says_and_no_more() -> None:
    async def story(p: Plane, client: LocalClient) -> None:
        sets = client.acting_as(SETS)
        made = await sets.create(pod("web-0", namespace="default"))
        refused = (
            'configmaps is forbidden: User "system:serviceaccount:kube-system:statefulset-controller" cannot '
            'create resource "configmaps" in API group "" in the namespace "default"'
        )
        with pytest.raises(Forbidden, match=refused):
            await sets.create(config("c", namespace="default"))
        with pytest.raises(Forbidden, match='cannot update resource "pods/status"'):
            await sets.update(replace(made, status=core_v1.PodStatus(phase="Running")), "status")
        with pytest.raises(Forbidden, match='cannot list resource "secrets"'):
            await sets.list(core_v1.Secret)
        await sets.delete(core_v1.Pod, "web-0", "default", meta_v1.DeleteOptions(gracePeriodSeconds=0))
        await client.create(config("c", namespace="default"))

    play(story)


def test_a_right_that_is_taken_or_given_back_counts_though_it_was_used_before() -> None:
    async def story(p: Plane, client: LocalClient) -> None:
        sets, role = client.acting_as(SETS), "system:controller:statefulset-controller"
        await sets.create(pod("a", namespace="default"))
        binding = await p.client.get(rbac_v1.ClusterRoleBinding, role)
        await p.client.delete(rbac_v1.ClusterRoleBinding, role)
        await settled()
        with pytest.raises(Forbidden):
            await sets.create(pod("b", namespace="default"))
        fresh = meta_v1.ObjectMeta(name=role)
        await p.client.create(replace(binding, metadata=fresh))
        await settled()
        await sets.create(pod("b", namespace="default"))

    play(story)


def test_who_may_only_patch_may_send_the_whole_object_that_it_read() -> None:
    async def story(p: Plane, client: LocalClient) -> None:
        replicas = client.acting_as(accounts.controller("replicaset-controller"))
        made = await p.client.create(pod("a", namespace="default"))
        labels = replace(made.metadata, labels={"app": "web"})
        await replicas.update(replace(made, metadata=labels))
        with pytest.raises(Forbidden):
            await replicas.get(core_v1.Pod, "a", "default")

    play(story)


def test_a_node_hears_of_what_its_pods_name_and_of_nothing_else() -> None:
    """Also of the end of what was there before its pod."""

    async def story(p: Plane, client: LocalClient) -> None:
        agent = client.acting_as(accounts.node("n1"))
        heard: list[str] = []
        news = News(agent, p.clock, "ConfigMap", core_v1.ConfigMap, lambda _, r: heard.append(r.name))
        async with Supervisor("test") as tasks:
            await p.client.create(config("early", namespace="default"))
            tasks.start("news", news.run())
            await news.started()
            await p.client.create(config("other", namespace="default"))
            volume = core_v1.Volume(name="v", configMap=core_v1.ConfigMapVolumeSource(name="early"))
            user = pod("a", namespace="default")
            user.spec.nodeName, user.spec.volumes = "n1", [volume]
            await p.client.create(user)
            await p.client.delete(core_v1.ConfigMap, "other", "default")
            await p.client.delete(core_v1.ConfigMap, "early", "default")
            await settled()
            assert heard == ["early"]

    play(story)


def test_after_a_gap_a_node_hears_again_of_all_that_its_pods_name() -> None:
    async def story(p: Plane, client: LocalClient) -> None:
        heard: list[Reference] = []
        cut = Link(p.client, p.clock, Weather(cut_rate=1.0), p.random)
        news = News(cut, p.clock, "ConfigMap", core_v1.ConfigMap, lambda _, reference: heard.append(reference))
        async with Supervisor("test") as tasks:
            await p.client.create(config("there", namespace="kube-public"))
            tasks.start("news", news.run())
            await news.started()
            await p.client.create(config("new", namespace="kube-public"))
            await settled()
            assert {reference.name for reference in heard} >= {"there", "new"}

    play(story)


def test_what_a_component_writes_is_owned_by_its_program() -> None:
    async def story(p: Plane, client: LocalClient) -> None:
        names = {
            account.manager
            for account in (SETS, accounts.SCHEDULER, accounts.node("n"), accounts.PROXY, accounts.API_SERVER)
        }
        assert names == {
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kube-proxy",
            "kube-apiserver",
        }
        listed = await p.client.list(core_v1.ServiceAccount, "kube-system")
        assert "statefulset-controller" in {name_of(account) for account in listed.items}

    play(story)
