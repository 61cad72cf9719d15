"""Pod addresses and what a host image hides: pure."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.node.oci import addresses, hostroot

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t0000F40A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def test_the_first_range_that_no_route_overlaps_is_chosen() -> None:
    taken = addresses.routes(ROUTES)
    assert taken == [IPv4Network("192.0.2.0/24"), IPv4Network("10.244.0.0/16")]
    assert addresses.choose_range(["10.244.0.0/16", "10.245.0.0/16"], taken) == IPv4Network("10.245.0.0/16")
    with pytest.raises(LookupError, match="already routes each of"):
        addresses.choose_range(["10.244.0.0/16"], taken)


@given(st.sets(st.integers(10, 254)), st.integers(10, 254))
def test_an_address_is_never_given_twice_and_an_old_one_is_kept_if_it_is_free(used: set[int], before: int) -> None:
    subnet = IPv4Network("10.244.3.0/24")
    taken = {f"10.244.3.{number}" for number in used}
    preferred = f"10.244.3.{before}"
    if len(used) == 245:
        with pytest.raises(LookupError, match="all 245"):
            addresses.pick(subnet, taken, preferred)
        return
    found = addresses.pick(subnet, taken, preferred)
    assert str(found) not in taken
    assert found in subnet
    assert preferred in taken or str(found) == preferred


@given(st.integers(0, 255))
def test_every_node_of_a_range_has_a_subnet_of_its_own(index: int) -> None:
    subnet = addresses.node_subnet(IPv4Network("10.244.0.0/16"), index)
    assert str(subnet) == f"10.244.{index}.0/24"
    with pytest.raises(LookupError, match="room for 256 nodes"):
        addresses.node_subnet(IPv4Network("10.244.0.0/16"), 256)


ROOT = ["bin", "usr", "etc", "root", "home", "data", "swapfile", "opt"]
ETC = ["passwd", "shadow", "ssh", "ssl", "nginx"]


def test_a_host_image_shows_programs_and_little_else() -> None:
    cover = hostroot.plan(ROOT, ETC, [], [Path("/var/lib/petset")])
    assert {"data", "swapfile", "etc/shadow", "etc/ssh", "etc/nginx", "etc/ssl/private"} <= set(cover.hidden)
    assert not {"usr", "bin", "etc", "etc/passwd", "etc/ssl"} & set(cover.hidden)
    assert {"root", "home", "var", "var/lib", "tmp", "opt"} <= set(cover.empty)


def test_more_is_shown_only_where_a_rule_names_it() -> None:
    cover = hostroot.plan(ROOT, ETC, ["/opt", "/etc/nginx"], [Path("/opt/petset")])
    assert "opt" not in cover.empty
    assert not {"etc/nginx"} & set(cover.hidden)
    assert "opt/petset" in cover.hidden
    with pytest.raises(ValueError, match="only /NAME and /etc/NAME"):
        hostroot.plan(ROOT, ETC, ["/var/lib/mysql"], [])


@given(st.sets(st.sampled_from(ROOT)), st.sets(st.text("abcdefg", min_size=1)))
def test_whatever_else_lies_at_the_top_is_hidden(root: set[str], others: set[str]) -> None:
    cover = hostroot.plan(root | others, ETC, [], [])
    assert others - hostroot.PROGRAMS - set(hostroot.EMPTY) <= set(cover.hidden)
    assert cover.digest == hostroot.plan(sorted(root | others, reverse=True), ETC, [], []).digest
