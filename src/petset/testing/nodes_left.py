"""The nodes that a world at rest has: all of them, Ready, and heard of within their time."""

from collections.abc import Iterator

from petset.api.models import coordination_v1, core_v1
from petset.controllers.nodelifecycle.plan import readiness
from petset.node.registration import LEASE_NAMESPACE, RENEW_SECONDS
from petset.testing.world import World

LATE_SECONDS = RENEW_SECONDS + 1


def silent_nodes(world: World) -> Iterator[str]:
    """Nodes that will be given up soon, or are: their pods would be marked, and the world would write again."""
    for name in world.nodes:
        node = world.get(core_v1.Node, name, "")
        lease = world.get(coordination_v1.Lease, name, LEASE_NAMESPACE)
        renewed_at = lease.spec.renewTime if lease is not None and lease.spec is not None else None
        if node is None or readiness(node) != "True":
            yield f"{name} is not Ready"
        elif renewed_at is None or (world.plane.clock.now() - renewed_at).total_seconds() > LATE_SECONDS:
            yield f"{name} has not been heard of for more than {LATE_SECONDS:.0f} s"
