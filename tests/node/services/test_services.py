"""What a Service asks of the data plane, and what must change for it; the scripts are tried on a real kernel."""

import itertools
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from isolation import needs_containers, own_machine

from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.node.services import script
from petset.node.services.apply import run_nft
from petset.node.services.invariants import applied
from petset.node.services.model import ANY_OWN, Backend, Backends, Change, Close, Front, Open, Snapshot
from petset.node.services.plan import plan
from petset.node.services.wanted import merged, unserved, wanted

A, B = Backend("10.244.0.10", 8080), Backend("10.244.0.11", 8080)
FRONT = Front("10.96.0.5", "tcp", 80)
AROUND = script.Surroundings("test-services", "br0", "10.244.0.1", "10.244.0.0/16")
READY = discovery_v1.EndpointConditions(ready=True, serving=True, terminating=False)
NOT_READY = discovery_v1.EndpointConditions(ready=False, serving=False, terminating=False)
STOPPING = discovery_v1.EndpointConditions(ready=False, serving=True, terminating=True)


def service(ports: Iterable[Mapping[str, Any]] = ({"port": 80},), **spec: Any) -> core_v1.Service:
    """A Service at 10.96.0.5 unless the spec says otherwise."""
    spec = {"clusterIP": "10.96.0.5", "type": "ClusterIP", **spec}
    return core_v1.Service(
        metadata=meta_v1.ObjectMeta(name="web", namespace="default"),
        spec=core_v1.ServiceSpec(ports=[core_v1.ServicePort(**port) for port in ports], **spec),
    )


def piece(
    endpoints: Mapping[str, discovery_v1.EndpointConditions], port: int = 8080, name: str = "", **port_fields: Any
) -> discovery_v1.EndpointSlice:
    return discovery_v1.EndpointSlice(
        addressType="IPv4",
        metadata=meta_v1.ObjectMeta(name="web-1", namespace="default"),
        endpoints=[discovery_v1.Endpoint(addresses=[ip], conditions=c) for ip, c in endpoints.items()],
        ports=[discovery_v1.EndpointPort(name=name, port=port, **port_fields)],
    )


BOTH = {"10.244.0.11": READY, "10.244.0.10": READY}


@pytest.mark.parametrize(
    ("what", "one", "slices", "fronts"),
    [
        ("ready endpoints answer, sorted", service(), [piece(BOTH)], {FRONT: Backends((A, B))}),
        ("no slice: nobody answers", service(), [], {FRONT: Backends()}),
        (
            "those not ready do not answer",
            service(),
            [piece({"10.244.0.10": NOT_READY, "10.244.0.11": READY})],
            {FRONT: Backends((B,))},
        ),
        (
            "those that stop answer where nobody else does",
            service(),
            [piece({"10.244.0.10": STOPPING, "10.244.0.11": NOT_READY})],
            {FRONT: Backends((A,))},
        ),
        (
            "those that stop give way to a ready one",
            service(),
            [piece({"10.244.0.10": STOPPING, "10.244.0.11": READY})],
            {FRONT: Backends((B,))},
        ),
        (
            "unknown readiness counts as ready",
            service(),
            [piece({"10.244.0.10": discovery_v1.EndpointConditions()})],
            {FRONT: Backends((A,))},
        ),
        (
            "pods that resolve a named port differently",
            service(),
            [piece({"10.244.0.10": READY}), piece({"10.244.0.11": READY}, port=9)],
            {FRONT: Backends((A, Backend("10.244.0.11", 9)))},
        ),
        (
            "each port has the backends of its name and protocol",
            service([{"port": 80, "name": "http"}, {"port": 53, "name": "dns", "protocol": "UDP"}]),
            [piece(BOTH, name="http"), piece({"10.244.0.10": READY}, 5353, "dns", protocol="UDP")],
            {FRONT: Backends((A, B)), Front("10.96.0.5", "udp", 53): Backends((Backend("10.244.0.10", 5353),))},
        ),
        (
            "a node port is a front at every address of the machine",
            service([{"port": 80, "nodePort": 30080}], type="NodePort"),
            [piece({"10.244.0.10": READY})],
            {FRONT: Backends((A,)), Front(ANY_OWN, "tcp", 30080): Backends((A,))},
        ),
        (
            "clients that shall stay with their backend",
            service(sessionAffinity="ClientIP"),
            [piece(BOTH)],
            {FRONT: Backends((A, B), sticky=True)},
        ),
        ("headless", service(clusterIP="None"), [piece(BOTH)], {}),
        ("no address yet", service(clusterIP=None), [piece(BOTH)], {}),
        ("a name elsewhere", service(type="ExternalName", clusterIP=None, externalName="a.b"), [], {}),
        ("SCTP", service([{"port": 80, "protocol": "SCTP"}]), [piece(BOTH, protocol="SCTP")], {}),
    ],
)
def test_the_fronts_of_a_service(
    what: str, one: core_v1.Service, slices: list[discovery_v1.EndpointSlice], fronts: dict[Front, Backends]
) -> None:
    assert wanted(one, slices) == fronts, what


