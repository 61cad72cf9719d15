"""Addresses and node ports: given once, kept through updates, free again after deletion."""

import asyncio
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from registry.given import PLAIN, SERVICES, create, merge, play, service

from petset.api import objects
from petset.api.errors import Invalid
from petset.api.models import core_v1, meta_v1
from petset.testing.plane import Plane

NETWORK = IPv4Network("10.96.0.0/16")


def ports(*numbers: int, **more: Any) -> list[core_v1.ServicePort]:
    return [core_v1.ServicePort(name=f"p{n}", port=n, **more) for n in numbers]


def test_a_service_gets_an_address_of_the_upper_part_of_the_network() -> None:
    async def story(p: Plane) -> None:
        spec = (await create(p, service())).spec
        assert IPv4Address(spec.clusterIP) in NETWORK
        assert IPv4Address(spec.clusterIP) > IPv4Address("10.96.1.0")
        assert spec.clusterIPs == [spec.clusterIP]
        assert (spec.ipFamilies, spec.ipFamilyPolicy) == (["IPv4"], "SingleStack")

    play(story)


def test_no_two_services_ever_hold_the_same_address_or_port() -> None:
    async def story(p: Plane) -> None:
        made = await asyncio.gather(*(create(p, service(f"s{n}", type="NodePort")) for n in range(50)))
        assert len({s.spec.clusterIP for s in made}) == 50
        assert len({s.spec.ports[0].nodePort for s in made}) == 50

    play(story)


@pytest.mark.parametrize(
    ("spec", "policy", "families"),
    [
        ({"clusterIP": "None", "selector": {"app": "web"}}, "SingleStack", ["IPv4"]),
        ({"clusterIP": "None"}, "RequireDualStack", ["IPv4", "IPv6"]),
    ],
)
def test_a_headless_service_gets_no_address(spec: dict[str, Any], policy: str, families: list[str]) -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, service(**spec))).spec
        assert (made.clusterIP, made.clusterIPs) == ("None", ["None"])
        assert (made.ipFamilyPolicy, made.ipFamilies) == (policy, families)

    play(story)


def test_an_external_name_needs_no_address_at_all() -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, service(type="ExternalName", externalName="db.example.org", ports=None))).spec
        assert (made.clusterIP, made.ipFamilies) == (None, None)

    play(story)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.96.0.1", "failed to allocate IP 10.96.0.1: provided IP is already allocated"),
        (
            "10.1.2.3",
            "the provided IP (10.1.2.3) is not in the valid range. The range of valid IPs is 10.96.0.0/16",
        ),
        ("10.96.0.0", "not in the valid range"),
    ],
)
def test_an_address_that_cannot_be_given_is_refused(address: str, why: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(p, service(clusterIP=address))
        assert str(refusal.value).startswith('Service "web" is invalid: spec.clusterIPs: Invalid value: ')
        assert why in str(refusal.value)

    play(story)


def test_a_chosen_address_is_given_and_free_again_after_deletion() -> None:
    async def story(p: Plane) -> None:
        await create(p, service(clusterIP="10.96.0.10"))
        with pytest.raises(Invalid, match="already allocated"):
            await create(p, service("other", clusterIP="10.96.0.10"))
        await p.registry.delete(SERVICES, "default", "web", meta_v1.DeleteOptions())
        await create(p, service("other", clusterIP="10.96.0.10"))

    play(story)


def test_a_chosen_node_port_is_given_once_and_only_from_the_range() -> None:
    async def story(p: Plane) -> None:
        await create(p, service(type="NodePort", ports=ports(80, nodePort=30080)))
        for number, why in [(30080, "provided port is already allocated"), (80, "not in the valid range")]:
            with pytest.raises(Invalid, match=r"spec.ports\[0\].nodePort") as refusal:
                await create(p, service("other", type="NodePort", ports=ports(80, nodePort=number)))
            assert why in str(refusal.value)

    play(story)


def test_an_update_that_leaves_out_what_was_given_keeps_it() -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, service(type="NodePort", ports=ports(80, 443)))).spec
        sent = service(type="NodePort", ports=ports(80, 443, 8080))
        kept = p.registry.decode(SERVICES, await p.registry.update(SERVICES, "default", "web", sent, PLAIN)).spec
        assert kept.clusterIP == made.clusterIP
        assert [port.nodePort for port in kept.ports[:2]] == [port.nodePort for port in made.ports]
        assert kept.ports[2].nodePort

    play(story)


