"""Containers: what all kinds of them have in common, and what each kind may have besides.

Ordinary containers, init containers and those among them that stay (`restartPolicy: Always`) are judged alike in
most things; what differs stands in the functions that are called for each list.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from petset.api import names
from petset.api.models import core_v1
from petset.api.validation.environment import check_env_from, check_environment
from petset.api.validation.fields import Faults
from petset.api.validation.mounts import AnyContainer, check_devices, check_mounts
from petset.api.validation.probes import PROBES, check_lifecycle_and_probes
from petset.api.validation.resources import check_resources
from petset.api.validation.security import check_context
from petset.api.validation.volumes import Volumes

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
_MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_RULES_LIMIT, _CODES_LIMIT = 20, 255
_ONLY_STAYING = "may not be set for init containers without restartPolicy=Always"


@dataclass(frozen=True)
class Around:
    """What a container is judged by besides itself: what its pod has and says."""

    volumes: Volumes
    grace_seconds: int | None = None
    host_users: bool = True
    restart_policy: str = "Always"
    resource_claims: Collection[str] = field(default=())


def check_containers(path: str, containers: list[core_v1.Container], around: Around, faults: Faults) -> None:
    """The ordinary containers of a pod."""
    if not containers:
        faults.required(path)
    seen: set[str] = set()
    for index, container in enumerate(containers):
        here = f"{path}[{index}]"
        check_common(here, container, around, faults)
        if container.name in seen:
            faults.duplicate(f"{here}.name", container.name)
        seen.add(container.name)
        check_lifecycle_and_probes(here, container, around.grace_seconds, faults)
    check_host_ports(path, containers, faults)


def check_init_containers(path: str, spec: core_v1.PodSpec, around: Around, faults: Faults) -> None:
    """Init containers share their names' space with containers; only those that stay may have probes."""
    taken = {container.name for container in spec.containers}
    for index, container in enumerate(spec.initContainers or ()):
        here = f"{path}[{index}]"
        check_common(here, container, around, faults)
        if container.name in taken:
            faults.duplicate(f"{here}.name", container.name)
        elif container.name:
            taken.add(container.name)
        check_host_ports(path, [container], faults)
        if container.restartPolicy == "Always":
            check_lifecycle_and_probes(here, container, around.grace_seconds, faults)
            continue
        for name in ("lifecycle", *PROBES):
            if getattr(container, name) is not None:
                faults.forbidden(f"{here}.{name}", _ONLY_STAYING)


def check_common(path: str, container: AnyContainer, around: Around, faults: Faults) -> None:
    """What holds for containers of every list, in Kubernetes' order."""
    if not container.name:
        faults.required(f"{path}.name")
    else:
        faults.each(f"{path}.name", container.name, names.dns_label(container.name))
    if not container.image:
        faults.required(f"{path}.image")
    if container.terminationMessagePolicy not in _MESSAGE_POLICIES:
        faults.one_of(f"{path}.terminationMessagePolicy", container.terminationMessagePolicy, _MESSAGE_POLICIES)
    if container.ports:
        _check_ports(f"{path}.ports", container.ports, faults)
    if container.env:
        check_environment(f"{path}.env", container.env, faults)
    if container.envFrom:
        check_env_from(f"{path}.envFrom", container.envFrom, faults)
    check_places(path, container, around.volumes, faults)
    if container.imagePullPolicy not in PULL_POLICIES:
        faults.one_of(f"{path}.imagePullPolicy", container.imagePullPolicy, PULL_POLICIES)
    _check_bounds(path, container, around, faults)


def check_places(path: str, container: AnyContainer, volumes: Volumes, faults: Faults) -> None:
    """Where a container finds the pod's volumes."""
    if container.volumeMounts:
        check_mounts(f"{path}.volumeMounts", container, volumes, faults)
    if container.volumeDevices:
        check_devices(f"{path}.volumeDevices", container, volumes, faults)


