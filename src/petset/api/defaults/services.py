"""Defaults of Services and of the objects that list their endpoints."""

from petset.api.models import core_v1, discovery_v1

AFFINITY_SECONDS = 3 * 3600


def default_service(service: core_v1.Service) -> None:
    """A Service; its cluster IP is given out elsewhere, when it is created."""
    spec = service.spec
    assert spec is not None, "stored form has a spec"
    spec.type = spec.type or "ClusterIP"
    _default_affinity(spec)
    for port in spec.ports or ():
        port.protocol = port.protocol or "TCP"
        if not port.targetPort:
            port.targetPort = port.port
    if spec.type in ("NodePort", "LoadBalancer") or (spec.type == "ClusterIP" and spec.externalIPs):
        spec.externalTrafficPolicy = spec.externalTrafficPolicy or "Cluster"
    if spec.clusterIP and not spec.clusterIPs:
        spec.clusterIPs = [spec.clusterIP]
    if spec.type != "ExternalName":
        spec.internalTrafficPolicy = spec.internalTrafficPolicy or "Cluster"
        _default_families(spec)
    if spec.type == "LoadBalancer" and spec.allocateLoadBalancerNodePorts is None:
        spec.allocateLoadBalancerNodePorts = True
    balancer = service.status.loadBalancer if service.status else None
    for ingress in (balancer.ingress if balancer else None) or ():
        if ingress.ip and ingress.ipMode is None:
            ingress.ipMode = "VIP"


def _default_affinity(spec: core_v1.ServiceSpec) -> None:
    spec.sessionAffinity = spec.sessionAffinity or "None"
    if spec.sessionAffinity == "None":
        spec.sessionAffinityConfig = None
        return
    if spec.sessionAffinityConfig is None:
        spec.sessionAffinityConfig = core_v1.SessionAffinityConfig()
    if spec.sessionAffinityConfig.clientIP is None:
        spec.sessionAffinityConfig.clientIP = core_v1.ClientIPConfig()
    if spec.sessionAffinityConfig.clientIP.timeoutSeconds is None:
        spec.sessionAffinityConfig.clientIP.timeoutSeconds = AFFINITY_SECONDS


def _default_families(spec: core_v1.ServiceSpec) -> None:
    """One family, IPv4; a headless Service without selector may list addresses of both."""
    both = spec.clusterIP == "None" and not spec.selector and not spec.ipFamilies
    if spec.ipFamilyPolicy is None:
        spec.ipFamilyPolicy = "RequireDualStack" if both else "SingleStack"
    if not spec.ipFamilies:
        spec.ipFamilies = ["IPv4", "IPv6"] if spec.ipFamilyPolicy == "RequireDualStack" and both else ["IPv4"]


def default_endpoints(endpoints: core_v1.Endpoints) -> None:
    """Ports are TCP unless they say otherwise."""
    for subset in endpoints.subsets or ():
        for port in subset.ports or ():
            port.protocol = port.protocol or "TCP"


def default_endpoint_slice(endpoint_slice: discovery_v1.EndpointSlice) -> None:
    """Ports are TCP, and without a name they have the empty one."""
    for port in endpoint_slice.ports or ():
        port.name = "" if port.name is None else port.name
        port.protocol = "TCP" if port.protocol is None else port.protocol
