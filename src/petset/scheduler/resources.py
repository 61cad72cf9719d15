"""How much room a pod needs and a node has, summed exactly, in billionths.

A pod needs what its containers come to (`petset.api.amounts`), and its overhead on top.
"""

from collections.abc import Iterable, Mapping

from petset.api import amounts, quantity
from petset.api.models import core_v1

ONE = 10**9
"""Amounts are whole billionths, as in `Quantity.nanos`."""


def requests(pod: core_v1.Pod) -> dict[str, int]:
    """What the pod asks for, by resource name; `pods` counts the pod itself."""
    assert pod.spec
    needed = amounts.of_pod(pod, _of)
    if pod.spec.overhead:
        needed = amounts.total((needed, _parsed(pod.spec.overhead)))
    needed["pods"] = needed.get("pods", 0) + ONE
    return needed


def total(pods: Iterable[core_v1.Pod]) -> dict[str, int]:
    """What several pods ask for together."""
    return amounts.total(requests(pod) for pod in pods)


def allocatable(node: core_v1.Node) -> dict[str, int]:
    """What the node gives to pods."""
    return _parsed((node.status.allocatable or node.status.capacity) if node.status else None)


def _of(container: core_v1.Container) -> dict[str, int]:
    return _parsed(container.resources.requests if container.resources else None)


def _parsed(listed: Mapping[str, str] | None) -> dict[str, int]:
    return {name: quantity.parse(amount).nanos for name, amount in (listed or {}).items()}
