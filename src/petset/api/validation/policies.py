"""The kinds that say how much, how many, or who may."""

from petset.api.models import autoscaling_v2, networking_v1, policy_v1, scheduling_v1
from petset.api.priorities import SYSTEM
from petset.api.validation.fields import Faults
from petset.api.validation.replicated import check_amount, check_at_most_all
from petset.api.validation.selectors import check_label_selector

HIGHEST_USER_PRIORITY = 1_000_000_000
_POLICY_TYPES = ("Ingress", "Egress")
_PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")


def check_autoscaler(autoscaler: autoscaling_v2.HorizontalPodAutoscaler, faults: Faults) -> None:
    """From how many to how many replicas, of what."""
    spec = autoscaler.spec
    assert spec is not None
    least = 1 if spec.minReplicas is None else spec.minReplicas
    if least < 1:
        faults.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if spec.maxReplicas < 1:
        faults.invalid("spec.maxReplicas", spec.maxReplicas, "must be greater than 0")
    if spec.maxReplicas < least:
        faults.invalid("spec.maxReplicas", spec.maxReplicas, "must be greater than or equal to `minReplicas`")
    for name in ("kind", "name"):
        if not getattr(spec.scaleTargetRef, name):
            faults.required(f"spec.scaleTargetRef.{name}")


def check_disruption_budget(budget: policy_v1.PodDisruptionBudget, faults: Faults) -> None:
    """How many pods must stay, or how many may go: one of the two."""
    spec = budget.spec
    if spec is None:
        return
    if spec.minAvailable is not None and spec.maxUnavailable is not None:
        faults.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for name in ("minAvailable", "maxUnavailable"):
        check_amount(f"spec.{name}", getattr(spec, name), faults)
        check_at_most_all(f"spec.{name}", getattr(spec, name), faults)
    policy = spec.unhealthyPodEvictionPolicy
    if policy is not None and policy not in ("AlwaysAllow", "IfHealthyBudget"):
        faults.not_supported("spec.unhealthyPodEvictionPolicy", policy, ("AlwaysAllow", "IfHealthyBudget"))
    check_label_selector("spec.selector", spec.selector, faults)


def check_disruption_budget_status(
    new: policy_v1.PodDisruptionBudget, old: policy_v1.PodDisruptionBudget, faults: Faults
) -> None:
    """Nothing is counted below none."""
    for name in ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"):
        faults.at_least_zero(f"status.{name}", getattr(new.status, name, None))


def check_priority_class(priority_class: scheduling_v1.PriorityClass, faults: Faults) -> None:
    """Users' priorities stay below those of the system."""
    name = (priority_class.metadata.name if priority_class.metadata else None) or ""
    if _is_the_systems_own(name, priority_class):
        return
    if name.startswith("system-"):
        faults.forbidden(
            "metadata.name",
            "priority class names with 'system-' prefix are reserved for system use only. "
            "error: priority class name is not allowed",
        )
    elif (priority_class.value or 0) > HIGHEST_USER_PRIORITY:
        faults.forbidden("value", f"maximum allowed value of a user defined priority is {HIGHEST_USER_PRIORITY}")
    if priority_class.preemptionPolicy not in ("PreemptLowerPriority", "Never"):
        faults.not_supported(
            "preemptionPolicy", priority_class.preemptionPolicy or "", ("PreemptLowerPriority", "Never")
        )


def _is_the_systems_own(name: str, priority_class: scheduling_v1.PriorityClass) -> bool:
    """Just as the server makes it, and so right."""
    return name in SYSTEM and priority_class.value == SYSTEM[name][0] and not priority_class.globalDefault


def check_priority_class_update(
    new: scheduling_v1.PriorityClass, old: scheduling_v1.PriorityClass, faults: Faults
) -> None:
    """Pods keep the number that they came with, so it stays."""
    if new.value != old.value:
        faults.forbidden("value", "may not be changed in an update.")
    faults.unchanged("preemptionPolicy", new.preemptionPolicy, old.preemptionPolicy)


def check_network_policy(policy: networking_v1.NetworkPolicy, faults: Faults) -> None:
    """Whom it is about."""
    spec = policy.spec
    if spec is None:
        return
    check_label_selector("spec.podSelector", spec.podSelector, faults)
    for index, kind in enumerate(spec.policyTypes or ()):
        if kind not in _POLICY_TYPES:
            faults.not_supported(f"spec.policyTypes[{index}]", kind, _POLICY_TYPES)


def check_ingress(ingress: networking_v1.Ingress, faults: Faults) -> None:
    """Somewhere to lead to, and paths that say how they are meant."""
    spec = ingress.spec
    if spec is None or (not spec.rules and spec.defaultBackend is None):
        faults.invalid("spec", spec, "either `defaultBackend` or `rules` must be specified")
        return
    for number, rule in enumerate(spec.rules or ()):
        for index, path in enumerate(rule.http.paths if rule.http else ()):
            here = f"spec.rules[{number}].http.paths[{index}]"
            if not path.pathType:
                faults.required(f"{here}.pathType", "pathType must be specified")
            elif path.pathType not in _PATH_TYPES:
                faults.not_supported(f"{here}.pathType", path.pathType, _PATH_TYPES)
            elif path.pathType != "ImplementationSpecific" and not (path.path or "").startswith("/"):
                faults.invalid(f"{here}.path", path.path or "", "must be an absolute path")
