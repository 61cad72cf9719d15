"""What a request for a proxy means: which port of which pod, and by what protocol.

A pod or Service is named as `name`, `name:port` or `scheme:name:port`. A pod's port is a number (the first of its
containers' where none is given), a Service's a number or a name; of its ready pods each is asked in its turn.
"""

from collections.abc import Iterator
from typing import NamedTuple

from petset.api.errors import BadRequest, NotFound, Unavailable
from petset.api.kinds import by_model
from petset.api.models import core_v1
from petset.apiserver.routes import Request
from petset.apiserver.streams.forwards import port_of
from petset.registry.port import Registry

_PODS, _ENDPOINTS = by_model(core_v1.Pod), by_model(core_v1.Endpoints)
_USUAL_PORT = 80


class Target(NamedTuple):
    """`scheme` is http or https; `address` is the pod's, for people."""

    pod: core_v1.Pod
    port: int
    scheme: str
    address: str


class _Named(NamedTuple):
    scheme: str
    name: str
    port: str


def target_of(request: Request, registry: Registry, turns: Iterator[int]) -> Target:
    """Raises BadRequest for what is no name, NotFound, and Unavailable where nobody is there to answer."""
    service = request.kind.model is core_v1.Service
    named = _split(request.name, "service" if service else "pod")
    if service:
        return _of_service(request, named, registry, turns)
    pod: core_v1.Pod = registry.decode(_PODS, registry.get(_PODS, request.namespace, named.name))
    ports = (p.containerPort for c in (pod.spec.containers if pod.spec else ()) for p in c.ports or ())
    return _target(pod, port_of(named.port) if named.port else next(ports, _USUAL_PORT), named.scheme)


def _split(text: str, what: str) -> _Named:
    parts = text.split(":")
    scheme, name, port = ("", *parts, "")[:3] if len(parts) < 3 else parts if len(parts) == 3 else ("", "", "")
    if not name or scheme not in ("", "http", "https"):
        raise BadRequest(f'invalid {what} request "{text}"')
    return _Named(scheme or "http", name, port)


def _of_service(request: Request, named: _Named, registry: Registry, turns: Iterator[int]) -> Target:
    service: core_v1.Service = registry.decode(
        request.kind, registry.get(request.kind, request.namespace, named.name)
    )
    port_name = _port_name(service, named)
    try:
        record = registry.get(_ENDPOINTS, request.namespace, named.name)
    except NotFound:
        raise _nobody(named.name) from None
    endpoints: core_v1.Endpoints = registry.decode(_ENDPOINTS, record)
    choices = [
        (address.targetRef.name, port.port)
        for subset in endpoints.subsets or ()
        for port in subset.ports or ()
        if (port.name or "") == port_name
        for address in subset.addresses or ()
        if address.targetRef is not None and address.targetRef.kind == "Pod" and address.targetRef.name
    ]
    if not choices:
        raise _nobody(request.name)
    pod_name, port_number = choices[next(turns) % len(choices)]
    pod = registry.decode(_PODS, registry.get(_PODS, request.namespace, pod_name))
    return _target(pod, port_number, named.scheme)


def _port_name(service: core_v1.Service, named: _Named) -> str:
    """The name by which the endpoints know the port; a number is the Service's own."""
    if not named.port.isdigit():
        return named.port
    for port in (service.spec.ports if service.spec else None) or ():
        if port.port == int(named.port):
            return port.name or ""
    raise Unavailable(f'no service port {named.port} found for service "{named.name}"')


def _nobody(name: str) -> Unavailable:
    return Unavailable(f'no endpoints available for service "{name}"')


def _target(pod: core_v1.Pod, port: int, scheme: str) -> Target:
    address = (pod.status.podIP if pod.status else None) or ""
    if not address:
        raise BadRequest("address not allowed")
    return Target(pod, port, scheme, f"{address}:{port}")
