"""What the scheduler sees when it looks for a pod's node, and the answer it gives.

The snapshot holds every node with the pods that count against it, those included that were given a node a
moment ago and that the cache does not show there yet ("assumed"), so that two decisions in a row never promise
the same room twice.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from msgspec import Struct, field

from petset.api import taints
from petset.api.models import core_v1, storage_v1
from petset.scheduler.resources import allocatable, requests


def is_ready(node: core_v1.Node) -> bool:
    """Whether the node's own agent says that it can run pods."""
    conditions = (node.status.conditions if node.status else None) or ()
    return any(c.type == "Ready" and c.status == "True" for c in conditions)


class NodeState(Struct, frozen=True, dict=True):
    """A node and the pods on it, bound or assumed, that have not ended, and what is known of them in sum.

    `used` adds up what they request (in billionths), `owners` counts them by their controller's uid, and
    `repelling` are those with required anti-affinity: kept so that a decision costs the same however many pods
    there are.
    """

    node: core_v1.Node
    pods: Collection[core_v1.Pod] = ()
    used: Mapping[str, int] = field(default_factory=dict)
    owners: Mapping[str, int] = field(default_factory=dict)
    repelling: Collection[core_v1.Pod] = ()

    @cached_property
    def offered(self) -> Mapping[str, int]:
        """What the node gives to pods, in billionths."""
        return allocatable(self.node)

    @cached_property
    def taints(self) -> Sequence[core_v1.Taint]:
        """What keeps pods off; a node that is not Ready counts as tainted at once."""
        stated = (self.node.spec.taints if self.node.spec else None) or []
        if is_ready(self.node) or any(t.key in (taints.NOT_READY, taints.UNREACHABLE) for t in stated):
            return stated
        return [*stated, core_v1.Taint(key=taints.NOT_READY, effect="NoSchedule")]


class ClaimState(Struct, frozen=True):
    """A claim that the pod mounts. `claim` is None where it does not exist; `volume` is set once it is bound.

    `offers` are volumes that nobody has, of the claim's class: they decide which nodes can serve a claim that waits
    for its first consumer and that nothing provisions.
    """

    name: str
    claim: core_v1.PersistentVolumeClaim | None = None
    volume: core_v1.PersistentVolume | None = None
    storage_class: storage_v1.StorageClass | None = None
    offers: Sequence[core_v1.PersistentVolume] = ()


class Snapshot(Struct, frozen=True, dict=True):
    """One pod that wants a node, and all that the choice depends on; `namespaces` where affinities need them."""

    pod: core_v1.Pod
    nodes: Sequence[NodeState] = ()
    claims: Sequence[ClaimState] = ()
    namespaces: Sequence[core_v1.Namespace] = ()

    @cached_property
    def requests(self) -> Mapping[str, int]:
        """What the pod asks for, in billionths: asked about each node, and added up once."""
        return requests(self.pod)


class SelectNode(Struct, frozen=True):
    """Tell the binder of a claim that waits for its first consumer which node that has."""

    claim: core_v1.PersistentVolumeClaim
    node: str


class Bind(Struct, frozen=True):
    """Give the pod its node, once and for all."""

    node: str


Action = SelectNode | Bind


class Waiting(Struct, frozen=True):
    """Why the pod has no node yet, in Kubernetes' words, ready for the event and the pod's condition.

    With no `message` the wait is short and nobody is told: a claim is just being bound. Claims are mostly bound
    within milliseconds, so what is wrong with them is only told after `patience_seconds`.
    """

    message: str = ""
    patience_seconds: float = 0
    reason: str = "Unschedulable"


class Plan(Struct, frozen=True):
    """Claims first, then the pod; or why not."""

    actions: tuple[Action, ...] = ()
    waiting: Waiting | None = None
