"""One pod as a member of a Service: whether it counts, in which condition, under which name, on which ports."""

from collections.abc import Sequence
from typing import NamedTuple

from petset.api.models import core_v1, discovery_v1
from petset.api.objects import is_terminating, meta, name_of, namespace_of, uid_of


class Port(NamedTuple):
    """A port as this pod serves it. Pods that resolve a named port differently cannot share a slice."""

    name: str
    port: int
    protocol: str
    app_protocol: str | None


class Member(NamedTuple):
    """A pod as a Service's slices and Endpoints show it. `ready` counts one that is published all the same."""

    name: str
    ready: bool
    terminating: bool
    ports: tuple[Port, ...]
    endpoint: discovery_v1.Endpoint
    address: core_v1.EndpointAddress


def member_of(pod: core_v1.Pod, service: core_v1.Service) -> Member | None:
    """The pod as a member of the Service; None where it is not selected, or counts for nothing (rule 21)."""
    return member(pod, service) if selects(service, pod) else None


def selects(service: core_v1.Service, pod: core_v1.Pod) -> bool:
    """A Service without a selector selects nothing."""
    selector = (service.spec.selector if service.spec else None) or {}
    labels = meta(pod).labels or {}
    return bool(selector) and selector.items() <= labels.items()


def member(pod: core_v1.Pod, service: core_v1.Service) -> Member | None:
    """The pod as a member; None for one that is none."""
    if not is_member(pod):
        return None
    publish_not_ready = bool(service.spec and service.spec.publishNotReadyAddresses)
    own_addresses, own_hostname, reference = addresses(pod), hostname(pod, service), target(pod)
    node = pod.spec.nodeName if pod.spec else None
    return Member(
        name=name_of(pod),
        ready=publish_not_ready or is_ready(pod),
        terminating=is_terminating(pod),
        ports=ports(pod, service),
        endpoint=discovery_v1.Endpoint(
            addresses=own_addresses,
            conditions=conditions(pod, publish_not_ready=publish_not_ready),
            hostname=own_hostname,
            nodeName=node,
            targetRef=reference,
        ),
        address=core_v1.EndpointAddress(
            ip=own_addresses[0], hostname=own_hostname, nodeName=node, targetRef=reference
        ),
    )


def is_ready(pod: core_v1.Pod) -> bool:
    """Its node says that it may be sent requests."""
    conditions = (pod.status.conditions if pod.status else None) or ()
    return any(c.type == "Ready" and c.status == "True" for c in conditions)


def has_ended(pod: core_v1.Pod) -> bool:
    """All of its containers have stopped for good."""
    return bool(pod.status and pod.status.phase in ("Succeeded", "Failed"))


def is_member(pod: core_v1.Pod) -> bool:
    """It has an address and has not ended (rule 21); whether it is ready is another matter."""
    return bool(addresses(pod)) and not has_ended(pod)


def addresses(pod: core_v1.Pod) -> list[str]:
    """The pod's IPv4 addresses; it has one."""
    status = pod.status
    if status is None or not (status.podIPs or status.podIP):
        return []
    found = [ip.ip for ip in status.podIPs or () if ip.ip] or [status.podIP or ""]
    return [ip for ip in found if ip and ":" not in ip][:1]


def conditions(pod: core_v1.Pod, *, publish_not_ready: bool) -> discovery_v1.EndpointConditions:
    """A terminating pod still serves while it is Ready, but is not ready for new work."""
    serving, terminating = is_ready(pod), is_terminating(pod)
    ready = publish_not_ready or (serving and not terminating)
    return discovery_v1.EndpointConditions(ready=ready, serving=serving, terminating=terminating)


def hostname(pod: core_v1.Pod, service: core_v1.Service) -> str | None:
    """The pod's own name in DNS: only below the Service that it names as its subdomain (rule 21)."""
    spec = pod.spec
    own = spec is not None and spec.hostname and spec.subdomain == name_of(service)
    return spec.hostname if spec and own and namespace_of(pod) == namespace_of(service) else None


def target(pod: core_v1.Pod) -> core_v1.ObjectReference:
    """The reference that leads from an endpoint back to its pod."""
    return core_v1.ObjectReference(kind="Pod", name=name_of(pod), namespace=namespace_of(pod), uid=uid_of(pod))


def ports(pod: core_v1.Pod, service: core_v1.Service) -> tuple[Port, ...]:
    """The Service's ports as this pod serves them; a name that no container has is left out."""
    resolved = []
    for wanted in (service.spec.ports if service.spec else None) or ():
        number = _number(pod, wanted)
        if number is not None:
            resolved.append(Port(wanted.name or "", number, wanted.protocol or "TCP", wanted.appProtocol))
    return tuple(resolved)


def _number(pod: core_v1.Pod, wanted: core_v1.ServicePort) -> int | None:
    target_port = wanted.targetPort
    if target_port is None or target_port in (0, ""):
        return wanted.port
    if isinstance(target_port, int):
        return target_port
    protocol = wanted.protocol or "TCP"
    return next(
        (
            port.containerPort
            for container in _containers(pod)
            for port in container.ports or ()
            if port.name == target_port and (port.protocol or "TCP") == protocol
        ),
        None,
    )


def _containers(pod: core_v1.Pod) -> Sequence[core_v1.Container]:
    assert pod.spec
    sidecars = [c for c in pod.spec.initContainers or () if c.restartPolicy == "Always"]
    return [*pod.spec.containers, *sidecars]
