"""Which names there are and what they say."""

import pytest
from dns.cluster import namespace, piece, redis_zone, service
from hypothesis import given
from hypothesis import strategies as st

from petset.api.models import core_v1, discovery_v1
from petset.dns.records import Address, Alias, Locator, Pointer, Text
from petset.dns.zone import Zone

SVC = "default.svc.cluster.local"


def said(zone: Zone, name: str, kind: str) -> object:
    """The values of an answer: a set, or `NXDOMAIN`, or `ours? no`."""
    answer = zone.answer(name, kind)
    if answer is None:
        return "not ours"
    if not answer.exists:
        return "NXDOMAIN"
    return {_value(record) for record in answer.records}


def _value(record: object) -> str:
    match record:
        case Address(_, address):
            return address
        case Alias(_, target) | Pointer(_, target):
            return target
        case Locator(_, weight, port, target):
            return f"0 {weight} {port} {target}"
        case Text(_, text):
            return text
    return type(record).__name__


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        # a headless service: its ready endpoints
        (f"redis.{SVC}", "A", {"10.244.0.2", "10.244.0.3", "10.244.0.4"}),
        (f"redis.{SVC}.", "A", {"10.244.0.2", "10.244.0.3", "10.244.0.4"}),
        (f"REDIS.{SVC}", "A", {"10.244.0.2", "10.244.0.3", "10.244.0.4"}),
        (f"redis.{SVC}", "AAAA", set()),
        (f"redis.{SVC}", "MX", set()),
        (f"redis-1.redis.{SVC}", "A", {"10.244.0.3"}),
        (f"redis-1.redis.{SVC}", "AAAA", set()),
        (f"redis-3.redis.{SVC}", "A", "NXDOMAIN"),
        (f"a.redis-1.redis.{SVC}", "A", "NXDOMAIN"),
        (f"a.b.redis-1.redis.{SVC}", "A", "NXDOMAIN"),
        (f"_redis._tcp.redis.{SVC}", "SRV", {f"0 33 6379 redis-{n}.redis.{SVC}" for n in range(3)}),
        (f"_REDIS._TCP.redis.{SVC}", "SRV", {f"0 33 6379 redis-{n}.redis.{SVC}" for n in range(3)}),
        (f"redis.{SVC}", "SRV", {f"0 33 6379 redis-{n}.redis.{SVC}" for n in range(3)}),
        (f"_redis._udp.redis.{SVC}", "SRV", "NXDOMAIN"),
        (f"_other._tcp.redis.{SVC}", "SRV", "NXDOMAIN"),
        (f"empty.{SVC}", "A", "NXDOMAIN"),
        # a service with addresses of its own
        (f"web.{SVC}", "A", {"10.96.0.7"}),
        (f"web.{SVC}", "AAAA", {"fd00::7"}),
        (f"_http._tcp.web.{SVC}", "SRV", {f"0 50 80 web.{SVC}"}),
        (f"10-244-0-9.web.{SVC}", "A", {"10.244.0.9"}),
        # aliases
        (f"away.{SVC}", "A", {"db.example.com"}),
        (f"away.{SVC}", "CNAME", {"db.example.com"}),
        (f"pod.away.{SVC}", "A", "NXDOMAIN"),
        # pods by address
        ("10-244-0-5.default.pod.cluster.local", "A", {"10.244.0.5"}),
        ("10-244-0-5.default.pod.cluster.local", "AAAA", set()),
        ("fd00--5.default.pod.cluster.local", "AAAA", {"fd00::5"}),
        ("10-244-0-500.default.pod.cluster.local", "A", "NXDOMAIN"),
        ("10-244-0-5.nowhere.pod.cluster.local", "A", "NXDOMAIN"),
        # the way back
        ("3.0.244.10.in-addr.arpa", "PTR", {f"redis-1.redis.{SVC}"}),
        ("9.0.244.10.in-addr.arpa", "PTR", {f"10-244-0-9.web.{SVC}"}),
        ("7.0.96.10.in-addr.arpa", "PTR", {f"web.{SVC}"}),
        ("7.0.96.10.in-addr.arpa", "A", set()),
        (f"7.{'0.' * 29}d.f.ip6.arpa", "PTR", {f"web.{SVC}"}),
        ("1.1.1.1.in-addr.arpa", "PTR", "not ours"),
        # what is around them
        ("cluster.local", "SOA", {"Authority"}),
        ("cluster.local", "A", set()),
        ("svc.cluster.local", "A", set()),
        ("pod.cluster.local", "A", set()),
        (SVC, "A", set()),
        ("nowhere.svc.cluster.local", "A", "NXDOMAIN"),
        (f"nothing.{SVC}", "A", "NXDOMAIN"),
        ("redis.nowhere.svc.cluster.local", "A", "NXDOMAIN"),
        ("other.cluster.local", "A", "NXDOMAIN"),
        ("dns-version.cluster.local", "TXT", {"1.1.0"}),
        ("example.com", "A", "not ours"),
        ("local", "A", "not ours"),
        ("notcluster.local", "A", "not ours"),
        ("", "A", "not ours"),
    ],
)
def test_a_question_and_its_answer(name: str, kind: str, expected: object) -> None:
    assert said(redis_zone(), name, kind) == expected


def test_srv_brings_the_addresses_of_its_targets_along() -> None:
    answer = redis_zone().answer(f"_redis._tcp.redis.{SVC}", "SRV")
    assert answer is not None
    assert set(answer.extra) == {Address(f"redis-{n}.redis.{SVC}", f"10.244.0.{n + 2}") for n in range(3)}


