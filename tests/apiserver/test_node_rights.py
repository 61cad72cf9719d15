"""What a node may do: read what its pods name, write its own Node, Lease and pods, and nothing of anybody else."""

from typing import Any

import pytest
from apiserver.asgi import MERGE, Site, config_map, on_a_plane, pod

from petset.api.rbac import Attributes
from petset.apiserver.authenticate import Peer
from petset.apiserver.nodes import NodeRights
from petset.testing.loop import run
from petset.testing.plane import plane

NODE = {"peer": Peer("system:node:n1", ("system:nodes",))}
OTHER = {"peer": Peer("system:node:n2", ("system:nodes",))}
CORE = "/api/v1/namespaces/default"
CONFIG_MAPS, SECRETS, PODS = f"{CORE}/configmaps", f"{CORE}/secrets", f"{CORE}/pods"
NODES, LEASES = "/api/v1/nodes", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
UNRELATED = "no relationship found between node 'n2' and this object"


def reader(name: str, node: str = "n1", **spec: Any) -> dict[str, Any]:
    """A pod on a node that names the ConfigMap, the Secret and the claim of its own name."""
    base = pod(name)
    return {
        **base,
        "spec": {
            **base["spec"],
            "nodeName": node,
            "volumes": [
                {"name": "a", "configMap": {"name": name}},
                {"name": "b", "persistentVolumeClaim": {"claimName": name}},
            ],
            "imagePullSecrets": [{"name": name}],
            **spec,
        },
    }


def secret(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "stringData": {"a": "b"}}


