"""Services: what they lead to, how they are reached, and what of that may change."""

from petset.api import names
from petset.api.models import core_v1
from petset.api.objects import meta
from petset.api.validation.addresses import check_address, check_elsewhere, check_network, is_address
from petset.api.validation.containers import PROTOCOLS
from petset.api.validation.fields import IMMUTABLE, AsWritten, Faults
from petset.api.validation.metadata import check_labels
from petset.api.validation.probes import check_port
from petset.api.validation.service_addresses import check_addresses, check_addresses_update, is_headless

TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'"
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_DAY_SECONDS = 86400
_DISTRIBUTIONS = ("PreferClose", "PreferSameNode", "PreferSameZone")


def check_service(service: core_v1.Service, faults: Faults) -> None:
    """A Service, in Kubernetes' order."""
    spec, annotations = service.spec, meta(service).annotations or {}
    assert spec is not None
    hints, mode = annotations.get(_HINTS), annotations.get(_MODE)
    if hints is not None and mode is not None and hints != mode:
        what = f"must match annotations[{_HINTS}] when both are specified"
        faults.invalid(f"metadata.annotations[{_MODE}]", mode, what)
    if not spec.ports and not is_headless(spec) and spec.type != "ExternalName":
        faults.required("spec.ports")
    if spec.type in ("LoadBalancer", "NodePort") and is_headless(spec):
        faults.invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {spec.type} services")
    if spec.type == "ExternalName":
        _check_external(spec, faults)
    _check_ports(spec.ports or [], faults)
    check_labels("spec.selector", spec.selector, faults)
    _check_affinity(spec, faults)
    check_addresses(spec, faults)
    for index, address in enumerate(spec.externalIPs or ()):
        if check_address(f"spec.externalIPs[{index}]", address, faults):
            check_elsewhere(f"spec.externalIPs[{index}]", address, faults)
    if spec.type not in TYPES:
        faults.one_of("spec.type", spec.type, TYPES)
    _check_numbers(spec, faults)
    _check_balancing(spec, annotations, faults)
    _check_policies(spec, faults)


def _check_external(spec: core_v1.ServiceSpec, faults: Faults) -> None:
    """Another name for something elsewhere has no address here."""
    for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if getattr(spec, field):
            faults.forbidden(f"spec.{field}", "may not be set for ExternalName services")
    name = (spec.externalName or "").removesuffix(".")
    if not name:
        faults.required("spec.externalName")
    else:
        faults.each("spec.externalName", name, names.dns_subdomain(name))


def _check_ports(ports: list[core_v1.ServicePort], faults: Faults) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here = f"spec.ports[{index}]"
        if port.name:
            faults.each(f"{here}.name", port.name, names.dns_label(port.name))
            if port.name in seen:
                faults.duplicate(f"{here}.name", port.name)
            seen.add(port.name)
        elif len(ports) > 1:
            faults.required(f"{here}.name")
        faults.each(f"{here}.port", port.port, names.port_number(port.port))
        if port.protocol not in PROTOCOLS:
            faults.one_of(f"{here}.protocol", port.protocol, PROTOCOLS)
        if port.targetPort is not None:
            check_port(f"{here}.targetPort", port.targetPort, faults)
        if port.appProtocol is not None:
            faults.each(f"{here}.appProtocol", port.appProtocol, names.qualified_name(port.appProtocol))


def _check_affinity(spec: core_v1.ServiceSpec, faults: Faults) -> None:
    if spec.sessionAffinity not in ("ClientIP", "None"):
        faults.one_of("spec.sessionAffinity", spec.sessionAffinity, ("ClientIP", "None"))
    config = spec.sessionAffinityConfig
    if spec.sessionAffinity == "None" and config is not None:
        faults.forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")
    if spec.sessionAffinity == "ClientIP" and config is not None and config.clientIP is not None:
        seconds = config.clientIP.timeoutSeconds
        if seconds is not None and not 0 < seconds <= _DAY_SECONDS:
            what = f"must be greater than 0 and less than {_DAY_SECONDS}"
            faults.invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, what)


def _check_numbers(spec: core_v1.ServiceSpec, faults: Faults) -> None:
    """No port twice, of the Service nor of the nodes, for one protocol."""
    node_ports: set[tuple[str | None, int]] = set()
    ports: set[tuple[str | None, int]] = set()
    for index, port in enumerate(spec.ports or ()):
        if port.nodePort and spec.type == "ClusterIP":
            what = "may not be used when `type` is 'ClusterIP'"
            faults.forbidden(f"spec.ports[{index}].nodePort", what)
    for index, port in enumerate(spec.ports or ()):
        if port.nodePort and (port.protocol, port.nodePort) in node_ports:
            faults.duplicate(f"spec.ports[{index}].nodePort", port.nodePort)
        node_ports.add((port.protocol, port.nodePort or 0))
    for index, port in enumerate(spec.ports or ()):
        if (port.protocol, port.port) in ports:
            faults.duplicate(f"spec.ports[{index}]", _as_go(port))
        ports.add((port.protocol, port.port))


