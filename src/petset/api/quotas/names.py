"""Which of the names in a quota's `hard` an object counts towards.

A resource is named here as messages and the store name it: `pods`, `statefulsets.apps`. Every resource can be
counted as `count/<resource>`; some have older names besides, and pods, claims and services have amounts.
"""

from collections.abc import Iterable
from typing import Final

PODS: Final = "pods"
CLAIMS: Final = "persistentvolumeclaims"
SERVICES: Final = "services"
OF_CLASS: Final = ".storageclass.storage.k8s.io/"
COUNT: Final = "count/"
_COMPUTE: Final = ("cpu", "memory", "ephemeral-storage")
_POD_AMOUNTS: Final = frozenset(f"{of}{name}" for of in ("", "requests.", "limits.") for name in _COMPUTE)
_CLAIM_AMOUNTS: Final = (CLAIMS, "requests.storage")
_SERVICE_AMOUNTS: Final = frozenset({SERVICES, "services.nodeports", "services.loadbalancers"})
COUNTED_BY_NAME: Final = frozenset(
    {PODS, CLAIMS, SERVICES, "configmaps", "secrets", "resourcequotas", "replicationcontrollers"}
)
"""Resources that a quota may count without the `count/`."""
STANDARD: Final = _POD_AMOUNTS | _SERVICE_AMOUNTS | COUNTED_BY_NAME | {"requests.storage"}


def resource_of(name: str) -> str:
    """The resource whose objects count towards this name; empty for a name that nothing counts towards."""
    if name.startswith(COUNT):
        return name.removeprefix(COUNT)
    if name in COUNTED_BY_NAME:
        return name
    if name in _SERVICE_AMOUNTS:
        return SERVICES
    if name in _CLAIM_AMOUNTS or name.endswith(tuple(OF_CLASS + amount for amount in _CLAIM_AMOUNTS)):
        return CLAIMS
    of_pods = name in _POD_AMOUNTS or name.startswith(("hugepages-", "requests.hugepages-")) or is_extended(name)
    return PODS if of_pods else ""


def is_extended(name: str) -> bool:
    """`requests.example.com/gpu`: a resource that nodes name themselves, of which only requests are counted."""
    return name.startswith("requests.") and "/" in name and ".kubernetes.io/" not in name


def tracked(hard: Iterable[str], resource: str) -> frozenset[str]:
    """The names that objects of the resource count towards."""
    return frozenset(name for name in hard if resource_of(name) == resource)