def node(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": labels}}


async def says(site: Site, status: int, *request: Any, **more: Any) -> str:
    answer = await site.ask(*request, **more)
    assert answer.status == status, answer
    return str(answer.json.get("message", ""))


@on_a_plane
async def test_a_node_reads_the_secrets_and_config_maps_that_its_pods_name_while_they_do(site: Site) -> None:
    for name in ("mine", "other"):
        await site.made(CONFIG_MAPS, config_map(name))
        await site.made(SECRETS, secret(name))
    assert "no relationship found between node 'n1'" in await says(site, 403, "GET", f"{SECRETS}/mine", **NODE)
    await site.made(PODS, reader("mine"))
    for url in (f"{SECRETS}/mine", f"{CONFIG_MAPS}/mine"):
        await says(site, 200, "GET", url, **NODE)
        assert UNRELATED in await says(site, 403, "GET", url, **OTHER)
        assert "can only read resources of this type" in await says(site, 403, "DELETE", url, **NODE)
    assert "no relationship found" in await says(site, 403, "GET", f"{SECRETS}/other", **NODE)
    assert "No Object name found" in await says(site, 403, "GET", SECRETS, **NODE)
    await says(site, 200, "GET", f"{SECRETS}?fieldSelector=metadata.name%3Dmine", **NODE)
    await site.ask("DELETE", f"{PODS}/mine?gracePeriodSeconds=0")
    await says(site, 403, "GET", f"{SECRETS}/mine", **NODE)


@on_a_plane
async def test_a_debug_container_that_is_added_later_brings_its_rights(site: Site) -> None:
    await site.made(SECRETS, secret("late"))
    await site.made(PODS, reader("mine"))
    await says(site, 403, "GET", f"{SECRETS}/late", **NODE)
    added = {"name": "debug", "image": "x", "envFrom": [{"secretRef": {"name": "late"}}]}
    change = {"spec": {"ephemeralContainers": [added]}}
    await says(site, 200, "PATCH", f"{PODS}/mine/ephemeralcontainers", change, content_type=MERGE)
    await says(site, 200, "GET", f"{SECRETS}/late", **NODE)


@on_a_plane
async def test_a_node_reads_the_claims_of_its_pods_and_their_volumes(site: Site) -> None:
    claim = {
        "metadata": {"name": "mine"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    volume = {
        "metadata": {"name": "v"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "hostPath": {"path": "/v"},
            "claimRef": {"namespace": "default", "name": "mine"},
        },
    }
    await site.made(f"{CORE}/persistentvolumeclaims", claim)
    await site.made("/api/v1/persistentvolumes", volume)
    await site.made(PODS, reader("mine"))
    for url in (f"{CORE}/persistentvolumeclaims/mine", "/api/v1/persistentvolumes/v"):
        await says(site, 200, "GET", url, **NODE)
        assert UNRELATED in await says(site, 403, "GET", url, **OTHER)
    grown = {"status": {"capacity": {"storage": "1Gi"}}}
    status = f"{CORE}/persistentvolumeclaims/mine/status"
    await says(site, 200, "PATCH", status, grown, content_type=MERGE, **NODE)
    more = {"metadata": {"labels": {"a": "b"}}}
    refusal = await says(site, 403, "PATCH", status, more, content_type=MERGE, **NODE)
    assert 'node "n1" is not allowed to update fields other than status.capacity' in refusal


@on_a_plane
async def test_a_node_lists_and_changes_its_own_pods_alone(site: Site) -> None:
    await site.made(PODS, reader("mine"))
    refusal = await says(site, 403, "GET", PODS, **NODE)
    assert "can only list/watch pods with spec.nodeName field selector" in refusal
    await says(site, 200, "GET", f"{PODS}?fieldSelector=spec.nodeName%3Dn1", **NODE)
    await says(site, 200, "GET", f"{PODS}/mine", **NODE)
    await says(site, 403, "GET", f"{PODS}/mine", **OTHER)
    running = {"status": {"phase": "Running"}}
    status = f"{PODS}/mine/status"
    await says(site, 200, "PATCH", status, running, content_type=MERGE, **NODE)
    refusal = await says(site, 403, "PATCH", status, running, content_type=MERGE, **OTHER)
    assert 'node "n2" can only update pod status for pods with spec.nodeName set to itself' in refusal
    labels = {"metadata": {"labels": {"app": "x"}}}
    refusal = await says(site, 403, "PATCH", status, labels, content_type=MERGE, **NODE)
    assert 'node "n1" cannot update labels through pod status' in refusal
    assert "can only delete pods" in await says(site, 403, "DELETE", f"{PODS}/mine", **OTHER)
    evict = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "mine"}}
    refusal = await says(site, 403, "POST", f"{PODS}/mine/eviction", evict, **OTHER)
    assert "node n2 can only evict pods with spec.nodeName set to itself" in refusal
    await says(site, 201, "POST", f"{PODS}/mine/eviction", evict, **NODE)
    await says(site, 200, "DELETE", f"{PODS}/mine?gracePeriodSeconds=0", **NODE)


@on_a_plane
async def test_a_node_makes_pods_that_mirror_what_it_runs_and_no_others(site: Site) -> None:
    own = (await site.made(NODES, node("n1")))["metadata"]["uid"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": own, "controller": True}

    async def refused(change: dict[str, Any], spec: dict[str, Any] | None = None, why: str = "") -> None:
        meta = {"annotations": {"kubernetes.io/config.mirror": "x"}, "ownerReferences": [owner], **change}
        made = pod("mirror")
        body = {**made, "metadata": {"name": "mirror", **meta}}
        body["spec"] = {**made["spec"], "nodeName": "n1", **(spec or {})}
        answer = await site.ask("POST", PODS, body, **NODE)
        if not why:
            assert answer.status == 201, answer
            assert not answer.json["spec"].get("serviceAccountName") and not answer.json["spec"].get("volumes")
        else:
            assert answer.status == 403 and why in answer.json["message"], answer

    await refused({"annotations": {}}, why='node "n1" can only create mirror pods')
    await refused({}, {"nodeName": "n2"}, 'node "n1" can only create pods with spec.nodeName set to itself')
    await refused({"ownerReferences": []}, why="with an owner reference set to itself")
    await refused({"ownerReferences": [owner, {**owner, "uid": "u"}]}, why="with a single owner reference set")
    await refused({"ownerReferences": [{**owner, "controller": False}]}, why="with a controller owner reference")
    await refused({"ownerReferences": [{**owner, "blockOwnerDeletion": True}]}, why="must not set blockOwner")
    await refused({"ownerReferences": [{**owner, "uid": "u"}]}, why=f"UID mismatch: expected u got {own}")
    await refused({}, {"serviceAccountName": "default"}, "can not create pods that reference a service account")
    for source, what in (
        ({"secret": {"secretName": "s"}}, "secrets"),
        ({"configMap": {"name": "c"}}, "configmaps"),
        ({"persistentVolumeClaim": {"claimName": "p"}}, "persistentvolumeclaims"),
    ):
        await refused({}, {"volumes": [{"name": "v", **source}]}, f"can not create pods that reference {what}")
    await refused({})


@on_a_plane
async def test_a_node_writes_its_own_node_and_lease_without_what_steers_work(site: Site) -> None:
    allowed = {"kubernetes.io/hostname": "n1", "x.node.kubernetes.io/y": "1", "example.com/disk": "ssd"}
    refusal = await says(site, 403, "POST", NODES, node("n1", **{"node-restriction.kubernetes.io/x": "1"}), **NODE)
    assert 'node "n1" is not allowed to set the following labels: node-restriction.kubernetes.io/x' in refusal
    await says(site, 201, "POST", NODES, node("n1", **allowed), **NODE)
    refusal = await says(site, 403, "POST", NODES, node("n3"), **NODE)
    assert 'node "n1" is not allowed to modify node "n3"' in refusal
    mine = f"{NODES}/n1"
    await says(site, 200, "GET", mine, **NODE)
    assert "cannot read 'n1', only its own Node object" in await says(site, 403, "GET", mine, **OTHER)
    assert "cannot read all nodes, only its own" in await says(site, 403, "GET", NODES, **NODE)
    for change, why in (
        ({"metadata": {"labels": {"kubernetes.io/role": "db", "a.k8s.io/b": "c"}}}, "labels: a.k8s.io/b, kuber"),
        ({"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}}, "not allowed to modify taints"),
    ):
        assert why in await says(site, 403, "PATCH", mine, change, content_type=MERGE, **NODE)
    free = {"metadata": {"labels": {"example.com/disk": "hdd"}}}
    await says(site, 200, "PATCH", mine, free, content_type=MERGE, **NODE)
    await says(site, 403, "DELETE", mine, **NODE)
    lease = {"metadata": {"name": "n1"}, "spec": {"holderIdentity": "n1"}}
    await says(site, 201, "POST", LEASES, lease, **NODE)
    refusal = await says(site, 403, "POST", LEASES, {"metadata": {"name": "n3"}}, **NODE)
    assert "can only access node lease with the same name as the requesting node" in refusal
    await says(site, 403, "GET", f"{LEASES}/n1", **OTHER)
    elsewhere = LEASES.replace("kube-node-lease", "default")
    assert 'can only access leases in the "kube-node-lease"' in await says(
        site, 403, "POST", elsewhere, lease, **NODE
    )


NAMED = Attributes("get", resource="secrets", namespace="default", name="s")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Attributes("get", resource="services", namespace="a", name="b"), None),
        (Attributes("create", resource="events", namespace="a"), None),
        (Attributes("get", resource="persistentvolumes", name="v"), "no relationship found"),
        (Attributes("list", resource="persistentvolumes"), "can only get individual resources of this type"),
        (Attributes("list", resource="secrets", name="s"), "can only read namespaced object of this type"),
        (Attributes("get", "", "secrets", "x", "default", "s"), "cannot read subresource"),
        (Attributes("create", resource="serviceaccounts", subresource="token"), "tokens for individual"),
        (Attributes("create", resource="serviceaccounts", name="a"), "can only create token subresource"),
        (Attributes("list", "coordination.k8s.io", "leases"), "can only get, create, update, patch, or delete"),
        (Attributes("update", resource="persistentvolumeclaims", name="c"), "individual resources"),
        (Attributes("get", resource="persistentvolumeclaims", subresource="status"), "can only get/update/patch"),
        (Attributes("update", resource="nodes", subresource="status", name="x"), None),
        (Attributes("update", resource="pods", namespace="a", name="b"), ""),
        (Attributes("create", resource="deployments", group="apps"), ""),
        (NAMED, "no relationship found between node 'n1' and this object"),
    ],
)
def test_a_node_is_told_why_not(asked: Attributes, why: str | None) -> None:
    async def story() -> None:
        async with plane() as p:
            decision = NodeRights(p.registry).decide("n1", asked)
            assert decision.allowed == (why is None)
            assert (why or "") in decision.reason
            assert not NodeRights(p.registry).decide("", asked).allowed

    run(story())
