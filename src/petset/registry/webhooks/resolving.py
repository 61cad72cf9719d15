"""From a webhook's `clientConfig` to where it listens: a URL, or a Service and the pods behind it."""

import base64
from collections.abc import Iterator

from petset.api.kinds import by_model
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import apiextensions_v1, core_v1, discovery_v1
from petset.registry.memo import Decoder, memo_of
from petset.registry.webhooks.port import CallFailed, Destination
from petset.storage.port import Key, Store

_SERVICES, _SLICES = by_model(core_v1.Service), by_model(discovery_v1.EndpointSlice)
Client = admission.WebhookClientConfig | apiextensions_v1.WebhookClientConfig
Service = admission.ServiceReference | apiextensions_v1.ServiceReference
_SERVICE_NAME = "kubernetes.io/service-name"


def url_of(client: Client, seconds: int | None) -> str:
    """The URL, for a Service by its name in the cluster, and how long the answer is waited for."""
    url, service = client.url or "", client.service
    if service is not None:
        path = (service.path or "/").lstrip("/")
        url = f"https://{service.name}.{service.namespace}.svc:{service.port}/{path}"
    return f"{url}?timeout={seconds}s"


def resolve(client: Client, seconds: int | None, store: Store, decoder: Decoder) -> Destination:
    """Where to connect to. Raises CallFailed where nobody is there."""
    authorities = base64.b64decode(client.caBundle) if client.caBundle else b""
    url = url_of(client, seconds)
    if client.service is None:
        return Destination(url, authorities)
    return Destination(url, authorities, tuple(_addresses(client.service, store, decoder)))


def _addresses(wanted: Service, store: Store, decoder: Decoder) -> list[str]:
    record = store.get(Key(_SERVICES.store_key, wanted.namespace, wanted.name))
    if record is None:
        raise CallFailed(f'service "{wanted.name}" not found')
    service: core_v1.Service = decoder.decode(_SERVICES, record)
    spec = service.spec or core_v1.ServiceSpec()
    if spec.type == "ExternalName":
        return [f"{spec.externalName}:{wanted.port}"]
    port = next((port for port in spec.ports or () if port.port == wanted.port), None)
    if port is None:
        raise CallFailed(f'no service port {wanted.port} found for service "{wanted.name}"')
    found = list(_ready(wanted, port.name or "", store, decoder))
    if not found:
        raise CallFailed(f'no endpoints available for service "{wanted.name}"')
    return found


def _ready(wanted: Service, port: str, store: Store, decoder: Decoder) -> Iterator[str]:
    """The addresses of ready endpoints, as `10.244.0.7:8443`."""
    for record in store.list(_SLICES.store_key, wanted.namespace).records:
        if memo_of(record).labels.get(_SERVICE_NAME) != wanted.name:
            continue
        piece: discovery_v1.EndpointSlice = decoder.decode(_SLICES, record)
        number = next((p.port for p in piece.ports or () if (p.name or "") == port), None)
        for endpoint in piece.endpoints or ():
            ready = endpoint.conditions is None or endpoint.conditions.ready is not False
            if ready and number is not None:
                yield f"{endpoint.addresses[0]}:{number}"
