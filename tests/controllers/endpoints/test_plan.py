"""Attacks on the slices: any pods, any slices left from before, any plan cut off anywhere.

Safety and liveness in one: whatever was there, carrying out the plan leaves every member in exactly one slice;
cutting it off and planning again comes to the same; and when it is done there is nothing to do.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from controllers.cluster import pod
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.controllers.endpoints import members
from petset.controllers.endpoints.found import Members
from petset.controllers.endpoints.invariants import broken
from petset.controllers.endpoints.model import CreateSlice, DeleteEndpoints, DeleteSlice, Snapshot, UpdateSlice
from petset.controllers.endpoints.plan import plan


def service(*ports: core_v1.ServicePort, **spec: Any) -> core_v1.Service:
    return core_v1.Service(
        metadata=meta_v1.ObjectMeta(name="redis", namespace="default", uid="redis"),
        spec=core_v1.ServiceSpec(**{"selector": {"app": "redis"}, "ports": list(ports) or None, **spec}),
    )


def member(
    number: int, *, ip: bool = True, ready: bool = True, phase: str = "Running", port: int = 6379
) -> core_v1.Pod:
    new = pod(f"redis-{number}", hostname=f"redis-{number}", subdomain="redis")
    new.metadata.uid = f"uid-{number}"
    new.metadata.labels = {"app": "redis"}
    new.spec.containers[0].ports = [core_v1.ContainerPort(name="redis", containerPort=port)]
    new.status = core_v1.PodStatus(
        phase=phase,
        podIPs=[core_v1.PodIP(ip=f"10.0.{number // 250}.{number % 250 + 1}")] if ip else None,
        conditions=[core_v1.PodCondition(type="Ready", status="True" if ready else "False")],
    )
    return new


class Slices:
    """The slices of one Service as an API server would keep them, written to by a plan's steps."""

    def __init__(self) -> None:
        self.kept: dict[str, discovery_v1.EndpointSlice] = {}
        self.made = 0

    def apply(self, action: Any) -> None:
        if isinstance(action, CreateSlice):
            self.made += 1
            name = f"redis-{self.made:05}"
            self.kept[name] = replace(action.slice, metadata=replace(action.slice.metadata, name=name))
        elif isinstance(action, UpdateSlice):
            self.kept[action.slice.metadata.name] = action.slice
        elif isinstance(action, DeleteSlice):
            del self.kept[action.slice.metadata.name]

    def look(self, of: core_v1.Service, pods: list[core_v1.Pod]) -> Snapshot:
        return Snapshot(of, [m for m in (members.member(pod, of) for pod in pods) if m], list(self.kept.values()))


def slice_steps(snapshot: Snapshot) -> list[Any]:
    return [a for a in plan(snapshot).actions if isinstance(a, CreateSlice | UpdateSlice | DeleteSlice)]


MEMBERS = st.builds(
    member,
    st.integers(0, 20),
    ip=st.booleans(),
    ready=st.booleans(),
    phase=st.sampled_from(["Running", "Succeeded", "Pending"]),
    port=st.sampled_from([6379, 7000]),
)
CROWD = st.lists(MEMBERS, max_size=12, unique_by=lambda p: p.metadata.name)
NAMED = core_v1.ServicePort(name="redis", port=6379, targetPort="redis")


@given(rounds=st.lists(st.tuples(CROWD, st.integers(0, 4)), min_size=1, max_size=5))
def test_every_member_ends_in_exactly_one_slice_wherever_plans_are_cut_off(
    rounds: list[tuple[list[core_v1.Pod], int]],
) -> None:
    slices, of = Slices(), service(NAMED)
    for pods, most_steps in rounds:
        for action in slice_steps(slices.look(of, pods))[:most_steps]:
            slices.apply(action)
    pods = rounds[-1][0]
    for action in slice_steps(slices.look(of, pods)):
        slices.apply(action)
    assert broken(slices.look(of, pods), slices.kept.values()) == []
    assert slice_steps(slices.look(of, pods)) == []
    assert slices.kept, "a Service without members keeps an empty slice"


@dataclass(frozen=True)
class Kept:
    """A version of a pod of which a look at its name is no read."""

    pod: core_v1.Pod
    namespace: str = "default"

    @property
    def name(self) -> str:
        return str(self.pod.metadata.name)

    @property
    def key(self) -> tuple[str, str]:
        return self.namespace, self.name

    def typed(self) -> core_v1.Pod:
        return self.pod


class Pods:
    """The pods of one namespace, and which of them were read."""

    def __init__(self, pods: list[core_v1.Pod]) -> None:
        self.there = {str(each.metadata.name): each for each in pods}
        self.reads: list[str] = []

    def get(self, name: str, namespace: str = "") -> core_v1.Pod | None:
        self.reads.append(name)
        return self.there.get(name)

    def kept_by_index(self, index: str, value: str) -> list[Kept]:
        return [Kept(each) for each in self.there.values()]


