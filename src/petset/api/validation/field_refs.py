"""What containers and volumes may be told of their pod: its fields, and the resources of its containers."""

import re

from petset.api import names
from petset.api.models import core_v1
from petset.api.validation.fields import Faults

ENVIRONMENT_FIELDS = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
    "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
VOLUME_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_LABELS = frozenset(
    (
        "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid",
        "spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "status.phase",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    )
)  # fmt: skip
"""Every field of a pod that has a name in messages and selectors."""
_FORMER_NAMES = {"spec.host": "spec.nodeName"}
_SUBSCRIPTED = re.compile(r"(.+)\['([^']*)'\]")
_RESOURCES = (
    "limits.cpu", "limits.ephemeral-storage", "limits.memory",
    "requests.cpu", "requests.ephemeral-storage", "requests.memory",
)  # fmt: skip
_HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")
_UNITS = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_DIVISORS = {
    "cpu": (("1m", "1"), "1m and 1 are supported with the cpu resource"),
    "memory": (_UNITS, f"{', '.join(_UNITS)} are supported with the memory resource"),
    "ephemeral-storage": (_UNITS, f"{', '.join(_UNITS)} are supported with the local ephemeral storage resource"),
    "hugepages": (_UNITS, f"{', '.join(_UNITS)} are supported with the hugepages resource"),
}


def check_field_ref(
    path: str, reference: core_v1.ObjectFieldSelector, known: tuple[str, ...], faults: Faults
) -> None:
    """A field of the pod, of those in `known`, or one label or annotation."""
    if not reference.apiVersion:
        faults.required(f"{path}.apiVersion")
        return
    field = reference.fieldPath
    if not field:
        faults.required(f"{path}.fieldPath")
        return
    problem = _not_a_field(reference.apiVersion, field)
    if problem:
        faults.invalid(f"{path}.fieldPath", field, f"error converting fieldPath: {problem}")
        return
    subscripted = _SUBSCRIPTED.fullmatch(field)
    if subscripted is not None:
        key = subscripted[2].lower() if subscripted[1] == "metadata.annotations" else subscripted[2]
        faults.each(path, key, names.qualified_name(key))
    elif (_FORMER_NAMES.get(field, field)) not in known:
        faults.not_supported(f"{path}.fieldPath", field, known)


def _not_a_field(version: str, field: str) -> str:
    """Why this names no field of a pod; empty where it does."""
    subscripted = _SUBSCRIPTED.fullmatch(field)
    if version != "v1":
        return f"unsupported pod version: {version}"
    if subscripted is not None:
        ours = subscripted[1] in ("metadata.annotations", "metadata.labels")
        return "" if ours else f"field label does not support subscript: {field}"
    return "" if field in _LABELS or field in _FORMER_NAMES else f"field label not supported: {field}"


def check_resource_ref(
    path: str, reference: core_v1.ResourceFieldSelector, faults: Faults, *, of_volume: bool = False
) -> None:
    """A limit or request of a container, which a volume must name, in one of the known units."""
    resource = reference.resource
    if of_volume and not reference.containerName:
        faults.required(f"{path}.containerName")
    elif not resource:
        faults.required(f"{path}.resource")
    elif resource not in _RESOURCES and not resource.startswith(_HUGE_PAGES):
        faults.not_supported(f"{path}.resource", resource, _RESOURCES)
    if reference.divisor in (None, "0"):
        return
    name = "hugepages" if resource.startswith(_HUGE_PAGES) else resource.partition(".")[2]
    if name in _DIVISORS and reference.divisor not in _DIVISORS[name][0]:
        faults.invalid(f"{path}.divisor", resource, f"only divisor's values {_DIVISORS[name][1]}")