def test_an_address_answers_in_the_name_as_it_was_asked() -> None:
    answer = redis_zone().answer(f"Redis-1.redis.{SVC}.", "A")
    assert answer is not None
    assert answer.records == (Address(f"Redis-1.redis.{SVC}", "10.244.0.3"),)


@pytest.mark.parametrize(("ready", "expected"), [(True, {"10.0.0.1"}), (None, {"10.0.0.1"}), (False, "NXDOMAIN")])
def test_only_ready_endpoints_have_names_and_unknown_counts_as_ready(ready: bool | None, expected: object) -> None:
    zone = Zone("cluster.local")
    zone.service_changed(None, service("s"))
    zone.slice_changed(None, piece("s", [("p-0", "10.0.0.1")], ready=ready))
    assert said(zone, f"s.{SVC}", "A") == expected
    assert said(zone, f"p-0.s.{SVC}", "A") == expected


def test_a_pod_that_moved_is_found_only_at_its_new_address() -> None:
    zone = redis_zone()
    old = piece("redis", [(f"redis-{n}", f"10.244.0.{n + 2}") for n in range(3)])
    zone.slice_changed(old, piece("redis", [("redis-0", "10.244.0.2"), ("redis-1", "10.244.0.77")]))
    assert said(zone, f"redis-1.redis.{SVC}", "A") == {"10.244.0.77"}
    assert said(zone, f"redis-2.redis.{SVC}", "A") == "NXDOMAIN"
    assert said(zone, "77.0.244.10.in-addr.arpa", "PTR") == {f"redis-1.redis.{SVC}"}
    assert said(zone, "3.0.244.10.in-addr.arpa", "PTR") == "not ours"


def test_slices_without_their_service_say_nothing_until_it_comes() -> None:
    zone = Zone("cluster.local")
    zone.slice_changed(None, piece("s", [("p-0", "10.0.0.1")]))
    assert said(zone, f"p-0.s.{SVC}", "A") == "NXDOMAIN"
    zone.service_changed(None, service("s"))
    assert said(zone, f"p-0.s.{SVC}", "A") == {"10.0.0.1"}


def test_a_slice_of_nobody_and_one_of_names_are_left_out() -> None:
    zone = Zone("cluster.local")
    zone.service_changed(None, service("s"))
    nobodys = piece("s", [("p-0", "10.0.0.1")])
    nobodys.metadata.labels = None
    zone.slice_changed(None, nobodys)
    names = piece("s", [("p-1", "elsewhere.example.com")], name="names")
    names.addressType = "FQDN"
    zone.slice_changed(None, names)
    assert said(zone, f"s.{SVC}", "A") == "NXDOMAIN"


def test_a_service_that_waits_for_its_address_has_no_name_yet() -> None:
    zone = Zone("cluster.local")
    zone.service_changed(None, service("s", "", ports=[("http", 80)]))
    assert said(zone, f"s.{SVC}", "A") == "NXDOMAIN"


def test_every_change_grows_the_serial() -> None:
    zone = redis_zone()
    before = zone.authority.serial
    zone.namespace_changed(namespace("default"), None)
    assert zone.authority.serial > before
    assert said(zone, SVC, "A") == "NXDOMAIN"


_services = st.sampled_from(["s", "t"])
_endpoints = st.lists(
    st.tuples(st.sampled_from(["", "p-0", "p-1"]), st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"])),
    max_size=3,
)
_pieces = st.builds(
    piece,
    _services,
    _endpoints,
    st.sampled_from([[], [("http", 80)], [("http", 80), ("x", 9)]]),
    name=st.sampled_from(["one", "two"]),
    ready=st.sampled_from([True, False, None]),
)
_changes = st.one_of(
    st.tuples(st.just("slice"), st.sampled_from(["one", "two"]), st.none() | _pieces),
    st.tuples(
        st.just("service"),
        _services,
        st.none() | st.builds(service, _services, st.sampled_from(["None", "10.96.0.1", "10.0.0.1"])),
    ),
)


@given(st.lists(_changes, max_size=20))
def test_changes_lead_to_the_zone_that_their_result_makes_from_scratch(
    changes: list[tuple[str, str, core_v1.Service | discovery_v1.EndpointSlice | None]],
) -> None:
    """Whatever the way, nothing of it is left but the present objects."""
    zone = Zone("cluster.local")
    present: dict[tuple[str, str], core_v1.Service | discovery_v1.EndpointSlice] = {}
    for what, name, obj in changes:
        if obj is not None:
            obj.metadata.name = name
        tell = zone.slice_changed if what == "slice" else zone.service_changed
        tell(present.pop((what, name), None), obj)
        if obj is not None:
            present[what, name] = obj
    fresh = Zone("cluster.local")
    for (what, _), obj in present.items():
        (fresh.slice_changed if what == "slice" else fresh.service_changed)(None, obj)
    names = [f"{host}{name}.{SVC}" for name in "st" for host in ("", "p-0.", "10-0-0-1.", "_http._tcp.")]
    names += [f"{n}.0.0.10.in-addr.arpa" for n in (1, 2, 3)] + ["1.0.96.10.in-addr.arpa"]
    for name in names:
        for kind in ("A", "SRV", "PTR"):
            assert said(zone, name, kind) == said(fresh, name, kind)


@given(st.text(max_size=60), st.sampled_from(["A", "SRV", "PTR"]))
def test_no_name_is_too_odd(name: str, kind: str) -> None:
    for odd in (name, f"{name}.cluster.local", f"{name}.default.svc.cluster.local", f"{name}.pod.cluster.local"):
        redis_zone().answer(odd, kind)
