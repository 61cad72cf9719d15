"""The priority classes that every cluster has, with their numbers and what they say of themselves."""

from collections.abc import Mapping

SYSTEM: Mapping[str, tuple[int, str]] = {
    "system-node-critical": (
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
    "system-cluster-critical": (
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, "
        "but can be moved to another node if necessary.",
    ),
}