def by_name(found: list[members.Member]) -> list[members.Member]:
    return sorted(found, key=lambda each: each.name)


@given(first=CROWD, second=CROWD, kept=st.integers(0, 12), published=st.booleans())
def test_members_kept_up_by_marks_are_those_that_are_found_anew(
    first: list[core_v1.Pod], second: list[core_v1.Pod], kept: int, published: bool
) -> None:
    pods, of = Pods(first), service(NAMED)
    known = Members(pods)
    known.now(of)
    before, pods.there = pods.there, Pods([*second, *first[:kept]]).there
    for name in before.keys() | pods.there.keys():
        if before.get(name) != pods.there.get(name):
            known.mark(name)
    now = service(NAMED, publishNotReadyAddresses=True) if published else of
    assert by_name(known.now(now)) == by_name(Members(pods).now(now))


def test_a_look_reads_the_pods_that_have_changed_and_no_others() -> None:
    pods, of = Pods([member(n) for n in range(5)]), service(NAMED)
    known = Members(pods)
    assert len(known.now(of)) == 5
    pods.reads.clear()
    pods.there["redis-3"] = member(3, ready=False)
    known.mark("redis-3")
    assert [each.ready for each in by_name(known.now(of))] == [True, True, True, False, True]
    assert pods.reads == ["redis-3"]


def test_a_large_service_is_cut_into_slices_of_a_hundred_and_a_change_writes_one() -> None:
    slices, of = Slices(), service(NAMED)
    pods = [member(n) for n in range(250)]
    for action in slice_steps(slices.look(of, pods)):
        slices.apply(action)
    assert sorted(len(s.endpoints) for s in slices.kept.values()) == [50, 100, 100]
    pods[17] = member(17, ready=False)
    assert [type(a) for a in slice_steps(slices.look(of, pods))] == [UpdateSlice]
    assert [type(a) for a in slice_steps(slices.look(of, [*pods, member(250)]))] == [UpdateSlice, UpdateSlice]


def test_pods_that_serve_a_named_port_on_different_numbers_do_not_share_a_slice() -> None:
    pods = [member(0), member(1, port=7000)]
    made = slice_steps(Slices().look(service(NAMED), pods))
    assert sorted(a.slice.ports[0].port for a in made) == [6379, 7000]


@pytest.mark.parametrize(
    ("running", "counts"),
    [
        (member(0), True),
        (member(0, ready=False), True),
        (member(0, ip=False), False),
        (member(0, phase="Failed"), False),
        (member(0, phase="Succeeded"), False),
    ],
)
def test_who_counts_as_a_member(running: core_v1.Pod, counts: bool) -> None:
    assert members.is_member(running) is counts


@pytest.mark.parametrize(
    ("hostname", "subdomain", "name"),
    [("redis-0", "redis", "redis-0"), ("redis-0", "other", None), ("redis-0", None, None), (None, "redis", None)],
)
def test_only_pods_below_the_service_have_a_name_there(
    hostname: str | None, subdomain: str | None, name: str | None
) -> None:
    running = member(0)
    running.spec = replace(running.spec, hostname=hostname, subdomain=subdomain)
    assert members.hostname(running, service()) == name


@pytest.mark.parametrize(
    ("ready", "leaving", "publish", "expected"),
    [
        (True, False, False, (True, True, False)),
        (False, False, False, (False, False, False)),
        (True, True, False, (False, True, True)),
        (False, False, True, (True, False, False)),
        (True, True, True, (True, True, True)),
    ],
)
def test_the_three_conditions(ready: bool, leaving: bool, publish: bool, expected: tuple[bool, bool, bool]) -> None:
    running = member(0, ready=ready)
    running.metadata.deletionTimestamp = "2026-01-01T00:00:00Z" if leaving else None
    told = members.conditions(running, publish_not_ready=publish)
    assert (told.ready, told.serving, told.terminating) == expected


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        (core_v1.ServicePort(port=80), 80),
        (core_v1.ServicePort(port=80, targetPort=8080), 8080),
        (core_v1.ServicePort(port=80, targetPort="redis"), 6379),
        (core_v1.ServicePort(port=80, targetPort="unknown"), None),
        (core_v1.ServicePort(port=80, targetPort="redis", protocol="UDP"), None),
    ],
)
def test_a_port_is_resolved_for_each_pod(wanted: core_v1.ServicePort, number: int | None) -> None:
    found = [port.port for port in members.ports(member(0), service(wanted))]
    assert found == ([] if number is None else [number])


def test_a_service_that_is_gone_takes_its_endpoints_with_it() -> None:
    left = core_v1.Endpoints(metadata=meta_v1.ObjectMeta(name="redis"))
    assert plan(Snapshot(None, endpoints=left)).actions == (DeleteEndpoints(left),)
