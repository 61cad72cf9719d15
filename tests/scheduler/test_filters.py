"""Each reason against a node, in Kubernetes' words, and how they add up."""

from typing import Any

import pytest
from controllers.cluster import claim, node, pod

from petset.api.models import core_v1, meta_v1, storage_v1
from petset.scheduler.filters import objections
from petset.scheduler.ledger import Ledger
from petset.scheduler.model import Bind, ClaimState, SelectNode, Snapshot
from petset.scheduler.plan import plan


def labelled(name: str, **labels: str) -> core_v1.Node:
    new = node(name)
    new.metadata.labels = {"kubernetes.io/hostname": name, **labels}
    return new


def tainted(key: str, effect: str = "NoSchedule") -> core_v1.Node:
    new = node("node-1")
    new.spec = core_v1.NodeSpec(taints=[core_v1.Taint(key=key, effect=effect, value="v")])
    return new


def cordoned() -> core_v1.Node:
    new = node("node-1")
    new.spec = core_v1.NodeSpec(unschedulable=True)
    return new


def unready() -> core_v1.Node:
    new = node("node-1")
    new.status.conditions[0].status = "False"
    return new


def wanting(**requests: str) -> core_v1.Pod:
    resources = core_v1.ResourceRequirements(requests=requests)
    return pod("web-0", containers=[core_v1.Container(name="main", image="x", resources=resources)])


def named(new: core_v1.Pod, name: str, **labels: str) -> core_v1.Pod:
    new.metadata = meta_v1.ObjectMeta(name=name, namespace="default", uid=name, labels=labels)
    return new


def near(kind: str, key: str = "kubernetes.io/hostname") -> core_v1.Affinity:
    """Required (anti-)affinity to pods of app=web."""
    term = core_v1.PodAffinityTerm(topologyKey=key, labelSelector=meta_v1.LabelSelector(matchLabels={"app": "web"}))
    if kind == "anti":
        rules = core_v1.PodAntiAffinity(requiredDuringSchedulingIgnoredDuringExecution=[term])
        return core_v1.Affinity(podAntiAffinity=rules)
    return core_v1.Affinity(podAffinity=core_v1.PodAffinity(requiredDuringSchedulingIgnoredDuringExecution=[term]))


def look(
    wanted: core_v1.Pod, *nodes: core_v1.Node, there: dict[str, core_v1.Pod] | None = None, **known: Any
) -> Snapshot:
    ledger = Ledger()
    for where, other in (there or {}).items():
        ledger.enter(other, where)
    return Snapshot(wanted, ledger.states(nodes), **known)


TOLERANT = [core_v1.Toleration(key="gpu", operator="Equal", value="v", effect="NoSchedule")]


@pytest.mark.parametrize(
    ("wanted", "where", "reasons"),
    [
        (pod("a"), node("node-1"), []),
        (pod("a"), cordoned(), ["node(s) were unschedulable"]),
        (pod("a"), unready(), ["node(s) had untolerated taint(s)"]),
        (pod("a"), tainted("gpu"), ["node(s) had untolerated taint(s)"]),
        (pod("a"), tainted("gpu", "PreferNoSchedule"), []),
        (pod("a", tolerations=TOLERANT), tainted("gpu"), []),
        (pod("a", tolerations=TOLERANT), tainted("gpu", "NoExecute"), ["node(s) had untolerated taint(s)"]),
        (pod("a", tolerations=[core_v1.Toleration(operator="Exists")]), cordoned(), []),
        (
            pod("a", nodeSelector={"disk": "ssd"}),
            node("node-1"),
            ["node(s) didn't match Pod's node affinity/selector"],
        ),
        (pod("a", nodeSelector={"disk": "ssd"}), labelled("node-1", disk="ssd"), []),
        (wanting(cpu="5"), node("node-1"), ["Insufficient cpu"]),
        (wanting(cpu="5", memory="9Gi"), node("node-1"), ["Insufficient cpu", "Insufficient memory"]),
        (pod("a"), node("node-1", pods="0"), ["Too many pods"]),
        (wanting(**{"example.com/gpu": "1"}), node("node-1"), ["Insufficient example.com/gpu"]),
    ],
)
def test_a_node_is_refused_with_the_words_of_kubernetes(
    wanted: core_v1.Pod, where: core_v1.Node, reasons: list[str]
) -> None:
    snapshot = look(wanted, where)
    assert list(objections(snapshot, snapshot.nodes[0])) == reasons


def test_reasons_are_counted_and_sorted() -> None:
    snapshot = look(wanting(memory="9Gi"), cordoned(), node("node-2"), node("node-3"))
    assert plan(snapshot).waiting.message == (
        "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient memory."
    )


def test_anti_affinity_keeps_like_from_like_whichever_came_first() -> None:
    shy = named(pod("web-1", affinity=near("anti")), "web-1", app="web")
    plain = named(pod("web-0"), "web-0", app="web")
    for wanted, there, words in (
        (shy, plain, "node(s) didn't match pod anti-affinity rules"),
        (plain, shy, "node(s) didn't satisfy existing pods anti-affinity rules"),
    ):
        snapshot = look(wanted, node("node-1"), node("node-2"), there={"node-1": there})
        assert list(objections(snapshot, snapshot.nodes[0])) == [words]
        assert plan(snapshot).actions == (Bind("node-2"),)


