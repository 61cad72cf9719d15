"""Whether a pod may be evicted: decided here, purely, from the pod and the budgets of its namespace.

A pod that has ended, has not begun or is on its way out disrupts nobody and goes. So does one that is not Ready,
where its budget's policy lets such pods go: that decision holds only for the very version of the pod that was
looked at. Everybody else costs the budget one disruption, which is written down before the pod is deleted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from petset.api import objects
from petset.api.disruptions import SYNC_FAILED, condition_of, guarding, note_of, with_condition
from petset.api.errors import ApiError, Cause, Forbidden, Misconfigured, TooManyRequests
from petset.api.models import core_v1, policy_v1

Budget = policy_v1.PodDisruptionBudget
MOST_NOTED = 2000
"""More evictions than that, granted and not seen by the controller, and something is wrong with it."""
PROCESSING_SECONDS = 10
_VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


@dataclass(frozen=True)
class Granted:
    """The pod may go: once `spent`, the budget with one disruption less, is stored; where `this_version` is set,
    only as it was looked at."""

    spent: Budget | None = None
    this_version: bool = False


def decide(pod: core_v1.Pod, budgets: Sequence[Budget], now: datetime) -> Granted:
    """Raises TooManyRequests while the budget forbids it, Forbidden or Misconfigured where people must act."""
    phase = pod.status.phase if pod.status else None
    if phase in ("Succeeded", "Failed") or objects.is_terminating(pod):
        return Granted()
    if phase == "Pending":
        return Granted(this_version=True)
    guards = list(guarding(pod, budgets))
    if not guards:
        return Granted()
    if len(guards) > 1:
        raise Misconfigured(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        )
    if not _is_ready(pod) and _lets_unready_go(guards[0]):
        return Granted(this_version=True)
    return Granted(spent=_spent(guards[0], objects.name_of(pod), now))


def _is_ready(pod: core_v1.Pod) -> bool:
    conditions = (pod.status.conditions if pod.status else None) or ()
    return any(condition.type == "Ready" and condition.status == "True" for condition in conditions)


def _lets_unready_go(budget: Budget) -> bool:
    """Always, if its policy says so; else while what it guards is not disrupted."""
    status = budget.status or policy_v1.PodDisruptionBudgetStatus()
    healthy, desired = status.currentHealthy or 0, status.desiredHealthy or 0
    always = budget.spec is not None and budget.spec.unhealthyPodEvictionPolicy == "AlwaysAllow"
    return always or healthy >= desired > 0


def _spent(budget: Budget, pod_name: str, now: datetime) -> Budget:
    """The budget with one disruption less, and the pod noted. Raises ApiError where there is none left."""
    status = budget.status or policy_v1.PodDisruptionBudgetStatus()
    name = objects.name_of(budget)
    allowed, noted = status.disruptionsAllowed or 0, status.disruptedPods or {}
    if (status.observedGeneration or 0) < (objects.meta(budget).generation or 0):
        raise _refusal(f"The disruption budget {name} is still being processed by the server.", PROCESSING_SECONDS)
    if allowed < 0:
        raise _forbidden(name, "pdb disruptions allowed is negative")
    if len(noted) > MOST_NOTED:
        why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        raise _forbidden(name, why, "too many pending evictions not confirmed by PDB controller")
    if allowed == 0:
        raise _refusal(_why_none(name, status))
    left = objects.replace(status, disruptionsAllowed=allowed - 1, disruptedPods={**noted, pod_name: note_of(now)})
    if allowed == 1:
        left.conditions = with_condition(left, now)
    return objects.replace(budget, status=left)


def _why_none(name: str, status: policy_v1.PodDisruptionBudgetStatus) -> str:
    """The counts mean nothing where the controller could not count."""
    desired, healthy = status.desiredHealthy or 0, status.currentHealthy or 0
    condition = condition_of(status)
    told = condition.message if condition is not None and condition.status == "False" else ""
    none = f"The disruption budget {name} does not allow evicting pods currently"
    if condition is not None and told and condition.reason == SYNC_FAILED:
        return f"{none} because it failed sync: {told}"
    if healthy <= desired:
        return f"The disruption budget {name} needs {desired} healthy pods and has {healthy} currently"
    return f"{none} ({condition.reason}): {told}" if condition is not None and told else none


def _refusal(why: str, retry_after_seconds: int = 0) -> ApiError:
    cause = Cause("DisruptionBudget", why)
    return TooManyRequests(_VIOLATES, causes=(cause,), retry_after_seconds=retry_after_seconds)


def _forbidden(name: str, why: str, cause: str = "") -> ApiError:
    told = f"The disruption budget {name} does not allow evicting pods currently: {cause or why}"
    return Forbidden(
        f'poddisruptionbudget.policy "{name}" is forbidden: {why}',
        kind="poddisruptionbudget",
        group="policy",
        name=name,
        causes=(Cause("DisruptionBudget", told),),
    )