def test_a_service_of_another_proxy_is_left_to_it() -> None:
    one = service()
    assert one.metadata is not None
    one.metadata.labels = {"service.kubernetes.io/service-proxy-name": "other"}
    assert wanted(one, [piece(BOTH)]) == {}


def test_a_protocol_that_is_not_served_is_told() -> None:
    assert list(unserved(service([{"port": 80, "protocol": "SCTP"}, {"port": 80}]))) == ["SCTP"]
    assert list(unserved(service([{"port": 80, "protocol": "SCTP"}], clusterIP="None"))) == []


def test_a_change_touches_its_own_front_and_nothing_else() -> None:
    others = {Front("10.96.1.1", "tcp", port): Backends((A, B)) for port in range(1, 1000)}
    snapshot = Snapshot(merged([others, {FRONT: Backends((A,))}]), merged([others, {FRONT: Backends((A, B))}]))
    assert plan(snapshot).actions == (Change(FRONT, Backends((A,)), Backends((A, B))),)
    assert script.changes(AROUND, plan(snapshot).actions).count("\n") == 2


def test_what_ends_ends_before_what_begins() -> None:
    new = Front("10.96.0.6", "tcp", 80)
    actions = plan(Snapshot({FRONT: Backends((A,))}, {new: Backends()})).actions
    assert actions == (Close(FRONT, Backends((A,))), Open(new, Backends()))


backends = st.builds(
    Backends,
    st.sets(st.builds(Backend, st.sampled_from(["10.244.0.10", "10.244.0.11"]), st.sampled_from([80, 81]))).map(
        lambda members: tuple(sorted(members))
    ),
    st.booleans(),
)
fronts = st.builds(
    Front, st.sampled_from([ANY_OWN, "10.96.0.5", "10.96.0.6"]), st.sampled_from(["tcp", "udp"]), st.integers(1, 4)
)
rulesets = st.dictionaries(fronts, backends, max_size=8)


@given(rulesets, rulesets, st.integers(0, 20))
def test_any_part_of_a_plan_leads_towards_what_is_wanted_and_the_rest_is_planned_anew(
    standing: dict[Front, Backends], target: dict[Front, Backends], cut_off_after: int
) -> None:
    for action in plan(Snapshot(standing, target)).actions[:cut_off_after]:
        standing = applied(standing, action)
    for action in plan(Snapshot(standing, target)).actions:
        standing = applied(standing, action)
    assert standing == target
    assert not plan(Snapshot(standing, target)).actions


@needs_containers
def test_the_kernel_takes_every_step_and_ends_with_the_table_that_a_fresh_start_makes() -> None:
    one, two = Backends((A,)), Backends((A, B))
    own, udp = Front(ANY_OWN, "tcp", 30080), Front("10.96.0.6", "udp", 53)
    steps: list[dict[Front, Backends]] = [
        {},
        {FRONT: one, own: one, udp: Backends()},
        {FRONT: two, own: Backends(), udp: replace(two, sticky=True)},
        {FRONT: Backends(), own: two},
        {FRONT: one, own: one, udp: Backends()},
    ]
    with own_machine():
        run_nft(script.whole(AROUND, steps[0]))
        for before, after in itertools.pairwise(steps):
            run_nft(script.changes(AROUND, plan(Snapshot(before, after)).actions))
        stepwise = listed()
        run_nft(script.whole(AROUND, steps[-1]))
        assert stepwise == listed()
        run_nft(script.removal(AROUND.table))
        run_nft(script.removal(AROUND.table))


def listed() -> list[str]:
    """The table's lines, in an order that does not tell how it came about."""
    command = ["nft", "list", "table", "ip", AROUND.table]
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    return sorted(word for line in lines for word in line.replace("elements = {", "").strip(" }").split(", "))
