"""The Endpoints that users write, shown in EndpointSlices."""

import itertools
from typing import Any

import pytest
from controllers.cluster import Cluster, cluster
from hypothesis import given
from hypothesis import strategies as st

from petset.api import objects
from petset.api.models import core_v1, meta_v1
from petset.api.objects import meta, name_of, uid_of
from petset.controllers.mirroring import invariants
from petset.controllers.mirroring.model import (
    LEADER,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    MOST_OF_A_SUBSET,
    SERVICE_NAME,
    SKIP_LABEL,
    CreateSlice,
    DeleteSlice,
    Plan,
    Slice,
    Snapshot,
)
from petset.controllers.mirroring.plan import plan
from petset.testing.loop import run

Subset = core_v1.EndpointSubset
HTTP = core_v1.EndpointPort(name="http", port=80, protocol="TCP")
DNS = core_v1.EndpointPort(port=53, protocol="UDP")


def service(selector: dict[str, str] | None = None) -> core_v1.Service:
    return core_v1.Service(
        metadata=meta_v1.ObjectMeta(name="db", namespace="default", uid="s"),
        spec=core_v1.ServiceSpec(selector=selector, ports=[core_v1.ServicePort(name="http", port=80)]),
    )


def subset(*ready: str, waiting: tuple[str, ...] = (), port: core_v1.EndpointPort = HTTP) -> Subset:
    return Subset(
        addresses=[core_v1.EndpointAddress(ip=ip) for ip in ready] or None,
        notReadyAddresses=[core_v1.EndpointAddress(ip=ip) for ip in waiting] or None,
        ports=[port],
    )


def endpoints(*subsets: Subset, **metadata: Any) -> core_v1.Endpoints:
    return core_v1.Endpoints(
        metadata=meta_v1.ObjectMeta(name="db", namespace="default", uid="e", **metadata), subsets=[*subsets]
    )


_numbers = itertools.count(1)


def carried_out(slices: list[Slice], decided: Plan, steps: int = 100) -> list[Slice]:
    """The slices after so many steps of a plan."""
    now = {uid_of(each): each for each in slices}
    for action in decided.actions[:steps]:
        if isinstance(action, DeleteSlice):
            del now[uid_of(action.slice)]
        elif isinstance(action, CreateSlice):
            number = next(_numbers)
            metadata = objects.replace(meta(action.slice), name=f"db-{number:05}", uid=f"u{number}")
            now[f"u{number}"] = objects.replace(action.slice, metadata=metadata)
        else:
            now[uid_of(action.slice)] = action.slice
    return list(now.values())


def mirrored(found: core_v1.Endpoints | None, there: list[Slice], selector: Any = None) -> list[Slice]:
    """The slices once all is done, which a second look leaves as they are."""
    snapshot = Snapshot(service(selector), found, there)
    decided = plan(snapshot)
    assert invariants.is_safe(snapshot, decided)
    slices = carried_out(there, decided)
    assert not plan(Snapshot(service(selector), found, slices)).actions
    return slices


def shown(slices: list[Slice]) -> list[tuple[str, list[Any], list[tuple[str, bool | None]]]]:
    return sorted(
        (
            each.addressType,
            [port.port for port in each.ports or ()],
            [(e.addresses[0], e.conditions.ready if e.conditions else None) for e in each.endpoints],
        )
        for each in slices
    )


def test_addresses_are_in_a_slice_of_their_ports_and_their_family() -> None:
    given_ = endpoints(
        subset("10.0.0.1", "fd00::1", waiting=("10.0.0.2",)), subset("10.0.0.1", port=DNS), subset("10.0.0.3")
    )
    slices = mirrored(given_, [])
    assert shown(slices) == [
        ("IPv4", [53], [("10.0.0.1", True)]),
        ("IPv4", [80], [("10.0.0.1", True), ("10.0.0.2", False), ("10.0.0.3", True)]),
        ("IPv6", [80], [("fd00::1", True)]),
    ]


def test_a_slice_says_whose_it_is_and_has_the_marks_of_its_endpoints() -> None:
    last = "kubectl.kubernetes.io/last-applied-configuration"
    (found,) = mirrored(endpoints(subset("10.0.0.1"), labels={"a": "b"}, annotations={"c": "d", last: "{}"}), [])
    metadata = meta(found)
    assert metadata.labels == {"a": "b", SERVICE_NAME: "db", MANAGED_BY_LABEL: MANAGED_BY}
    assert metadata.annotations == {"c": "d"}
    (owner,) = metadata.ownerReferences or ()
    assert (owner.kind, owner.name, owner.uid, owner.controller) == ("Endpoints", "db", "e", True)