def _as_go(port: core_v1.ServicePort) -> AsWritten:
    """How messages show what is there twice: protocol and port, in Go's internal type."""
    empty = {"Name": "", "Protocol": port.protocol, "AppProtocol": None, "Port": port.port}
    return AsWritten({**empty, "TargetPort": 0, "NodePort": 0})


def _check_balancing(spec: core_v1.ServiceSpec, annotations: dict[str, str], faults: Faults) -> None:
    """What a load balancer in front of the cluster is told."""
    balanced, here = spec.type == "LoadBalancer", "spec.LoadBalancerSourceRanges"
    if spec.loadBalancerSourceRanges:
        if not balanced:
            faults.forbidden(here, _ONLY_BALANCED)
        for index, network in enumerate(spec.loadBalancerSourceRanges):
            check_network(f"{here}[{index}]", network.strip(), faults)
    elif _RANGES in annotations:
        here = f"metadata.annotations[{_RANGES}]"
        if not balanced:
            faults.forbidden(here, _ONLY_BALANCED)
        for network in annotations[_RANGES].strip().split(",") if annotations[_RANGES].strip() else ():
            check_network(here, network.strip(), faults)
    if spec.allocateLoadBalancerNodePorts is not None and not balanced:
        faults.forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_BALANCED)
    name = spec.loadBalancerClass
    if name is not None and balanced:
        faults.each("spec.loadBalancerClass", name, names.qualified_name(name))
    elif name is not None:
        faults.forbidden("spec.loadBalancerClass", _ONLY_BALANCED)


def is_reached_from_outside(spec: core_v1.ServiceSpec) -> bool:
    """By ports of the nodes, a load balancer, or addresses that are led here."""
    return spec.type in ("LoadBalancer", "NodePort") or (spec.type == "ClusterIP" and bool(spec.externalIPs))


def needs_health_check(spec: core_v1.ServiceSpec) -> bool:
    """Whether a load balancer must ask each node for pods of its own."""
    return spec.type == "LoadBalancer" and spec.externalTrafficPolicy == "Local"


def _check_policies(spec: core_v1.ServiceSpec, faults: Faults) -> None:
    outer, inner = spec.externalTrafficPolicy, spec.internalTrafficPolicy
    known = ("Cluster", "Local")
    if outer and not is_reached_from_outside(spec):
        what = "may only be set for externally-accessible services"
        faults.invalid("spec.externalTrafficPolicy", outer, what)
    elif is_reached_from_outside(spec) and outer not in known:
        faults.one_of("spec.externalTrafficPolicy", outer, known)
    port = spec.healthCheckNodePort
    if port and not needs_health_check(spec):
        what = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        faults.invalid("spec.healthCheckNodePort", port, what)
    elif port:
        faults.each("spec.healthCheckNodePort", port, names.port_number(port))
    if inner is None and spec.type in ("ClusterIP", "LoadBalancer", "NodePort"):
        faults.required("spec.internalTrafficPolicy")
    elif inner is not None and inner not in known:
        faults.not_supported("spec.internalTrafficPolicy", inner, known)
    if spec.trafficDistribution is not None and spec.trafficDistribution not in _DISTRIBUTIONS:
        faults.not_supported("spec.trafficDistribution", spec.trafficDistribution, _DISTRIBUTIONS)


def check_service_update(new: core_v1.Service, old: core_v1.Service, faults: Faults) -> None:
    """A Service keeps its addresses, its families and the class of its load balancer as long as it has them."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    check_addresses_update(after, before, faults)
    if after.type == before.type == "LoadBalancer" and after.loadBalancerClass != before.loadBalancerClass:
        faults.invalid("spec.loadBalancerClass", after.loadBalancerClass, "may not change once set")
    moved = (after.healthCheckNodePort or 0) != (before.healthCheckNodePort or 0)
    if moved and needs_health_check(after) and needs_health_check(before):
        faults.forbidden("spec.healthCheckNodePort", IMMUTABLE)
    check_service(new, faults)


def check_service_status(new: core_v1.Service, old: core_v1.Service, faults: Faults) -> None:
    """Where a load balancer leads from."""
    balancer = new.status.loadBalancer if new.status else None
    ingress = (balancer.ingress if balancer else None) or []
    if ingress and new.spec is not None and new.spec.type != "LoadBalancer":
        what = "may only be used when `spec.type` is 'LoadBalancer'"
        faults.forbidden("status.loadBalancer.ingress", what)
        return
    for index, each in enumerate(ingress):
        here = f"status.loadBalancer.ingress[{index}]"
        if each.ip:
            check_address(f"{here}.ip", each.ip, faults)
        if each.ip and each.ipMode is None:
            faults.required(f"{here}.ipMode", "must be specified when `ip` is set")
        elif each.ipMode is not None and not each.ip:
            faults.forbidden(f"{here}.ipMode", "may not be specified when `ip` is not set")
        elif each.ipMode is not None and each.ipMode not in ("Proxy", "VIP"):
            faults.not_supported(f"{here}.ipMode", each.ipMode, ("Proxy", "VIP"))
        if each.hostname:
            _check_host(f"{here}.hostname", each.hostname, faults)


def _check_host(path: str, name: str, faults: Faults) -> None:
    faults.each(path, name, names.dns_subdomain(name))
    if is_address(name):
        faults.invalid(path, name, "must be a DNS name, not an IP address")
