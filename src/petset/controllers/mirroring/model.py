"""What the mirroring controller sees of one Service's Endpoints, and what it may write for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from petset.api.models import core_v1, discovery_v1

MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
MANAGED_BY = "endpointslicemirroring-controller.k8s.io"
SERVICE_NAME = "kubernetes.io/service-name"
SKIP_LABEL = "endpointslice.kubernetes.io/skip-mirror"
LEADER = "control-plane.alpha.kubernetes.io/leader"
"""The annotation of Endpoints that are no endpoints: older programs elect their leaders by them."""
NOT_MIRRORED = (
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
)
MOST_OF_A_SUBSET = 1000

Slice = discovery_v1.EndpointSlice


@dataclass(frozen=True)
class Snapshot:
    """Endpoints, the Service of their name, and the slices that were made of them. None is what is not there."""

    service: core_v1.Service | None
    endpoints: core_v1.Endpoints | None
    slices: Sequence[Slice] = ()


@dataclass(frozen=True)
class CreateSlice:
    """Create a slice; the server completes its name."""

    slice: Slice


@dataclass(frozen=True)
class UpdateSlice:
    """Write a slice that has changed."""

    slice: Slice


@dataclass(frozen=True)
class DeleteSlice:
    """Remove a slice of what is there no longer."""

    slice: Slice


Action: TypeAlias = CreateSlice | UpdateSlice | DeleteSlice


@dataclass(frozen=True)
class Plan:
    """New addresses first, then those that go."""

    actions: tuple[Action, ...] = ()
