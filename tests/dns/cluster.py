"""Small objects to make zones from."""

from collections.abc import Iterable

from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.dns.zone import Zone


def namespace(name: str) -> core_v1.Namespace:
    return core_v1.Namespace(metadata=meta_v1.ObjectMeta(name=name))


def service(name: str, ip: str = "None", ports: Iterable[tuple[str, int]] = (), **spec: object) -> core_v1.Service:
    """A service; without an IP it is headless. Ports are name and number."""
    return core_v1.Service(
        metadata=meta_v1.ObjectMeta(name=name, namespace="default"),
        spec=core_v1.ServiceSpec(
            clusterIP=ip,
            clusterIPs=ip.split(","),
            ports=[core_v1.ServicePort(name=port, port=number, protocol="TCP") for port, number in ports],
            **spec,
        ),
    )


def piece(
    of: str,
    endpoints: Iterable[tuple[str, str]],
    ports: Iterable[tuple[str, int]] = (),
    *,
    name: str = "",
    ready: bool | None = True,
) -> discovery_v1.EndpointSlice:
    """A slice of endpoints, each a host name (may be empty) and an address."""
    return discovery_v1.EndpointSlice(
        addressType="IPv4",
        metadata=meta_v1.ObjectMeta(
            name=name or f"{of}-1", namespace="default", labels={"kubernetes.io/service-name": of}
        ),
        endpoints=[
            discovery_v1.Endpoint(
                addresses=[address],
                hostname=hostname or None,
                conditions=discovery_v1.EndpointConditions(ready=ready),
            )
            for hostname, address in endpoints
        ],
        ports=[discovery_v1.EndpointPort(name=port, port=number, protocol="TCP") for port, number in ports],
    )


def redis_zone() -> Zone:
    """Three redis replicas behind a headless service, and a web service with an address of its own."""
    zone = Zone("cluster.local")
    zone.namespace_changed(None, namespace("default"))
    zone.service_changed(None, service("redis", ports=[("redis", 6379)]))
    hosts = [(f"redis-{n}", f"10.244.0.{n + 2}") for n in range(3)]
    zone.slice_changed(None, piece("redis", hosts, [("redis", 6379)]))
    zone.service_changed(None, service("web", "10.96.0.7,fd00::7", ports=[("http", 80), ("", 81)]))
    zone.slice_changed(None, piece("web", [("", "10.244.0.9")], [("http", 8080)]))
    zone.service_changed(None, service("away", "", type="ExternalName", externalName="db.example.com"))
    zone.service_changed(
        None, service("near", "", type="ExternalName", externalName="web.default.svc.cluster.local")
    )
    zone.service_changed(None, service("empty", ports=[("x", 1)]))
    return zone
