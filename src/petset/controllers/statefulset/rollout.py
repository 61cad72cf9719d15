"""Replacing pods made from an older template (rules 46, 51-57).

A pod is never changed in place: it is deleted, and comes back from the template that its ordinal is due. Pods go
from the highest ordinal downward to the partition, as many at a time as `maxUnavailable` leaves; whoever is
unavailable for other reasons spends that budget too.
"""

from collections.abc import Iterator
from itertools import islice

from petset.api.models import apps_v1, core_v1
from petset.api.objects import name_of
from petset.controllers.statefulset import waiting
from petset.controllers.statefulset.history import History
from petset.controllers.statefulset.identity import first_ordinal, ordinal_of, revision_of, wanted_replicas
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.model import DeletePod
from petset.controllers.statefulset.steps import Step
from petset.ownership import health


def template_for(history: History, ordinal: int) -> tuple[core_v1.PodTemplateSpec, str]:
    """The template and revision label that a pod of this ordinal is created from (rule 46)."""
    if _is_due_current(history.set, ordinal):
        return history.current_template, history.current_label
    return history.set.spec.template, history.update_label


def rollout(lineup: Lineup) -> Step:
    """Which pods to replace now."""
    step = Step("rollout", ordered=True)
    if not replaces_by_itself(lineup.set):
        return step
    stale = lineup.stale(partition_of(lineup.set))
    highest = next(lineup.pods_from_the_top(stale), None)
    if highest is None:
        return step
    chosen = _within_budget(lineup, stale) if lineup.snapshot.gates.max_unavailable else _one(lineup, highest)
    for pod in chosen:
        step.add(DeletePod(pod, "update"))
    blocker = lineup.first_unavailable_replica
    if not chosen and blocker is not None:
        step.block(waiting.for_pod(lineup, name_of(highest), blocker, 53))
    return step


def seconds_until_replaced(lineup: Lineup, pod: core_v1.Pod) -> float | None:
    """How long this replica may still become Ready before it is replaced unasked; None where it never is (rule 52).

    Only where the set asks for it (`petset.dev/replace-broken-after`), only a pod that its rollout would replace
    anyway, and none that would come back as it is.
    """
    patience = lineup.options.replace_broken_after_seconds
    since = health.not_ready_since(pod)
    if patience is None or since is None or not replaces_by_itself(lineup.set):
        return None
    if not lineup.is_stale(pod, partition_of(lineup.set)) or not list(_worth_replacing(lineup, iter((pod,)))):
        return None
    return max(0.0, patience - (lineup.snapshot.now - since).total_seconds())


def replaces_by_itself(stateful_set: apps_v1.StatefulSet) -> bool:
    """The set's strategy is a rolling update: neither OnDelete nor Recreate."""
    strategy = stateful_set.spec.updateStrategy
    return strategy is None or strategy.type not in ("OnDelete", "Recreate")


def recreation(lineup: Lineup) -> Step:
    """Rule 56: all pods of other templates go at once, and nobody is created before the last of them is gone.

    With the gate off again, a set that is stored with this strategy replaces nobody by itself, as with OnDelete.
    """
    step = Step("recreation", ordered=True)
    stale = lineup.stale_everywhere
    for pod in lineup.pods_from_the_top(stale & ~lineup.terminating):
        step.add(DeletePod(pod, "update"))
    first = next(lineup.pods_from_the_top(stale), None)
    if first is not None:
        step.block(waiting.for_recreation(name_of(lineup.set), name_of(first)))
    return step


def must_recreate(lineup: Lineup) -> bool:
    """There are pods of other templates, and the set's strategy is to let them all go."""
    return recreates(lineup.set) and lineup.snapshot.gates.recreate and bool(lineup.stale_everywhere)


def recreates(stateful_set: apps_v1.StatefulSet) -> bool:
    """The set's strategy is Recreate."""
    strategy = stateful_set.spec.updateStrategy
    return strategy is not None and strategy.type == "Recreate"


def partition_of(stateful_set: apps_v1.StatefulSet) -> int:
    """How many of the lowest replicas a rolling update leaves alone."""
    strategy = stateful_set.spec.updateStrategy
    rolling = strategy.rollingUpdate if strategy else None
    return (rolling.partition if rolling else None) or 0


def max_unavailable_of(stateful_set: apps_v1.StatefulSet) -> int:
    """The update budget: percentages of the replicas round down, and it is never less than 1 (rule 53)."""
    strategy = stateful_set.spec.updateStrategy
    rolling = strategy.rollingUpdate if strategy else None
    value = rolling.maxUnavailable if rolling else None
    if isinstance(value, str):
        value = wanted_replicas(stateful_set) * int(value.removesuffix("%")) // 100
    return max(1, 1 if value is None else value)


def _is_due_current(stateful_set: apps_v1.StatefulSet, ordinal: int) -> bool:
    strategy = stateful_set.spec.updateStrategy
    if strategy is not None and strategy.type not in (None, "", "RollingUpdate"):
        return False
    if strategy is not None and strategy.rollingUpdate is not None:
        return ordinal < first_ordinal(stateful_set) + partition_of(stateful_set)
    # Type RollingUpdate without a block: the current revision for as many pods as the status says still have it.
    kept = (stateful_set.status.currentReplicas if stateful_set.status else None) or 0
    return ordinal < first_ordinal(stateful_set) + kept


def _within_budget(lineup: Lineup, stale: int) -> list[core_v1.Pod]:
    """Rules 53-55: healthy pods as the budget allows; in Parallel also every stale pod that is unavailable."""
    budget = max(0, max_unavailable_of(lineup.set) - lineup.unavailable_replicas)
    if lineup.ordered:
        return list(islice(lineup.pods_from_the_top(stale), budget))
    broken = _worth_replacing(lineup, lineup.pods_from_the_top(stale & lineup.unavailable))
    healthy = lineup.pods_from_the_top(stale & ~lineup.unavailable)
    return [*broken, *islice(healthy, budget)]


def _worth_replacing(lineup: Lineup, broken: Iterator[core_v1.Pod]) -> Iterator[core_v1.Pod]:
    """Without those that would come back as they are, highest first as given.

    Without a `rollingUpdate` block a low ordinal comes back from the current revision while enough others still
    have it (rule 46), is stale and not Ready yet, and would be replaced again at once, for ever.
    """
    strategy = lineup.set.spec.updateStrategy
    has_block = strategy is None or strategy.rollingUpdate is not None
    kept = 0 if has_block else lineup.staying_at_current
    for pod in broken:
        has_current = revision_of(pod) == lineup.history.current_label
        ordinal = ordinal_of(name_of(lineup.set), name_of(pod)) or 0
        if has_block or not has_current or ordinal >= first_ordinal(lineup.set) + kept - 1:
            yield pod
            kept -= has_current


def _one(lineup: Lineup, highest: core_v1.Pod) -> list[core_v1.Pod]:
    """Rule 51, the gate off: the highest stale pod, unless one above it is unavailable."""
    return [] if lineup.is_unavailable_above(highest) else [highest]
