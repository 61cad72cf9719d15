"""Amounts by resource name (`cpu`, `memory` …): sums, maxima, and what the containers of a pod come to together.

An amount is anything that can be added and compared: whole billionths where speed counts, quantities where the
result is shown to people.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from petset.api import quantity
from petset.api.models import core_v1
from petset.api.quantity import Quantity


class Amount(Protocol):
    """What can be added up and compared."""

    def __add__(self, other: Any, /) -> Any: ...
    def __lt__(self, other: Any, /) -> bool: ...


A = TypeVar("A", bound=Amount)
Quantities = Mapping[str, Quantity]


def parsed(listed: Mapping[str, str] | None) -> dict[str, Quantity]:
    """A resource list as quantities."""
    return {name: quantity.parse(text) for name, text in (listed or {}).items()}


def total(parts: Iterable[Mapping[str, A]]) -> dict[str, A]:
    """The sum, name by name."""
    amounts: dict[str, A] = {}
    for part in parts:
        for name, amount in part.items():
            amounts[name] = amounts[name] + amount if name in amounts else amount
    return amounts


def most(one: Mapping[str, A], other: Mapping[str, A]) -> dict[str, A]:
    """The larger one, name by name."""
    larger = dict(one)
    for name, amount in other.items():
        if name not in larger or larger[name] < amount:
            larger[name] = amount
    return larger


def of_pod(pod: core_v1.Pod, of: Callable[[core_v1.Container], Mapping[str, A]]) -> dict[str, A]:
    """What the pod's containers come to, without its overhead.

    The sum of its containers and sidecars, or the most that any of its init containers needs while it runs beside
    the sidecars started before it, whichever is more.
    """
    assert pod.spec
    running = total(of(container) for container in pod.spec.containers)
    if not pod.spec.initContainers:
        return running
    sidecars: dict[str, A] = {}
    starting: dict[str, A] = {}
    for container in pod.spec.initContainers:
        beside = total((sidecars, of(container)))
        if container.restartPolicy == "Always":
            sidecars = beside
        starting = most(starting, beside)
    return most(total((running, sidecars)), starting)