def test_what_changes_is_written_into_the_slice_that_is_there() -> None:
    before = mirrored(endpoints(subset("10.0.0.1")), [])
    after = mirrored(endpoints(subset("10.0.0.2"), labels={"a": "b"}), before)
    assert [name_of(each) for each in after] == [name_of(each) for each in before]
    assert shown(after) == [("IPv4", [80], [("10.0.0.2", True)])]
    assert (meta(after[0]).labels or {})["a"] == "b"


@pytest.mark.parametrize(
    ("found", "selector"),
    [
        (None, None),
        (endpoints(subset("10.0.0.1")), {"app": "db"}),
        (endpoints(subset("10.0.0.1"), labels={SKIP_LABEL: "true"}), None),
        (endpoints(subset("10.0.0.1"), annotations={LEADER: "{}"}), None),
        (endpoints(), None),
    ],
    ids=["gone", "the service selects pods", "told to skip", "a leader's", "empty"],
)
def test_what_is_not_to_be_mirrored_has_no_slices_and_loses_those_it_has(found: Any, selector: Any) -> None:
    before = mirrored(endpoints(subset("10.0.0.1")), [])
    assert mirrored(found, [], selector) == mirrored(found, before, selector) == []


def test_nothing_is_made_for_endpoints_that_go_or_have_no_service() -> None:
    going = endpoints(subset("10.0.0.1"), deletionTimestamp="2026-01-01T00:00:00Z")
    assert not plan(Snapshot(service(), going)).actions
    assert not plan(Snapshot(None, endpoints(subset("10.0.0.1")))).actions


def test_of_a_subset_that_is_too_long_the_first_addresses_are_shown() -> None:
    many = [f"10.0.{high}.{low}" for high in range(5) for low in range(250)]
    (found,) = mirrored(endpoints(subset(*many)), [])
    assert [each.addresses[0] for each in found.endpoints] == many[:MOST_OF_A_SUBSET]


ADDRESSES = st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"]), max_size=3)
SUBSETS = st.lists(st.tuples(ADDRESSES, ADDRESSES, st.sampled_from([HTTP, DNS])), max_size=3)


@given(SUBSETS, SUBSETS, st.integers(0, 6))
def test_wherever_it_is_interrupted_it_ends_with_what_the_endpoints_say(old: Any, new: Any, done: int) -> None:
    """Safety: nobody else's slices (`is_safe`), no address twice. Liveness: a second look ends what was begun."""
    before, after = [
        endpoints(*(subset(*ready, waiting=tuple(waiting), port=port) for ready, waiting, port in each))
        for each in (old, new)
    ]
    slices = mirrored(before, [])
    slices = carried_out(slices, plan(Snapshot(service(), after, slices)), done)
    slices = mirrored(after, slices)
    for each in slices:
        held = [e.addresses[0] for e in each.endpoints]
        assert len(held) == len(set(held))
    wanted = {(ip, port.port) for ready, waiting, port in new for ip in (*ready, *waiting)}
    assert {(e.addresses[0], p.port) for s in slices for e in s.endpoints for p in s.ports or ()} == wanted


async def in_slices(c: Cluster) -> list[str]:
    slices = await c.all(Slice, "default")
    own = [each for each in slices if (meta(each).labels or {}).get(SERVICE_NAME) == "db"]
    return sorted(e.addresses[0] for each in own for e in each.endpoints or ())


def test_what_a_user_writes_is_found_and_goes_with_its_service_or_its_endpoints() -> None:
    async def story() -> None:
        async with cluster() as c:
            await c.create(endpoints(subset("10.0.0.1")))
            await c.settle()
            assert await in_slices(c) == []
            made = await c.create(service())
            await c.settle()
            assert await in_slices(c) == ["10.0.0.1"]
            found = objects.copy(await c.get(core_v1.Endpoints, "db", "default"))
            assert found is not None
            found.subsets = [subset("10.0.0.1", "10.0.0.2")]
            await c.plane.client.update(found)
            await c.settle()
            assert await in_slices(c) == ["10.0.0.1", "10.0.0.2"]
            selecting = objects.copy(made)
            selecting.spec.selector = {"app": "db"}
            selecting = await c.plane.client.update(selecting)
            await c.settle()
            assert await in_slices(c) == []
            assert selecting.spec.selector
            await c.plane.client.delete(core_v1.Service, "db", "default")
            await c.settle(1)
            await c.create(service())
            await c.create(endpoints(subset("10.0.0.3")))
            await c.settle()
            assert await in_slices(c) == ["10.0.0.3"]
            await c.plane.client.delete(core_v1.Endpoints, "db", "default")
            await c.settle(1)
            assert await in_slices(c) == []

    run(story())
