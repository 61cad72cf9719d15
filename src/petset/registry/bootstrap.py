"""What a cluster holds before anybody has asked for anything: made at every start, where it is missing."""

import contextlib
from collections.abc import Sequence
from typing import Any

from petset.api.errors import AlreadyExists, NotFound
from petset.api.kinds import by_model
from petset.api.models import core_v1, discovery_v1, meta_v1, storage_v1
from petset.api.objects import copy, name_of
from petset.registry.accounts import default_account
from petset.registry.admission import NAMESPACES
from petset.registry.default_classes import STORAGE
from petset.registry.port import ListOptions, Registry, WriteOptions

FIRST_NAMESPACES: Sequence[str] = ("default", "kube-system", "kube-public", "kube-node-lease")
API_ADDRESS = "10.96.0.1"  # the first of the Services' network, as everywhere
SERVICE_NAME = "kubernetes.io/service-name"
PROVISIONER = "petset.dev/directory"


async def bootstrap(registry: Registry) -> None:
    """Make what is missing of namespaces, their default accounts, the API's own Service and the storage class."""
    await keep(registry)
    for record in registry.list(NAMESPACES, "", ListOptions()).records:
        await default_account(registry, record.key.name)
    await _ensure(registry, "", _storage_class())


async def keep(registry: Registry) -> None:
    """Make what the server itself cannot be without, and what is made anew where somebody deletes everything."""
    for name in FIRST_NAMESPACES:
        await _ensure(registry, "", core_v1.Namespace(metadata=meta_v1.ObjectMeta(name=name)))
    await _ensure(registry, "default", _api_service())


async def announce(registry: Registry, address: str, port: int) -> None:
    """Say where the API server answers: the endpoints of its own Service, which nobody else writes."""
    labels = {SERVICE_NAME: "kubernetes"}
    piece = discovery_v1.EndpointSlice(
        metadata=meta_v1.ObjectMeta(name="kubernetes", labels=labels),
        addressType="IPv4",
        endpoints=[
            discovery_v1.Endpoint(addresses=[address], conditions=discovery_v1.EndpointConditions(ready=True))
        ],
        ports=[discovery_v1.EndpointPort(name="https", port=port, protocol="TCP")],
    )
    subset = core_v1.EndpointSubset(
        addresses=[core_v1.EndpointAddress(ip=address)],
        ports=[core_v1.EndpointPort(name="https", port=port, protocol="TCP")],
    )
    metadata = meta_v1.ObjectMeta(name="kubernetes", labels={"endpointslice.kubernetes.io/skip-mirror": "true"})
    await _put(registry, "default", piece)
    await _put(registry, "default", core_v1.Endpoints(metadata=metadata, subsets=[subset]))


async def _put(registry: Registry, namespace: str, obj: Any) -> None:
    kind = by_model(type(obj))
    try:
        await registry.create(kind, namespace, copy(obj), WriteOptions(admitted=True))
    except AlreadyExists:
        await registry.update(kind, namespace, name_of(obj), obj, WriteOptions(admitted=True))


async def _ensure(registry: Registry, namespace: str, obj: Any) -> None:
    kind = by_model(type(obj))
    try:
        registry.get(kind, namespace, name_of(obj))
    except NotFound:
        with contextlib.suppress(AlreadyExists):
            await registry.create(kind, namespace, obj, WriteOptions(admitted=True))


def _api_service() -> core_v1.Service:
    labels = {"component": "apiserver", "provider": "kubernetes"}
    port = core_v1.ServicePort(name="https", port=443, protocol="TCP", targetPort=6443)
    return core_v1.Service(
        metadata=meta_v1.ObjectMeta(name="kubernetes", labels=labels),
        spec=core_v1.ServiceSpec(type="ClusterIP", clusterIP=API_ADDRESS, ports=[port]),
    )


def _storage_class() -> storage_v1.StorageClass:
    return storage_v1.StorageClass(
        metadata=meta_v1.ObjectMeta(name="standard", annotations={STORAGE: "true"}),
        provisioner=PROVISIONER,
        reclaimPolicy="Delete",
        volumeBindingMode="Immediate",
        allowVolumeExpansion=True,
    )
