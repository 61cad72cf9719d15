"""What the endpoints controller sees of one Service, and what it may write for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from petset.api.models import core_v1, discovery_v1
from petset.controllers.endpoints.members import Member

MANAGED_BY = "endpointslice-controller.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
HEADLESS_LABEL = "service.kubernetes.io/headless"
ENDPOINTS_MANAGED_BY_LABEL = "endpoints.kubernetes.io/managed-by"
ENDPOINTS_MANAGED_BY = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"

MOST_ENDPOINTS_A_SLICE = 100
MOST_ADDRESSES = 1000
"""An Endpoints object holds no more than this; slices have no such limit."""


@dataclass(frozen=True)
class Snapshot:
    """A Service, its members, and what has been written for it before.

    `slices` are those we manage. `service` is None once it is gone: the slices then go with their owner, and
    Endpoints, which have none, are removed by us.
    """

    service: core_v1.Service | None
    members: Sequence[Member] = ()
    slices: Sequence[discovery_v1.EndpointSlice] = ()
    endpoints: core_v1.Endpoints | None = None


@dataclass(frozen=True)
class CreateSlice:
    """Create a slice; the server completes its name."""

    slice: discovery_v1.EndpointSlice


@dataclass(frozen=True)
class UpdateSlice:
    """Write a slice that has changed."""

    slice: discovery_v1.EndpointSlice


@dataclass(frozen=True)
class DeleteSlice:
    """Remove a slice that holds nothing any more."""

    slice: discovery_v1.EndpointSlice


@dataclass(frozen=True)
class CreateEndpoints:
    """Create the Service's Endpoints."""

    endpoints: core_v1.Endpoints


@dataclass(frozen=True)
class UpdateEndpoints:
    """Write the Service's Endpoints."""

    endpoints: core_v1.Endpoints


@dataclass(frozen=True)
class DeleteEndpoints:
    """Remove the Endpoints of a Service that is gone."""

    endpoints: core_v1.Endpoints


Action: TypeAlias = CreateSlice | UpdateSlice | DeleteSlice | CreateEndpoints | UpdateEndpoints | DeleteEndpoints


@dataclass(frozen=True)
class Plan:
    """Slices first: DNS and proxies read those. `waiting`: why nothing is written for a Service."""

    actions: tuple[Action, ...] = ()
    waiting: str = ""
