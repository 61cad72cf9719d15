"""The sentences that say why a set does no more for now: who waits, for whom, by which rule, what would end it.

A sentence names the pod to look at first and, where the pod's status tells, the cause below it (an image that
cannot be pulled, a node that cannot be found), so that a user need not go and look.
"""

from dataclasses import replace

from petset.api.models import core_v1
from petset.api.objects import is_terminating, name_of
from petset.api.options import REPLACE_BROKEN_AFTER
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.model import Waiting
from petset.ownership import health


def for_pod(lineup: Lineup, subject: str, pod: core_v1.Pod, rule: int) -> Waiting:
    """`subject` waits until `pod` is gone, or Ready, or Available: whichever it lacks first."""
    name = name_of(pod)
    if is_terminating(pod):
        return Waiting(subject, name, rule, f"{name} is being deleted", "It goes on when the pod is gone.", True)
    if health.is_finished(pod):
        why = f"{name} is {health.phase_of(pod)} and is being replaced"
        return Waiting(subject, name, rule, why, "It goes on when its successor is Available.", True)
    if not health.is_running_and_ready(pod):
        why = f"{name} is not Ready ({_why_not_ready(pod)})"
        return Waiting(subject, name, rule, why, f"See `kubectl describe pod {name}`.")
    left = health.seconds_until_available(pod, lineup.min_ready_seconds, lineup.snapshot.now) or 0.0
    why = f"{name} is Ready and must stay so for {lineup.min_ready_seconds} s (minReadySeconds)"
    return Waiting(subject, name, rule, why, f"It is Available in {left:.0f} s.", True)


def until_replaced(wait: Waiting, seconds: float) -> Waiting:
    """The same, for a broken pod that the set lets be replaced (rule 52)."""
    when = "now" if seconds == 0 else f"in {seconds:.0f} s unless it becomes Ready"
    return replace(wait, remedy=f"It is replaced {when} ({REPLACE_BROKEN_AFTER}).", passes=True)


def for_new_pod(subject: str, name: str) -> Waiting:
    """The pod is created only now, so nobody can say more of it."""
    return Waiting(
        subject, name, 47, f"{name} is not Ready (it is being created)", "It goes on when the pod is Ready.", True
    )


def for_claim_being_deleted(pod: str, claim: str) -> Waiting:
    """Rule 27: a claim on its way out cannot be used."""
    remedy = "The pod is created when the claim is gone; see which finalizer or pod still holds it."
    return Waiting(pod, claim, 27, f"its claim {claim} is being deleted", remedy)


def for_claim_to_be_made_anew(pod: str, claim: str) -> Waiting:
    """Rule 28: a Pending pod gets another claim for one on its way out."""
    remedy = "Another is made when it is gone; see which finalizer or pod still holds it."
    return Waiting(pod, claim, 28, f"its claim {claim} is being deleted", remedy)


def for_claim_of_former_pod(pod: str, claim: str) -> Waiting:
    """Rule 33: the claim goes with the pod it belonged to."""
    why = f"its claim {claim} still belongs to a former pod of this name (whenScaled: Delete)"
    return Waiting(pod, claim, 33, why, "The pod is created when the garbage collector has removed the claim.")


def for_name_taken(pod: str) -> Waiting:
    """Rule 61: somebody else's pod has the name."""
    why = f"a pod of that name exists and does not belong to the set: kubectl get pod {pod} --show-labels"
    return Waiting(pod, pod, 61, why, "Give it the labels of the set's selector, or delete it.")


def for_recreation(set_name: str, pod: str) -> Waiting:
    """Rule 56: nobody is created while a pod of another template is there."""
    why = f"{pod} still has a former template, and Recreate creates nobody before all such pods are gone"
    return Waiting(set_name, pod, 56, why, "It goes on when they are gone.")


def for_repair(pod: str, error: object) -> Waiting:
    """Rule 18: what this pod lacks of its identity or its claims cannot be given to a pod that is there."""
    why = f"it is not as the set would make it, and cannot be made so: {error}"
    return Waiting(pod, pod, 18, why, f"Delete it: kubectl delete pod {pod}; its successor is as it should be.")


def for_refusal(set_name: str, error: object) -> Waiting:
    """Rule 45: the API refused an action, and with it the rest of the plan. The next try may be minutes away."""
    why = f"the API refused its last step: {error}"
    return Waiting(set_name, "", 45, why, "It is tried again, ever more slowly.")


def next_in_line(lineup: Lineup, after: int) -> str:
    """Who would be served next if the pod of ordinal `after` were no obstacle; the set itself if nobody."""
    missing = lineup.missing_after(after)
    if missing is not None:
        return lineup.pod_name(missing)
    if lineup.highest_condemned is not None:
        return name_of(lineup.highest_condemned)
    stale = next(map(name_of, lineup.pods_from_the_top(lineup.stale())), "")
    return stale if stale and stale != lineup.pod_name(after) else name_of(lineup.set)


def _why_not_ready(pod: core_v1.Pod) -> str:
    """The most telling thing in the pod's status."""
    status = pod.status
    if status is None:
        return "nothing is known of it yet"
    for container in [*(status.initContainerStatuses or ()), *(status.containerStatuses or ())]:
        waiting = container.state.waiting if container.state else None
        if waiting is not None and waiting.reason not in (None, "ContainerCreating", "PodInitializing"):
            return ": ".join(filter(None, (f"container {container.name}", waiting.reason, waiting.message)))
    for condition in status.conditions or ():
        if condition.type in ("PodScheduled", "Ready") and condition.status == "False" and condition.message:
            return condition.message
    return f"phase {status.phase or 'unknown'}"