def test_a_service_that_turns_inward_gives_its_node_ports_back() -> None:
    async def story(p: Plane) -> None:
        made = objects.copy(await create(p, service(type="NodePort")))
        port = made.spec.ports[0].nodePort
        record = await p.registry.patch(SERVICES, "default", "web", merge({"spec": {"type": "ClusterIP"}}), PLAIN)
        assert p.registry.decode(SERVICES, record).spec.ports[0].nodePort is None
        await create(p, service("other", type="NodePort", ports=ports(80, nodePort=port)))

    play(story)


def test_a_write_that_changes_nothing_about_it_leaves_the_address_alone() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, service())
        record = await p.registry.update(SERVICES, "default", "web", service(), PLAIN)
        assert str(record.revision) == made.metadata.resourceVersion

    play(story)


def test_a_service_that_becomes_a_mere_name_gives_everything_back() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, service(type="NodePort"))
        changed = {"spec": {"type": "ExternalName", "externalName": "db.example.org"}}
        record = await p.registry.patch(SERVICES, "default", "web", merge(changed), PLAIN)
        spec = p.registry.decode(SERVICES, record).spec
        assert (spec.clusterIP, spec.clusterIPs, spec.ipFamilies, spec.externalTrafficPolicy) == (None,) * 4
        await create(p, service("other", clusterIP=made.spec.clusterIP))

    play(story)


def test_a_status_write_has_nothing_to_give() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, service())
        seen = {
            "type": "Seen",
            "status": "True",
            "reason": "Test",
            "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
        status = {"status": {"conditions": [seen]}}
        record = await p.registry.patch(SERVICES, "default", "web", merge(status), PLAIN, "status")
        assert p.registry.decode(SERVICES, record).spec == made.spec

    play(story)


def test_two_writes_of_one_service_do_not_stand_in_each_others_way() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, service(type="NodePort"))
        patches = [merge({"metadata": {"annotations": {f"n{n}": "1"}}}) for n in range(5)]
        await asyncio.gather(*(p.registry.patch(SERVICES, "default", "web", each, PLAIN) for each in patches))
        ended = p.registry.decode(SERVICES, p.registry.get(SERVICES, "default", "web"))
        assert len(ended.metadata.annotations) == 5
        assert ended.spec == made.spec

    play(story)


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        (
            {"ipFamilies": ["IPv6"]},
            'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
        ),
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": '
            "this cluster is not configured for dual-stack services",
        ),
        (
            {"type": "ExternalName", "externalName": "db.example.org", "clusterIP": "10.96.0.9"},
            "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
        ),
    ],
)
def test_what_this_network_does_not_have_is_refused(spec: dict[str, Any], fault: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Invalid) as refusal:
            await create(p, service(**spec))
        assert refusal.value.message == f'Service "web" is invalid: {fault}'

    play(story)


def test_a_service_that_would_like_two_families_gets_the_one_there_is() -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, service(ipFamilyPolicy="PreferDualStack"))).spec
        assert (made.ipFamilyPolicy, made.ipFamilies) == ("PreferDualStack", ["IPv4"])

    play(story)


def test_a_load_balancer_that_looks_at_each_node_gets_a_port_for_that_and_gives_it_back() -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, service(type="LoadBalancer", externalTrafficPolicy="Local"))).spec
        assert made.healthCheckNodePort and made.healthCheckNodePort != made.ports[0].nodePort
        merged = merge({"spec": {"sessionAffinity": "ClientIP"}})
        kept = await p.registry.patch(SERVICES, "default", "web", merged, PLAIN)
        assert p.registry.decode(SERVICES, kept).spec.healthCheckNodePort == made.healthCheckNodePort
        plain = await p.registry.patch(SERVICES, "default", "web", merge({"spec": {"type": "NodePort"}}), PLAIN)
        spec = p.registry.decode(SERVICES, plain).spec
        assert (spec.healthCheckNodePort, spec.allocateLoadBalancerNodePorts) == (None, None)
        assert (spec.externalTrafficPolicy, spec.ports[0].nodePort) == ("Local", made.ports[0].nodePort)

    play(story)


def test_a_load_balancer_may_do_without_node_ports() -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, service(type="LoadBalancer", allocateLoadBalancerNodePorts=False))).spec
        assert made.ports[0].nodePort is None

    play(story)


def test_a_service_with_addresses_from_outside_says_how_they_are_led_as_long_as_it_has_them() -> None:
    async def story(p: Plane) -> None:
        made = (await create(p, service(externalIPs=["192.0.2.1"]))).spec
        assert made.externalTrafficPolicy == "Cluster"
        for change, policy in (({"sessionAffinity": "ClientIP"}, "Cluster"), ({"externalIPs": None}, None)):
            record = await p.registry.patch(SERVICES, "default", "web", merge({"spec": change}), PLAIN)
            assert p.registry.decode(SERVICES, record).spec.externalTrafficPolicy == policy

    play(story)
