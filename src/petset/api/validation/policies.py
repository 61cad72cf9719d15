"""The kinds that say how much, how many, or who may."""

from petset.api.models import policy_v1, scheduling_v1
from petset.api.priorities import SYSTEM
from petset.api.validation.fields import Faults
from petset.api.validation.replicated import check_amount, check_at_most_all
from petset.api.validation.selectors import check_label_selector

HIGHEST_USER_PRIORITY = 1_000_000_000


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
