"""Containers: image, ports, environment, mounts, probes, resources."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from petset.api import names, quantity
from petset.api.models import core_v1
from petset.api.validation.fields import AT_LEAST_ZERO, Faults

AnyContainer = core_v1.Container | core_v1.EphemeralContainer

PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PROTOCOLS = ("SCTP", "TCP", "UDP")
_STANDARD_RESOURCES = frozenset(("cpu", "memory", "ephemeral-storage"))
_FIELD_PATHS = frozenset(
    (
        "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
        "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs",
    )
)  # fmt: skip
_SUBSCRIPTED = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


def check_containers(
    path: str, containers: Sequence[AnyContainer], volumes: Collection[str], faults: Faults
) -> None:
    """Containers of one list; `volumes` are the names that mounts may use."""
    seen: set[str] = set()
    for index, container in enumerate(containers):
        here = f"{path}[{index}]"
        if not container.name:
            faults.required(f"{here}.name")
        else:
            faults.each(f"{here}.name", container.name, names.dns_label(container.name))
        if container.name in seen:
            faults.duplicate(f"{here}.name", container.name)
        seen.add(container.name)
        _check_container(here, container, volumes, faults)


def _check_container(path: str, container: AnyContainer, volumes: Collection[str], faults: Faults) -> None:
    image = container.image
    if not image:
        faults.required(f"{path}.image")
    elif image.strip() != image:
        faults.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    if container.terminationMessagePolicy not in ("File", "FallbackToLogsOnError"):
        faults.one_of(
            f"{path}.terminationMessagePolicy",
            container.terminationMessagePolicy,
            ("FallbackToLogsOnError", "File"),
        )
    if container.imagePullPolicy not in PULL_POLICIES:
        faults.one_of(f"{path}.imagePullPolicy", container.imagePullPolicy, PULL_POLICIES)
    _check_ports(f"{path}.ports", container.ports or [], faults)
    for index, variable in enumerate(container.env or ()):
        _check_variable(f"{path}.env[{index}]", variable, faults)
    for index, source in enumerate(container.envFrom or ()):
        _check_env_from(f"{path}.envFrom[{index}]", source, faults)
    _check_mounts(f"{path}.volumeMounts", container.volumeMounts or [], volumes, faults)
    for index, device in enumerate(container.volumeDevices or ()):
        _check_device(f"{path}.volumeDevices[{index}]", device, volumes, faults)
    if container.resources is not None:
        check_resources(f"{path}.resources", container.resources, faults)
    _check_probes(path, container, faults)
    _check_surroundings(path, container, faults)


def _check_surroundings(path: str, container: AnyContainer, faults: Faults) -> None:
    """What runs before and after, and as whom."""
    if container.lifecycle is not None:
        for name in ("postStart", "preStop"):
            handler = getattr(container.lifecycle, name)
            if handler is not None:
                _check_handler(f"{path}.lifecycle.{name}", handler, faults)
    context = container.securityContext
    if context is not None:
        check_ids(f"{path}.securityContext", context, ("runAsUser", "runAsGroup"), faults)
        if context.privileged and context.allowPrivilegeEscalation is False:
            faults.invalid(
                f"{path}.securityContext",
                context,
                "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
            )


def check_ids(path: str, context: Any, fields: tuple[str, ...], faults: Faults) -> None:
    """Numbers of users and groups."""
    for name in fields:
        number = getattr(context, name)
        if number is not None and not 0 <= number < 2**31:
            faults.invalid(f"{path}.{name}", number, "must be between 0 and 2147483647, inclusive")


def _check_ports(path: str, ports: list[core_v1.ContainerPort], faults: Faults) -> None:
    seen: set[str] = set()
    for index, port in enumerate(ports):
        here = f"{path}[{index}]"
        if port.name:
            faults.each(f"{here}.name", port.name, names.port_name(port.name))
            if port.name in seen:
                faults.duplicate(f"{here}.name", port.name)
            seen.add(port.name)
        if not port.containerPort:
            faults.required(f"{here}.containerPort")
        else:
            faults.each(f"{here}.containerPort", port.containerPort, names.port_number(port.containerPort))
        if port.hostPort:
            faults.each(f"{here}.hostPort", port.hostPort, names.port_number(port.hostPort))
        if port.protocol not in PROTOCOLS:
            faults.one_of(f"{here}.protocol", port.protocol, PROTOCOLS)


def _check_variable(path: str, variable: core_v1.EnvVar, faults: Faults) -> None:
    if not variable.name:
        faults.required(f"{path}.name")
    else:
        faults.each(f"{path}.name", variable.name, names.env_name(variable.name))
    source = variable.valueFrom
    if source is None:
        return
    here = f"{path}.valueFrom"
    given = [name for name in source.__struct_fields__ if getattr(source, name) is not None]
    if not given:
        listed = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        faults.invalid(here, "", f"must specify one of: {listed}")
    elif variable.value:
        faults.invalid(here, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        faults.invalid(here, "", "may not have more than one field specified at a time")
    _check_value_source(here, source, faults)


def _check_value_source(path: str, source: core_v1.EnvVarSource, faults: Faults) -> None:
    if source.fieldRef is not None:
        check_field_ref(f"{path}.fieldRef", source.fieldRef, faults)
    if source.resourceFieldRef is not None and not source.resourceFieldRef.resource:
        faults.required(f"{path}.resourceFieldRef.resource")
    for name in ("configMapKeyRef", "secretKeyRef"):
        reference = getattr(source, name)
        if reference is None:
            continue
        if not reference.name:
            faults.required(f"{path}.{name}.name")
        if not reference.key:
            faults.required(f"{path}.{name}.key")
        else:
            faults.each(f"{path}.{name}.key", reference.key, names.config_key(reference.key))


def check_field_ref(path: str, reference: core_v1.ObjectFieldSelector, faults: Faults) -> None:
    """A field of the pod that its containers may be told."""
    field = reference.fieldPath
    if not field:
        faults.required(f"{path}.fieldPath")
        return
    subscripted = _SUBSCRIPTED.fullmatch(field)
    if subscripted is not None:
        faults.each(f"{path}.fieldPath", subscripted[2], names.qualified_name(subscripted[2].lower()))
    elif field not in _FIELD_PATHS:
        faults.invalid(
            f"{path}.fieldPath", field, f"error converting fieldPath: field label not supported: {field}"
        )


def _check_env_from(path: str, source: core_v1.EnvFromSource, faults: Faults) -> None:
    given = [name for name in ("configMapRef", "secretRef") if getattr(source, name) is not None]
    if source.prefix:
        faults.each(f"{path}.prefix", source.prefix, names.env_name(source.prefix))
    if not given:
        faults.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
    elif len(given) > 1:
        faults.invalid(path, "", "may not have more than one field specified at a time")
    for name in given:
        if not getattr(source, name).name:
            faults.required(f"{path}.{name}.name")


def _check_mounts(path: str, mounts: list[core_v1.VolumeMount], volumes: Collection[str], faults: Faults) -> None:
    seen: set[str] = set()
    for index, mount in enumerate(mounts):
        here = f"{path}[{index}]"
        if not mount.name:
            faults.required(f"{here}.name")
        elif mount.name not in volumes:
            faults.not_found(f"{here}.name", mount.name)
        if not mount.mountPath:
            faults.required(f"{here}.mountPath")
        if mount.mountPath in seen:
            faults.invalid(f"{here}.mountPath", mount.mountPath, "must be unique")
        seen.add(mount.mountPath)
        if mount.subPath:
            check_inside(f"{here}.subPath", mount.subPath, faults)
        if mount.subPathExpr:
            if mount.subPath:
                faults.invalid(
                    f"{here}.subPathExpr", mount.subPathExpr, "subPathExpr and subPath are mutually exclusive"
                )
            check_inside(f"{here}.subPathExpr", mount.subPathExpr, faults)


def check_inside(path: str, relative: str, faults: Faults) -> None:
    """A path that must stay below where it starts."""
    if relative.startswith("/"):
        faults.invalid(path, relative, "must be a relative path")
    if ".." in relative.split("/"):
        faults.invalid(path, relative, "must not contain '..'")


def _check_device(path: str, device: core_v1.VolumeDevice, volumes: Collection[str], faults: Faults) -> None:
    if not device.name:
        faults.required(f"{path}.name")
    elif device.name not in volumes:
        faults.not_found(f"{path}.name", device.name)
    if not device.devicePath:
        faults.required(f"{path}.devicePath")


def check_resources(path: str, resources: Any, faults: Faults) -> None:
    """Requests and limits: known names, nothing negative, no request above its limit."""
    limits, requests = resources.limits or {}, resources.requests or {}
    for part, amounts in (("limits", limits), ("requests", requests)):
        for name, amount in amounts.items():
            here = f"{path}.{part}[{name}]"
            _check_resource_name(here, name, faults)
            exact = quantity.parse(amount)
            if exact.nanos < 0:
                faults.invalid(here, amount, AT_LEAST_ZERO)
            if "/" in name and exact.nanos % 10**9:
                faults.invalid(here, amount, "must be an integer")
    for name, amount in requests.items():
        limit = limits.get(name)
        if limit is None:
            if "/" in name:
                faults.required(f"{path}.limits", "Limit must be set for non overcommitable resources")
        elif "/" in name and quantity.parse(amount) != quantity.parse(limit):
            faults.invalid(f"{path}.requests", amount, f"must be equal to {name} limit of {limit}")
        elif quantity.parse(amount) > quantity.parse(limit):
            faults.invalid(f"{path}.requests", amount, f"must be less than or equal to {name} limit of {limit}")


def _check_resource_name(path: str, name: str, faults: Faults) -> None:
    if name in _STANDARD_RESOURCES or name.startswith("hugepages-"):
        return
    complaints = names.qualified_name(name)
    faults.each(path, name, complaints)
    if not complaints and "/" not in name:
        faults.invalid(path, name, "must be a standard resource type or fully qualified")
        faults.invalid(path, name, "must be a standard resource for containers")


def _check_probes(path: str, container: AnyContainer, faults: Faults) -> None:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = getattr(container, name)
        if probe is None:
            continue
        here = f"{path}.{name}"
        _check_handler(here, probe, faults)
        for number in (
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ):
            faults.at_least_zero(f"{here}.{number}", getattr(probe, number))
        grace = probe.terminationGracePeriodSeconds
        if name == "readinessProbe":
            if grace is not None:
                faults.invalid(
                    f"{here}.terminationGracePeriodSeconds", grace, "must not be set for readinessProbes"
                )
            continue
        if grace is not None and grace <= 0:
            faults.invalid(f"{here}.terminationGracePeriodSeconds", grace, "must be greater than 0")
        if probe.successThreshold != 1:
            faults.invalid(f"{here}.successThreshold", probe.successThreshold or 0, "must be 1")


def _check_handler(path: str, handler: Any, faults: Faults) -> None:
    """Exactly one way to act, and that one complete."""
    given = [name for name in _HANDLERS if getattr(handler, name, None) is not None]
    if not given:
        faults.required(path, "must specify a handler type")
    for name in given[1:]:
        faults.forbidden(f"{path}.{name}", "may not specify more than 1 handler type")
    if not given:
        return
    name, action = given[0], getattr(handler, given[0])
    here = f"{path}.{name}"
    if name == "exec" and not action.command:
        faults.required(f"{here}.command")
    elif name == "httpGet":
        if not action.path:
            faults.required(f"{here}.path")
        check_port(f"{here}.port", action.port, faults)
        if action.scheme not in ("HTTP", "HTTPS"):
            faults.one_of(f"{here}.scheme", action.scheme, ("HTTP", "HTTPS"))
    elif name in ("tcpSocket", "grpc"):
        check_port(f"{here}.port", action.port, faults)
    elif name == "sleep" and action.seconds < 0:
        faults.invalid(here, action.seconds, "must be greater than 0")


def check_port(path: str, port: int | str, faults: Faults) -> None:
    """A port by number or by name."""
    faults.each(path, port, names.port_number(port) if isinstance(port, int) else names.port_name(port))
