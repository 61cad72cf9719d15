"""What a Deployment decides in one look, played through on ReplicaSets that obey at once, late, or in part."""

from datetime import UTC, datetime, timedelta

import msgspec
from controllers.deployment.made import deployment, rolling, template
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import apps_v1
from petset.api.objects import meta, name_of
from petset.controllers.deployment.invariants import violations
from petset.controllers.deployment.model import (
    CreateReplicaSet,
    DeleteReplicaSet,
    Plan,
    ReplaceReplicaSet,
    Snapshot,
)
from petset.controllers.deployment.plan import plan
from petset.ownership.template_hash import pod_template_hash

START = datetime(2026, 1, 1, tzinfo=UTC)


class Tiny:
    """A Deployment and its ReplicaSets, without API and pods: `work` is what the ReplicaSets and nodes do."""

    def __init__(self, replicas: int, surge: int | str, unavailable: int | str) -> None:
        self.deployment = deployment(
            replicas=replicas, strategy=rolling(surge, unavailable), revisionHistoryLimit=2
        )
        meta(self.deployment).uid, meta(self.deployment).generation = "uid", 1
        self.sets: dict[str, apps_v1.ReplicaSet] = {}
        self.now = START

    def change(self, **spec: object) -> None:
        self.deployment = msgspec.structs.replace(
            self.deployment,
            spec=msgspec.structs.replace(self.deployment.spec, **spec),
            metadata=msgspec.structs.replace(
                meta(self.deployment), generation=meta(self.deployment).generation + 1
            ),
        )

    def snapshot(self) -> Snapshot:
        return Snapshot(self.deployment, tuple(self.sets.values()), self.now)

    def look(self, stop_after: int | None = None) -> Plan:
        """One sync, of which only the first actions may be carried out."""
        self.now += timedelta(seconds=1)
        snapshot = self.snapshot()
        made = plan(snapshot)
        assert violations(snapshot, made) == ()
        for action in made.actions[:stop_after]:
            match action:
                case CreateReplicaSet(wanted):
                    metadata = msgspec.structs.replace(
                        meta(wanted), uid=name_of(wanted), creationTimestamp=self.now, generation=1
                    )
                    self.sets[name_of(wanted)] = msgspec.structs.replace(wanted, metadata=metadata)
                case ReplaceReplicaSet(wanted):
                    self.sets[name_of(wanted)] = wanted
                case DeleteReplicaSet(old):
                    del self.sets[name_of(old)]
        if stop_after is None:
            self.deployment = msgspec.structs.replace(self.deployment, status=made.status)
        return made

    def work(self, *, healthy: bool = True) -> None:
        """Every ReplicaSet has the pods that it is asked for; new ones are Available on healthy nodes."""
        for name, rs in self.sets.items():
            wanted = rs.spec.replicas or 0
            before = (rs.status.availableReplicas if rs.status else 0) or 0
            available = wanted if healthy else min(before, wanted)
            status = apps_v1.ReplicaSetStatus(
                replicas=wanted,
                readyReplicas=available,
                availableReplicas=available,
                observedGeneration=meta(rs).generation,
            )
            self.sets[name] = msgspec.structs.replace(rs, status=status)

    def run(self) -> None:
        for _ in range(60):
            self.work()
            if not self.look().actions and self.settled():
                return
        raise AssertionError(f"never settled: {self.sizes()}")

    def settled(self) -> bool:
        status, wanted = self.deployment.status, self.deployment.spec.replicas
        return ((status.updatedReplicas or 0), (status.replicas or 0), (status.availableReplicas or 0)) == (
            wanted,
        ) * 3

    def sizes(self) -> dict[str, int]:
        return {rs.spec.template.spec.containers[0].image: rs.spec.replicas for rs in self.sets.values()}


BUDGETS = st.sampled_from([(1, 0), (0, 1), (1, 1), (3, 2), ("25%", "25%"), ("50%", 0), ("10%", "10%")])
EVENTS = st.one_of(
    st.tuples(st.just("edit"), st.sampled_from(["redis:7.0", "new", "newer"])),
    st.tuples(st.just("scale"), st.integers(0, 8)),
    st.tuples(st.just("pause"), st.booleans()),
    st.tuples(st.just("look"), st.one_of(st.none(), st.integers(0, 3))),
    st.tuples(st.just("work"), st.booleans()),
)


@given(st.integers(0, 8), BUDGETS, st.lists(EVENTS, max_size=20))
@settings(max_examples=150, deadline=None)
def test_no_promise_is_broken_and_a_healthy_world_reaches_the_spec(
    replicas: int, budget: tuple[int | str, int | str], events: list[tuple[str, object]]
) -> None:
    tiny = Tiny(replicas, *budget)
    for event in events:
        match event:
            case ("edit", str(image)):
                tiny.change(template=template(image))
            case ("scale", int(size)):
                tiny.change(replicas=size)
            case ("pause", bool(paused)):
                tiny.change(paused=paused)
            case ("look", None | int() as stop_after):
                tiny.look(stop_after)
            case ("work", bool(healthy)):
                tiny.work(healthy=healthy)
    tiny.change(paused=False)
    tiny.run()
    image = tiny.deployment.spec.template.spec.containers[0].image
    assert {name: size for name, size in tiny.sizes().items() if size} in (
        {image: tiny.deployment.spec.replicas},
        {},
    )


def test_the_new_set_takes_the_room_of_the_surge_at_once_and_the_old_makes_room() -> None:
    tiny = Tiny(10, 3, 2)
    tiny.run()
    tiny.change(template=template("new"))
    tiny.look()
    assert tiny.sizes() == {"redis:7.0": 8, "new": 3}
    tiny.work(healthy=False)
    tiny.look()
    assert tiny.sizes() == {"redis:7.0": 8, "new": 5}
    tiny.look()
    assert tiny.sizes() == {"redis:7.0": 8, "new": 5}


def test_a_change_of_the_template_changes_its_hash_and_a_collision_does_too() -> None:
    hashes = {
        pod_template_hash(template(), None),
        pod_template_hash(template(), 0),
        pod_template_hash(template(), 1),
        pod_template_hash(template("new"), None),
    }
    assert len(hashes) == 4
    assert pod_template_hash(template(), None) == pod_template_hash(template(), None)


def test_annotations_go_to_the_replica_set_but_for_those_about_the_deployment_itself() -> None:
    tiny = Tiny(1, 1, 0)
    meta(tiny.deployment).annotations = {
        "kubernetes.io/change-cause": "first",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    tiny.look()
    (made,) = tiny.sets.values()
    assert meta(made).annotations == {
        "kubernetes.io/change-cause": "first",
        "deployment.kubernetes.io/revision": "1",
        "deployment.kubernetes.io/desired-replicas": "1",
        "deployment.kubernetes.io/max-replicas": "2",
    }