def test_anti_affinity_holds_for_the_whole_domain() -> None:
    nodes = [labelled("node-1", zone="a"), labelled("node-2", zone="a"), labelled("node-3", zone="b")]
    shy = named(pod("web-1", affinity=near("anti", "zone")), "web-1", app="web")
    snapshot = look(shy, *nodes, there={"node-1": named(pod("web-0"), "web-0", app="web")})
    assert plan(snapshot).actions == (Bind("node-3"),)


def test_affinity_brings_a_pod_to_its_like_and_lets_the_first_go_anywhere() -> None:
    social = named(pod("web-1", affinity=near("to")), "web-1", app="web")
    other = named(pod("web-0"), "web-0", app="web")
    assert plan(look(social, node("node-1"), node("node-2"), there={"node-2": other})).actions == (Bind("node-2"),)
    assert plan(look(social, node("node-1"))).actions == (Bind("node-1"),)
    stranger = named(pod("x", affinity=near("to")), "x", app="other")
    assert plan(look(stranger, node("node-1"))).waiting.message == (
        "0/1 nodes are available: 1 node(s) didn't match pod affinity rules."
    )


def test_replicas_of_one_owner_spread_over_the_nodes() -> None:
    owner = meta_v1.OwnerReference(apiVersion="apps/v1", kind="StatefulSet", name="web", uid="web", controller=True)
    ledger, nodes, placed = Ledger(), [node(f"node-{i}") for i in (1, 2, 3)], []
    for ordinal in range(6):
        replica = named(pod("web"), f"web-{ordinal}")
        replica.metadata.ownerReferences = [owner]
        (action,) = plan(Snapshot(replica, ledger.states(nodes))).actions
        ledger.enter(replica, action.node)
        placed.append(action.node)
    assert sorted(placed) == ["node-1", "node-1", "node-2", "node-2", "node-3", "node-3"]


IMMEDIATE = storage_v1.StorageClass(provisioner="p", volumeBindingMode="Immediate")
LAZY = storage_v1.StorageClass(provisioner="p", volumeBindingMode="WaitForFirstConsumer")
NOBODY = storage_v1.StorageClass(
    provisioner="kubernetes.io/no-provisioner", volumeBindingMode="WaitForFirstConsumer"
)


def bound(name: str = "v") -> core_v1.PersistentVolumeClaim:
    new = claim("data", volumeName=name)
    new.metadata.annotations = {"pv.kubernetes.io/bind-completed": "yes"}
    return new


def volume_on(host: str) -> core_v1.PersistentVolume:
    wanted = core_v1.NodeSelectorRequirement(key="kubernetes.io/hostname", operator="In", values=[host])
    selector = core_v1.NodeSelector(nodeSelectorTerms=[core_v1.NodeSelectorTerm(matchExpressions=[wanted])])
    return core_v1.PersistentVolume(
        metadata=meta_v1.ObjectMeta(name=f"on-{host}"),
        spec=core_v1.PersistentVolumeSpec(
            accessModes=["ReadWriteOnce"],
            capacity={"storage": "1Gi"},
            nodeAffinity=core_v1.VolumeNodeAffinity(required=selector),
        ),
    )


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (ClaimState("data"), 'persistentvolumeclaim "data" not found'),
        (
            ClaimState("data", claim("data"), storage_class=IMMEDIATE),
            "pod has unbound immediate PersistentVolumeClaims",
        ),
        (ClaimState("data", claim("data")), "pod has unbound immediate PersistentVolumeClaims"),
        (
            ClaimState("data", bound(), volume_on("elsewhere")),
            "1 node(s) didn't match PersistentVolume's node affinity",
        ),
        (
            ClaimState("data", claim("data"), storage_class=NOBODY, offers=[volume_on("elsewhere")]),
            "1 node(s) didn't find available persistent volumes to bind",
        ),
    ],
)
def test_a_pod_waits_for_its_claims_in_the_words_of_kubernetes(state: ClaimState, message: str) -> None:
    waiting = plan(look(pod("web-0", "data"), node("node-1"), claims=[state])).waiting
    assert waiting.message == f"0/1 nodes are available: {message}."


def test_a_claim_that_waits_for_its_consumer_is_told_the_node_and_keeps_to_it() -> None:
    wanted = claim("data")
    state = ClaimState("data", wanted, storage_class=LAZY)
    nodes = [node("node-1"), node("node-2")]
    decided = plan(look(pod("web-0", "data"), *nodes, claims=[state]))
    assert decided.actions == (SelectNode(wanted, "node-1"),)
    assert decided.waiting is not None and not decided.waiting.message
    told = claim("data")
    told.metadata.annotations = {"volume.kubernetes.io/selected-node": "node-2"}
    again = plan(look(pod("web-0", "data"), *nodes, claims=[ClaimState("data", told, storage_class=LAZY)]))
    assert again.actions == () and again.waiting is not None


def test_a_bound_volume_decides_the_node() -> None:
    state = ClaimState("data", bound(), volume_on("node-2"))
    assert plan(look(pod("web-0", "data"), node("node-1"), node("node-2"), claims=[state])).actions == (
        Bind("node-2"),
    )
