"""What a DaemonSet decides in one look, played through on nodes that obey at once, late, or not at all."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from controllers.deployment.made import template
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of
from petset.controllers.daemonset.invariants import violations
from petset.controllers.daemonset.model import CreatePod, DeletePod, Plan, Snapshot
from petset.controllers.daemonset.placing import node_of
from petset.controllers.daemonset.plan import plan
from petset.ownership.health import is_available
from petset.ownership.revisions import CreateRevision, DeleteRevision, RenumberRevision

CLOSED = core_v1.Taint(key="closed", effect="NoSchedule")
START = datetime(2026, 1, 1, tzinfo=UTC)


def rolling(unavailable: int | str = 0, surge: int | str = 0) -> apps_v1.DaemonSetUpdateStrategy:
    block = apps_v1.RollingUpdateDaemonSet(maxUnavailable=unavailable, maxSurge=surge)
    return apps_v1.DaemonSetUpdateStrategy(type="RollingUpdate", rollingUpdate=block)


class Tiny:
    """A DaemonSet, its nodes and its pods, without API; pods are named by the order in which they came."""

    def __init__(self, nodes: int, **spec: object) -> None:
        selector = meta_v1.LabelSelector(matchLabels={"app": "web"})
        metadata = meta_v1.ObjectMeta(name="web", namespace="default", uid="uid", generation=1)
        given = {"selector": selector, "template": template(), **spec}
        self.set = apps_v1.DaemonSet(metadata=metadata, spec=apps_v1.DaemonSetSpec(**given))
        self.nodes = {f"n{number}": {} for number in range(nodes)}
        self.tainted = set[str]()
        self.pods: dict[str, core_v1.Pod] = {}
        self.revisions: dict[str, apps_v1.ControllerRevision] = {}
        self.now = START
        self.born = 0

    def snapshot(self) -> Snapshot:
        nodes = tuple(
            core_v1.Node(
                metadata=meta_v1.ObjectMeta(name=name, labels=labels),
                spec=core_v1.NodeSpec(taints=[CLOSED] if name in self.tainted else None),
            )
            for name, labels in self.nodes.items()
        )
        return Snapshot(self.set, nodes, tuple(self.pods.values()), tuple(self.revisions.values()), self.now)

    def look(self, stop_after: int | None = None) -> Plan:
        """One sync, of which only the first actions may be carried out."""
        self.now += timedelta(seconds=1)
        snapshot = self.snapshot()
        made = plan(snapshot)
        assert violations(snapshot, made) == ()
        for action in made.actions[:stop_after]:
            match action:
                case CreatePod(pod):
                    self.born += 1
                    born = msgspec.structs.replace(
                        meta(pod), name=f"p{self.born}", uid=f"p{self.born}", creationTimestamp=self.now
                    )
                    self.pods[f"p{self.born}"] = core_v1.Pod(
                        metadata=born, spec=pod.spec, status=core_v1.PodStatus(phase="Pending")
                    )
                case DeletePod(pod):
                    self.edit(name_of(pod), deletionTimestamp=self.now)
                case CreateRevision(revision):
                    self.revisions[name_of(revision)] = revision
                case RenumberRevision(revision, number):
                    self.revisions[name_of(revision)] = msgspec.structs.replace(revision, revision=number)
                case DeleteRevision(revision):
                    del self.revisions[name_of(revision)]
        return made

    def told(self) -> list[str]:
        """The steps of one sync on pods: `create n0`, `delete n1 redis:7.0`."""
        words = []
        for action in self.look().actions:
            if isinstance(action, CreatePod):
                words.append(f"create {action.node}")
            elif isinstance(action, DeletePod):
                words.append(f"delete {node_of(action.pod)} {action.pod.spec.containers[0].image}")
        return words

    def change(self, **spec: object) -> None:
        metadata = msgspec.structs.replace(meta(self.set), generation=meta(self.set).generation + 1)
        self.set = msgspec.structs.replace(
            self.set, metadata=metadata, spec=msgspec.structs.replace(self.set.spec, **spec)
        )

    def edit(self, name: str, **metadata: object) -> None:
        pod = self.pods[name]
        self.pods[name] = msgspec.structs.replace(pod, metadata=msgspec.structs.replace(meta(pod), **metadata))

    def phase(self, name: str, phase: str, *, ready: bool = False) -> None:
        condition = core_v1.PodCondition(
            type="Ready", status="True" if ready else "False", lastTransitionTime=self.now
        )
        status = core_v1.PodStatus(phase=phase, conditions=[condition])
        self.pods[name] = msgspec.structs.replace(self.pods[name], status=status)

    def ready(self, node: str, image: str = "") -> None:
        """The living pods of the node, of this image if one is named, become Ready."""
        for name, pod in self.pods.items():
            if node_of(pod) == node and image in (pod.spec.containers[0].image, ""):
                self.phase(name, "Running", ready=True)

    def work(self) -> None:
        """Every deleted pod goes, every other becomes Ready."""
        for name, pod in list(self.pods.items()):
            if meta(pod).deletionTimestamp is not None:
                del self.pods[name]
            elif not pod.status or pod.status.phase == "Pending":
                self.phase(name, "Running", ready=True)

    def run(self, rounds: int = 60) -> None:
        for _ in range(rounds):
            self.look()
            self.work()

    def images(self) -> dict[str, list[str]]:
        """What runs where, the older first."""
        found: dict[str, list[str]] = {}
        for pod in self.pods.values():
            found.setdefault(node_of(pod), []).append(pod.spec.containers[0].image)
        return found


def updating(nodes: int = 3, **spec: object) -> Tiny:
    """A set at rest whose template has just changed to `new`."""
    tiny = Tiny(nodes, **spec)
    tiny.run(4)
    tiny.change(template=template("new"))
    return tiny


def test_in_a_surge_the_successor_comes_first_and_the_old_pod_goes_when_it_is_available() -> None:
    tiny = updating(updateStrategy=rolling(surge=1), minReadySeconds=10)
    tiny.now += timedelta(seconds=20)
    assert tiny.told() == ["create n0"]
    assert tiny.told() == []
    tiny.ready("n0", "new")
    assert tiny.told() == [], "Ready, but not for long enough"
    tiny.now += timedelta(seconds=10)
    assert tiny.told() == ["delete n0 redis:7.0", "create n1"]
    assert tiny.images()["n0"] == ["redis:7.0", "new"]


@pytest.mark.parametrize(("surge", "at_once"), [(1, 1), (2, 2), ("50%", 2), ("10%", 1), ("100%", 4)])
def test_as_many_nodes_surge_at_once_as_allowed(surge: int | str, at_once: int) -> None:
    tiny = updating(4, updateStrategy=rolling(surge=surge))
    assert tiny.told() == [f"create n{n}" for n in range(at_once)]
    assert tiny.told() == []


def test_in_a_surge_old_pods_that_do_not_work_get_a_successor_whatever_the_number() -> None:
    tiny = updating(4, updateStrategy=rolling(surge=1))
    for name in ("p2", "p3", "p4"):
        tiny.phase(name, "Running")
    assert sorted(tiny.told()) == ["create n0", "create n1", "create n2", "create n3"]
    # … and go as soon as they have one: there is nothing to keep up.
    assert sorted(tiny.told()) == [f"delete n{n} redis:7.0" for n in (1, 2, 3)]


def test_a_third_template_in_the_middle_of_a_surge_leaves_the_pod_that_works() -> None:
    tiny = updating(1, updateStrategy=rolling(surge=1))
    assert tiny.told() == ["create n0"]
    tiny.change(template=template("newer"))
    assert tiny.told() == ["delete n0 new", "create n0"], "of two old ones the older stays"
    tiny.run(4)
    assert tiny.images() == {"n0": ["newer"]}


def test_without_a_surge_the_old_pod_goes_first() -> None:
    tiny = updating(updateStrategy=rolling(unavailable=1))
    assert tiny.told() == ["delete n0 redis:7.0"]
    assert tiny.told() == []
    tiny.work()
    assert tiny.told() == ["create n0"]


def test_in_a_surge_the_pod_of_a_node_that_is_not_meant_any_more_stays_until_others_serve() -> None:
    """The node got a taint that keeps new pods out and lets running ones stay."""
    tiny = updating(3, updateStrategy=rolling(surge=3))
    tiny.tainted = {"n0"}
    assert tiny.told() == ["delete n0 redis:7.0", "create n1", "create n2"], "two of two that are meant are served"
    tiny = updating(3, updateStrategy=rolling(surge=3))
    tiny.tainted = {"n0"}
    tiny.phase("p2", "Running")
    assert tiny.told() == ["create n1", "create n2"]
    tiny.ready("n1", "new")
    assert tiny.told() == ["delete n1 redis:7.0", "delete n0 redis:7.0"], "now n1 is served, and n2 still is"


STRATEGIES = st.one_of(
    st.builds(rolling, unavailable=st.sampled_from([1, 2, "50%"])),
    st.builds(lambda surge: rolling(surge=surge), st.sampled_from([1, 2, "50%", "100%"])),
)
POD = st.integers(1, 12)
EVENTS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(["redis:7.0", "new", "newer"])),
    st.tuples(st.just("strategy"), STRATEGIES),
    st.tuples(st.just("nodes"), st.integers(0, 5)),
    st.tuples(st.just("phase"), st.tuples(POD, st.sampled_from(["Pending", "Running", "Failed", "Succeeded"]))),
    st.tuples(st.just("ready"), POD),
    st.tuples(st.just("gone"), POD),
    st.tuples(st.just("look"), st.one_of(st.none(), st.integers(0, 3))),
    st.tuples(st.just("work"), st.none()),
)


def happen(tiny: Tiny, event: tuple[str, object]) -> None:
    match event:
        case ("edit", str(image)):
            tiny.change(template=template(image))
        case ("strategy", strategy):
            tiny.change(updateStrategy=strategy)
        case ("nodes", int(count)):
            tiny.nodes = {f"n{number}": {} for number in range(count)}
            tiny.pods = {name: pod for name, pod in tiny.pods.items() if node_of(pod) in tiny.nodes}
        case ("look", stop_after):
            tiny.look(stop_after)
        case ("work", None):
            tiny.work()
        case ("phase", (int(number), str(phase))) if f"p{number}" in tiny.pods:
            tiny.phase(f"p{number}", phase)
        case ("ready", int(number)) if f"p{number}" in tiny.pods:
            tiny.phase(f"p{number}", "Running", ready=True)
        case ("gone", int(number)):
            tiny.pods.pop(f"p{number}", None)


@given(STRATEGIES, st.lists(EVENTS, max_size=20))
@settings(max_examples=150)
def test_no_promise_is_broken_and_a_healthy_world_reaches_the_spec(
    strategy: apps_v1.DaemonSetUpdateStrategy, events: list[tuple[str, object]]
) -> None:
    tiny = Tiny(3, updateStrategy=strategy)
    for event in events:
        happen(tiny, event)
    for name, pod in tiny.pods.items():
        if pod.status and pod.status.phase == "Running":
            tiny.phase(name, "Running", ready=True)
    tiny.run()
    assert tiny.images() == {node: [tiny.set.spec.template.spec.containers[0].image] for node in tiny.nodes}
    assert tiny.look().actions == ()


@given(st.integers(1, 5), st.sampled_from([1, 2, "50%"]), st.lists(st.integers(0, 2), max_size=30))
@settings(max_examples=80)
def test_a_surge_never_leaves_a_node_without_a_pod_that_works(
    nodes: int, surge: int | str, cuts: list[int]
) -> None:
    """However a controller is cut off, and however late the nodes are."""
    tiny = updating(nodes, updateStrategy=rolling(surge=surge))
    for cut in [*cuts, *[9] * 40]:
        tiny.look(cut)
        if cut:
            tiny.work()
        served = {node_of(pod) for pod in tiny.pods.values() if is_available(pod, 0, tiny.now)}
        assert served == set(tiny.nodes)
    assert tiny.images() == {node: ["new"] for node in tiny.nodes}
