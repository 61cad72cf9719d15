"""How much room a pod needs and a node has, summed exactly, in billionths.

A pod needs the sum of its containers, or the most that any of its init containers needs while it runs beside the
sidecars started before it, whichever is more, and its overhead on top.
"""

from collections.abc import Iterable, Mapping

from petset.api import quantity
from petset.api.models import core_v1

ONE = 10**9
"""Amounts are whole billionths, as in `Quantity.nanos`."""


def requests(pod: core_v1.Pod) -> dict[str, int]:
    """What the pod asks for, by resource name; `pods` counts the pod itself."""
    assert pod.spec
    running = _sum(_of(container) for container in pod.spec.containers)
    sidecars: dict[str, int] = {}
    starting: dict[str, int] = {}
    for container in pod.spec.initContainers or ():
        if container.restartPolicy == "Always":
            sidecars = _sum((sidecars, _of(container)))
            starting = _most(starting, sidecars)
        else:
            starting = _most(starting, _sum((sidecars, _of(container))))
    needed = _most(_sum((running, sidecars)), starting)
    return _sum((needed, _parsed(pod.spec.overhead), {"pods": ONE}))


def total(pods: Iterable[core_v1.Pod]) -> dict[str, int]:
    """What several pods ask for together."""
    return _sum(requests(pod) for pod in pods)


def allocatable(node: core_v1.Node) -> dict[str, int]:
    """What the node gives to pods."""
    return _parsed((node.status.allocatable or node.status.capacity) if node.status else None)


def _of(container: core_v1.Container) -> dict[str, int]:
    return _parsed(container.resources.requests if container.resources else None)


def _parsed(amounts: Mapping[str, str] | None) -> dict[str, int]:
    return {name: quantity.parse(amount).nanos for name, amount in (amounts or {}).items()}


def _sum(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            amounts[name] = amounts.get(name, 0) + amount
    return amounts


def _most(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: max(one.get(name, 0), other.get(name, 0)) for name in {**one, **other}}
