"""How many more pods of a budget may be disrupted now.

Guarantee: what is allowed never exceeds the healthy pods beyond those desired, and is nothing while that cannot be
known. Healthy is a Ready pod that is not on its way out and whose eviction was not granted within two minutes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from petset.api.disruptions import LAPSE, is_expected, note_of, noted, with_condition
from petset.api.models import core_v1, policy_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, namespace_of, replace
from petset.api.selectors import Selector
from petset.controllers.disruption.model import Action, Budget, Plan, Snapshot, Tell, Unscaled, WriteStatus
from petset.ownership.amounts import scaled
from petset.ownership.pods import is_ready

Status = policy_v1.PodDisruptionBudgetStatus
EMPTY = Status(currentHealthy=0, desiredHealthy=0, disruptionsAllowed=0, expectedPods=0)


class Uncountable(Exception):
    """How many pods there should be cannot be told."""


class Expected(NamedTuple):
    """How many pods there should be, how many of them healthy, and whose controller nobody knows."""

    pods: int
    healthy: int
    unmanaged: tuple[str, ...] = ()


def plan(snapshot: Snapshot) -> Plan:
    """The status as it should be, and what there is to tell."""
    budget = snapshot.budget
    told: list[Action] = []
    if not snapshot.pods:
        told.append(Tell(budget, "Normal", "NoPods", "No matching pods found"))
    try:
        expected = expect(snapshot)
    except Uncountable as error:
        why = f"Failed to calculate the number of expected pods: {error}"
        told.append(Tell(budget, "Warning", "CalculateExpectedPodCountFailed", why))
        return Plan((*told, *_written(budget, failed(budget, str(error), snapshot.now))))
    if expected.unmanaged:
        told.append(Tell(budget, "Warning", "UnmanagedPods", _unmanaged(budget)))
    notes = _notes_that_hold(snapshot)
    told += [_not_deleted(budget, pod) for pod in _lapsed(snapshot)]
    actions = (*told, *_written(budget, _status(snapshot, expected, notes)))
    ends = [(when + LAPSE - snapshot.now).total_seconds() for when in notes.values()]
    return Plan(actions, min(ends, default=None))


def expect(snapshot: Snapshot) -> Expected:
    """What the budget counts on. Raises Uncountable.

    A share is of the scale of the pods' controllers, a plain `minAvailable` needs none.
    """
    spec = snapshot.budget.spec or policy_v1.PodDisruptionBudgetSpec()
    if spec.maxUnavailable is not None:
        total, unmanaged = _total_scale(snapshot)
        return Expected(total, max(0, total - scaled(spec.maxUnavailable, total, round_up=True)), unmanaged)
    if isinstance(spec.minAvailable, str):
        total, unmanaged = _total_scale(snapshot)
        return Expected(total, scaled(spec.minAvailable, total, round_up=True), unmanaged)
    if spec.minAvailable is not None:
        return Expected(len(snapshot.pods), spec.minAvailable)
    return Expected(0, 0)


def failed(budget: Budget, why: str, now: datetime) -> Status:
    """The status when nothing can be counted: no disruption is allowed until it can."""
    status = replace(budget.status or EMPTY, disruptionsAllowed=0)
    return replace(status, conditions=with_condition(status, now, why))


def _total_scale(snapshot: Snapshot) -> tuple[int, tuple[str, ...]]:
    """What all controllers of the pods are to have together, each counted once."""
    scales: dict[str, int] = {}
    unmanaged: list[str] = []
    for pod in snapshot.pods:
        owner = controller_of(pod)
        if owner is None:
            unmanaged.append(name_of(pod))
            continue
        scale = snapshot.scales.get(owner.uid)
        if scale is None:
            raise Uncountable(f'found no controllers for pod "{name_of(pod)}"')
        if isinstance(scale, Unscaled):
            raise Uncountable(scale.why)
        scales[scale.uid] = scale.replicas
    return sum(scales.values()), tuple(unmanaged)


def _notes_that_hold(snapshot: Snapshot) -> Mapping[str, datetime]:
    """The evictions that were granted and not seen yet: their pods are there, and their time has not lapsed."""
    notes = noted(snapshot.budget.status)
    there = {name_of(pod) for pod in snapshot.pods if not is_terminating(pod)} if notes else set()
    return {name: when for name, when in notes.items() if name in there and is_expected(when, snapshot.now)}


def _lapsed(snapshot: Snapshot) -> list[core_v1.Pod]:
    """The pods that were to be deleted, and are there."""
    notes = noted(snapshot.budget.status)
    late = {name for name, when in notes.items() if not is_expected(when, snapshot.now)}
    return [pod for pod in snapshot.pods if name_of(pod) in late and not is_terminating(pod)] if late else []


def _status(snapshot: Snapshot, expected: Expected, notes: Mapping[str, datetime]) -> Status:
    healthy = sum(is_ready(pod) and not is_terminating(pod) and name_of(pod) not in notes for pod in snapshot.pods)
    # A budget that has no pods yet allows nothing: its first ones may be there before it is looked at again.
    allowed = max(0, healthy - expected.healthy) if expected.pods > 0 else 0
    budget = snapshot.budget
    status = Status(
        currentHealthy=healthy,
        desiredHealthy=expected.healthy,
        expectedPods=expected.pods,
        disruptionsAllowed=allowed,
        disruptedPods={name: note_of(when) for name, when in notes.items()} or None,
        observedGeneration=meta(budget).generation,
        conditions=budget.status.conditions if budget.status else None,
    )
    status.conditions = with_condition(status, snapshot.now)
    return status


def _written(budget: Budget, status: Status) -> tuple[WriteStatus, ...]:
    return () if status == budget.status else (WriteStatus(replace(budget, status=status)),)


def _not_deleted(budget: Budget, pod: core_v1.Pod) -> Tell:
    named = f"{namespace_of(budget)}/{name_of(budget)}"
    return Tell(pod, "Warning", "NotDeleted", f"Pod was expected by PDB {named} to be deleted but it wasn't")


def _unmanaged(budget: Budget) -> str:
    selector = Selector.from_struct(budget.spec.selector if budget.spec else None)
    return (
        f"Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. "
        "As a result, the status of the PDB cannot be calculated correctly, which may result in undefined "
        'behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.'
    )
