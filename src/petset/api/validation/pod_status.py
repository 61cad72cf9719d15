"""What is said of a pod: by its node, by the scheduler, by whoever knows one of its conditions."""

from collections.abc import Iterable

from petset.api import names
from petset.api.models import core_v1
from petset.api.objects import meta
from petset.api.validation.addresses import check_address, is_v6
from petset.api.validation.fields import Faults
from petset.api.validation.pod_annotations import check_annotation_changes, check_pod_annotations

_OF_KUBERNETES = ("PodScheduled", "Ready", "Initialized", "ContainersReady", "PodReadyToStartContainers")
_ONE_EACH = "may specify no more than one IP for each IP family"


def check_pod_status(new: core_v1.Pod, old: core_v1.Pod, faults: Faults) -> None:
    """Changes that do not happen to pods: another class of service, containers that come back from the dead."""
    assert new.spec is not None and old.spec is not None
    if meta(new).annotations != meta(old).annotations:
        check_annotation_changes("metadata.annotations", meta(new).annotations, meta(old).annotations, faults)
        check_pod_annotations("metadata.annotations", meta(new).annotations, new.spec, faults)
    after, before = new.status or core_v1.PodStatus(), old.status or core_v1.PodStatus()
    for index, condition in enumerate(after.conditions or ()):
        if condition.type not in _OF_KUBERNETES:
            here = f"metadata.conditions[{index}].Type"
            faults.each(here, condition.type, names.qualified_name(condition.type))
    if after.nominatedNodeName and after.nominatedNodeName != before.nominatedNodeName:
        name = after.nominatedNodeName
        faults.each("status.nominatedNodeName", name, names.dns_subdomain(name))
    faults.unchanged("status.qosClass", after.qosClass or "", before.qosClass or "")
    _check_containers(old.spec, after, before, faults)
    if after.podIPs and after.podIPs != before.podIPs:
        _check_addresses("status.podIPs", [each.ip or "" for each in after.podIPs], faults)
    if after.hostIPs and (after.hostIPs != before.hostIPs or after.hostIP != before.hostIP):
        if after.hostIP != after.hostIPs[0].ip:
            faults.invalid("status.hostIPs[0].ip", after.hostIPs[0].ip, "must be equal to `hostIP`")
        _check_addresses("status.hostIPs", [each.ip or "" for each in after.hostIPs], faults)


def _check_containers(
    spec: core_v1.PodSpec, after: core_v1.PodStatus, before: core_v1.PodStatus, faults: Faults
) -> None:
    """Who has ended for good stays so; each container may have its own word on what that means."""
    if spec.restartPolicy != "Always":
        again = _started_again(spec)
        for name in ("containerStatuses", "initContainerStatuses"):
            told = getattr(after, name), getattr(before, name)
            _check_ended(f"status.{name}", *told, spec.restartPolicy, again, faults)
    added, known = after.ephemeralContainerStatuses, before.ephemeralContainerStatuses
    if known:
        _check_ended("status.ephemeralContainerStatuses", added, known, "Never", (), faults)


def _started_again(spec: core_v1.PodSpec) -> set[str]:
    """The containers that may be started again whatever the pod's own policy is."""
    again = {container.name for container in spec.initContainers or () if container.restartPolicy == "Always"}
    return again | {
        container.name
        for container in (*spec.containers, *(spec.initContainers or ()))
        if container.restartPolicyRules or (container.restartPolicy or "Never") != "Never"
    }


def _check_ended(
    path: str,
    after: list[core_v1.ContainerStatus] | None,
    before: list[core_v1.ContainerStatus] | None,
    policy: str | None,
    again: Iterable[str],
    faults: Faults,
) -> None:
    if after == before:
        return
    alive = {each.name for each in after or () if each.state is None or each.state.terminated is None}
    for index, status in enumerate(before or ()):
        ended = status.state.terminated if status.state is not None else None
        if ended is None or status.name in again or (ended.exitCode != 0 and policy == "OnFailure"):
            continue
        if status.name in alive:
            faults.forbidden(f"{path}[{index}].state", "may not be transitioned to non-terminated state")


def _check_addresses(path: str, addresses: list[str], faults: Faults) -> None:
    """One of each family at most."""
    fine = [check_address(f"{path}[{index}]", address, faults) for index, address in enumerate(addresses)]
    if len(addresses) < 2 or not all(fine):
        return
    if len(addresses) > 2 or is_v6(addresses[0]) == is_v6(addresses[1]):
        faults.invalid(path, [{"ip": address} for address in addresses], _ONE_EACH)
    for index, address in enumerate(addresses):
        if address in addresses[:index]:
            faults.duplicate(f"{path}[{index}]", {"ip": address})
