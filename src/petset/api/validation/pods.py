"""Pods and pod templates: everything that makes a pod runnable, before anyone tries to run it."""

from collections.abc import Iterable
from typing import Any

from petset.api import names
from petset.api.models import core_v1, meta_v1
from petset.api.validation.containers import check_containers, check_ids
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_annotations, check_labels
from petset.api.validation.volumes import check_volumes

RESTART_POLICIES = ("Always", "OnFailure", "Never")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_LABEL_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def check_pod(pod: core_v1.Pod, faults: Faults) -> None:
    """A Pod of its own, when it is created."""
    assert pod.spec is not None
    check_pod_spec("spec", pod.spec, faults)
    if pod.spec.ephemeralContainers:
        faults.forbidden("spec.ephemeralContainers", "cannot be set on create")


def check_template(path: str, template: core_v1.PodTemplateSpec, claims: Iterable[str], faults: Faults) -> None:
    """A pod template; `claims` are claim templates, which mounts may name as volumes (rule 13)."""
    metadata = template.metadata or meta_v1.ObjectMeta()
    check_labels(f"{path}.labels", metadata.labels, faults)
    check_annotations(f"{path}.annotations", metadata.annotations, faults)
    assert template.spec is not None
    check_pod_spec(f"{path}.spec", template.spec, faults, extra_volumes=claims, host_names=False)
    if template.spec.ephemeralContainers:
        faults.forbidden(f"{path}.spec.ephemeralContainers", "ephemeral containers not allowed in pod template")