def _check_bounds(path: str, container: AnyContainer, around: Around, faults: Faults) -> None:
    """What a container may use and do, and when it is started again."""
    if container.resources is not None:
        check_resources(f"{path}.resources", container.resources, faults, around.resource_claims)
    if container.resizePolicy:
        _check_resize_policies(f"{path}.resizePolicy", container, around.restart_policy, faults)
    if container.securityContext is not None:
        check_context(f"{path}.securityContext", container.securityContext, faults, host_users=around.host_users)
    if container.restartPolicy is not None or container.restartPolicyRules:
        _check_restart(path, container, faults)


def check_image_spelling(path: str, containers: Iterable[AnyContainer] | None, faults: Faults) -> None:
    """Templates may have blanks around an image, as some tools fill it in; a pod may not."""
    for index, container in enumerate(containers or ()):
        image = container.image or ""
        if image.strip() != image:
            faults.invalid(f"{path}[{index}].image", image, "must not have leading or trailing whitespace")


def _check_ports(path: str, ports: list[core_v1.ContainerPort], faults: Faults) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here = f"{path}[{index}]"
        if port.name:
            complaints = names.port_name(port.name)
            faults.each(f"{here}.name", port.name, complaints)
            if port.name in seen:
                faults.duplicate(f"{here}.name", port.name)
            elif not complaints:
                seen.add(port.name)
        if not port.containerPort:
            faults.required(f"{here}.containerPort")
        else:
            faults.each(f"{here}.containerPort", port.containerPort, names.port_number(port.containerPort))
        if port.hostPort:
            faults.each(f"{here}.hostPort", port.hostPort, names.port_number(port.hostPort))
        if port.protocol not in PROTOCOLS:
            faults.one_of(f"{here}.protocol", port.protocol, PROTOCOLS)


def check_host_ports(path: str, containers: list[core_v1.Container], faults: Faults) -> None:
    """No two containers take the same port of the node."""
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.ports or ()):
            if not port.hostPort:
                continue
            name = f"{port.protocol}/{port.hostIP or ''}/{port.hostPort}"
            if name in taken:
                faults.duplicate(f"{path}[{index}].ports[{number}].hostPort", name)
            taken.add(name)


def _check_resize_policies(path: str, container: AnyContainer, pod_policy: str, faults: Faults) -> None:
    """Which resources need a restart to change; a container that is never restarted cannot need one."""
    never = (container.restartPolicy or pod_policy) == "Never"
    seen: set[str] = set()
    for index, policy in enumerate(container.resizePolicy or ()):
        if policy.resourceName in seen:
            faults.duplicate(f"{path}[{index}]", policy.resourceName)
        seen.add(policy.resourceName)
        faults.one_of(path, policy.resourceName, ("cpu", "memory"))
        faults.one_of(path, policy.restartPolicy, ("NotRequired", "RestartContainer"))
        if never and policy.restartPolicy != "NotRequired":
            what = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            faults.invalid(path, policy.restartPolicy, what)


def _check_restart(path: str, container: AnyContainer, faults: Faults) -> None:
    """A container's own word on when it is started again."""
    if container.restartPolicy is None:
        faults.required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
    elif container.restartPolicy not in _RESTART_POLICIES:
        faults.not_supported(f"{path}.restartPolicy", container.restartPolicy, _RESTART_POLICIES)
    rules = container.restartPolicyRules or []
    if len(rules) > _RULES_LIMIT:
        faults.too_many(f"{path}.restartPolicyRules", len(rules), _RULES_LIMIT)
    for index, rule in enumerate(rules):
        here = f"{path}.restartPolicyRules[{index}]"
        if rule.action != "Restart":
            faults.not_supported(f"{here}.action", rule.action, ("Restart",))
        if rule.exitCodes is None:
            faults.required(f"{here}.exitCodes", "must be specified")
            continue
        if rule.exitCodes.operator not in ("In", "NotIn"):
            faults.not_supported(f"{here}.exitCodes.operator", rule.exitCodes.operator, ("In", "NotIn"))
        if len(rule.exitCodes.values or ()) > _CODES_LIMIT:
            faults.too_many(f"{here}.exitCodes.values", len(rule.exitCodes.values or ()), _CODES_LIMIT)
