"""A pod's quality-of-service class, which its resources decide once, when it is created."""

from collections.abc import Mapping
from typing import Literal

from petset.api import quantity
from petset.api.models import core_v1

QosClass = Literal["Guaranteed", "Burstable", "BestEffort"]
_COMPUTE = ("cpu", "memory")


def qos_class(pod: core_v1.Pod) -> QosClass:
    """The class of the pod's own resources where it names any, else what all its containers agree on."""
    spec = pod.spec
    if spec is None:
        return "BestEffort"
    if spec.resources is not None:
        return _class_of(spec.resources)
    containers = [*(spec.initContainers or ()), *(spec.containers or ())]
    classes = {_class_of(container.resources) for container in containers}
    if len(classes) == 1:
        return classes.pop()
    return "Burstable" if classes else "BestEffort"


def _class_of(resources: core_v1.ResourceRequirements | None) -> QosClass:
    requests = _amounts(resources.requests if resources else None)
    limits = _amounts(resources.limits if resources else None)
    if not requests and not limits:
        return "BestEffort"
    if set(limits) == set(_COMPUTE) and requests == limits:
        return "Guaranteed"
    return "Burstable"


def _amounts(listed: Mapping[str, str] | None) -> dict[str, int]:
    """Processor and memory, in billionths, where more than none is named."""
    if not listed:
        return {}
    amounts = {name: quantity.parse(listed[name]).nanos for name in _COMPUTE if name in listed}
    return {name: amount for name, amount in amounts.items() if amount > 0}