def check_pod_spec(
    path: str,
    spec: core_v1.PodSpec,
    faults: Faults,
    *,
    extra_volumes: Iterable[str] = (),
    host_names: bool = True,
) -> None:
    """The specification of a pod. A set's template is checked without its host names, which the set overrides."""
    volumes = check_volumes(f"{path}.volumes", spec.volumes, faults) | set(extra_volumes)
    if not spec.containers:
        faults.required(f"{path}.containers")
    check_containers(f"{path}.containers", spec.containers, volumes, faults)
    if spec.initContainers:
        _check_init_containers(path, spec, volumes, faults)
    _check_host_ports(path, spec, faults)
    if spec.restartPolicy not in RESTART_POLICIES:
        faults.one_of(f"{path}.restartPolicy", spec.restartPolicy, RESTART_POLICIES)
    if spec.dnsPolicy not in DNS_POLICIES:
        faults.one_of(f"{path}.dnsPolicy", spec.dnsPolicy, DNS_POLICIES)
    if spec.dnsPolicy == "None" and not (spec.dnsConfig and spec.dnsConfig.nameservers):
        faults.required(f"{path}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
    check_labels(f"{path}.nodeSelector", spec.nodeSelector, faults)
    if spec.securityContext is not None:
        check_ids(f"{path}.securityContext", spec.securityContext, ("runAsUser", "runAsGroup", "fsGroup"), faults)
    if spec.affinity is not None:
        _check_affinity(f"{path}.affinity", spec.affinity, faults)
    _check_names(path, spec, faults, host_names=host_names)
    seconds = spec.activeDeadlineSeconds
    if seconds is not None and not 1 <= seconds < 2**31:
        faults.invalid(f"{path}.activeDeadlineSeconds", seconds, "must be between 1 and 2147483647, inclusive")
    if spec.tolerations:
        check_tolerations(f"{path}.tolerations", spec.tolerations, faults)
    for index, constraint in enumerate(spec.topologySpreadConstraints or ()):
        _check_spread(f"{path}.topologySpreadConstraints[{index}]", constraint, faults)


def _check_init_containers(path: str, spec: core_v1.PodSpec, volumes: set[str], faults: Faults) -> None:
    """Init containers share their names' space with containers; only those that stay may have probes."""
    inits = spec.initContainers or []
    check_containers(f"{path}.initContainers", inits, volumes, faults)
    taken = {container.name for container in spec.containers}
    for index, container in enumerate(inits):
        here = f"{path}.initContainers[{index}]"
        if container.name in taken:
            faults.duplicate(f"{here}.name", container.name)
        if container.restartPolicy == "Always":
            continue
        for name in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
            if getattr(container, name) is not None:
                faults.forbidden(
                    f"{here}.{name}", "may not be set for init containers without restartPolicy=Always"
                )


def _check_host_ports(path: str, spec: core_v1.PodSpec, faults: Faults) -> None:
    """No two containers take the same port of the node."""
    taken: set[str] = set()
    for index, container in enumerate(spec.containers):
        for number, port in enumerate(container.ports or ()):
            if not port.hostPort:
                continue
            here = f"{path}.containers[{index}].ports[{number}]"
            if spec.hostNetwork and port.hostPort != port.containerPort:
                faults.invalid(
                    f"{here}.containerPort", port.containerPort, "must match `hostPort` when `hostNetwork` is true"
                )
            name = f"{port.protocol}/{port.hostIP or ''}/{port.hostPort}"
            if name in taken:
                faults.duplicate(f"{here}.hostPort", name)
            taken.add(name)


def _check_names(path: str, spec: core_v1.PodSpec, faults: Faults, *, host_names: bool) -> None:
    checks = {"serviceAccountName": names.dns_subdomain, "nodeName": names.dns_subdomain}
    checks |= {"priorityClassName": names.dns_subdomain, "runtimeClassName": names.dns_subdomain}
    if host_names:
        checks |= {"hostname": names.dns_label, "subdomain": names.dns_label}
    for name, check in checks.items():
        value = getattr(spec, name)
        if value:
            faults.each(f"{path}.{name}", value, check(value))


def check_tolerations(path: str, tolerations: list[core_v1.Toleration], faults: Faults) -> None:
    """Which taints a pod accepts."""
    for index, toleration in enumerate(tolerations):
        here = f"{path}[{index}]"
        operator = toleration.operator or "Equal"
        if toleration.key:
            faults.each(f"{here}.key", toleration.key, names.qualified_name(toleration.key))
        elif operator != "Exists":
            meaning = 'which means "match all values and all keys"'
            faults.invalid(
                f"{here}.operator",
                toleration.operator or "",
                f"operator must be Exists when `key` is empty, {meaning}",
            )
        if toleration.tolerationSeconds is not None and toleration.effect != "NoExecute":
            faults.invalid(
                f"{here}.effect",
                toleration.effect or "",
                "effect must be 'NoExecute' when `tolerationSeconds` is set",
            )
        if operator == "Exists" and toleration.value:
            faults.invalid(f"{here}.operator", toleration, "value must be empty when `operator` is 'Exists'")
        elif operator == "Equal":
            faults.each(f"{here}.operator", toleration.value or "", names.label_value(toleration.value or ""))
        elif operator not in ("Exists", "Lt", "Gt"):
            faults.not_supported(f"{here}.operator", operator, ("Equal", "Exists"))
        if toleration.effect and toleration.effect not in EFFECTS:
            faults.not_supported(f"{here}.effect", toleration.effect, EFFECTS)


def _check_affinity(path: str, affinity: core_v1.Affinity, faults: Faults) -> None:
    required, preferred = (
        "requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
    )
    if affinity.nodeAffinity is not None:
        selector = getattr(affinity.nodeAffinity, required)
        if selector is not None:
            check_node_selector(f"{path}.nodeAffinity.{required}", selector, faults)
        for index, term in enumerate(getattr(affinity.nodeAffinity, preferred) or ()):
            here = f"{path}.nodeAffinity.{preferred}[{index}]"
            _check_weight(here, term.weight, faults)
            _check_node_term(f"{here}.preference", term.preference, faults)
    for name in ("podAffinity", "podAntiAffinity"):
        terms = getattr(affinity, name)
        for index, term in enumerate((getattr(terms, required) if terms else None) or ()):
            _check_pod_term(f"{path}.{name}.{required}[{index}]", term, faults)
        for index, weighted in enumerate((getattr(terms, preferred) if terms else None) or ()):
            here = f"{path}.{name}.{preferred}[{index}]"
            _check_weight(here, weighted.weight, faults)
            _check_pod_term(f"{here}.podAffinityTerm", weighted.podAffinityTerm, faults)


def _check_weight(path: str, weight: int, faults: Faults) -> None:
    if not 1 <= weight <= 100:
        faults.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def check_node_selector(path: str, selector: core_v1.NodeSelector, faults: Faults) -> None:
    """A choice of nodes by their labels and fields."""
    if not selector.nodeSelectorTerms:
        faults.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(selector.nodeSelectorTerms or ()):
        _check_node_term(f"{path}.nodeSelectorTerms[{index}]", term, faults)


def _check_node_term(path: str, term: core_v1.NodeSelectorTerm, faults: Faults) -> None:
    for index, expression in enumerate(term.matchExpressions or ()):
        here = f"{path}.matchExpressions[{index}]"
        faults.each(f"{here}.key", expression.key, names.qualified_name(expression.key))
        _check_expression(here, expression, "must be specified when `operator` is 'In' or 'NotIn'", faults)
        if expression.operator in ("Gt", "Lt"):
            if len(expression.values or ()) != 1:
                faults.required(f"{here}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
        elif expression.operator not in _NODE_OPERATORS:
            faults.invalid(f"{here}.operator", expression.operator, "not a valid selector operator")


def _check_expression(path: str, expression: Any, missing: str, faults: Faults) -> None:
    """In and NotIn have values, Exists and DoesNotExist have none."""
    if expression.operator in ("In", "NotIn") and not expression.values:
        faults.required(f"{path}.values", missing)
    if expression.operator in ("Exists", "DoesNotExist") and expression.values:
        faults.forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")


def _check_pod_term(path: str, term: core_v1.PodAffinityTerm, faults: Faults) -> None:
    check_label_selector(f"{path}.labelSelector", term.labelSelector, faults)
    if not term.topologyKey:
        faults.required(f"{path}.topologyKey", "can not be empty")
    else:
        faults.each(f"{path}.topologyKey", term.topologyKey, names.qualified_name(term.topologyKey))


def check_label_selector(path: str, selector: meta_v1.LabelSelector | None, faults: Faults) -> None:
    """A choice of objects by their labels."""
    if selector is None:
        return
    check_labels(f"{path}.matchLabels", selector.matchLabels, faults)
    for index, expression in enumerate(selector.matchExpressions or ()):
        here = f"{path}.matchExpressions[{index}]"
        _check_expression(here, expression, "must be specified when `operator` is 'In' or 'NotIn'", faults)
        if expression.operator not in _LABEL_OPERATORS:
            faults.invalid(f"{here}.operator", expression.operator, "not a valid selector operator")
        faults.each(f"{here}.key", expression.key, names.qualified_name(expression.key))
        for number, value in enumerate(expression.values or ()):
            faults.each(f"{here}.values[{number}]", value, names.label_value(value))


def _check_spread(path: str, constraint: core_v1.TopologySpreadConstraint, faults: Faults) -> None:
    if constraint.maxSkew <= 0:
        faults.invalid(f"{path}.maxSkew", constraint.maxSkew, "must be greater than zero")
    if not constraint.topologyKey:
        faults.required(f"{path}.topologyKey", "can not be empty")
    if constraint.whenUnsatisfiable not in ("DoNotSchedule", "ScheduleAnyway"):
        faults.not_supported(
            f"{path}.whenUnsatisfiable", constraint.whenUnsatisfiable, ("DoNotSchedule", "ScheduleAnyway")
        )
    check_label_selector(f"{path}.labelSelector", constraint.labelSelector, faults)
