"""Disruptions that were announced and never came: a pod's condition DisruptionTarget is taken back.

Whoever evicts a pod says so in the pod first and deletes it then. If the deletion never follows, the pod would
stand condemned for ever, and whoever counts failures (a Job) would count it wrongly.
"""

from datetime import datetime

from petset.api.disruptions import DISRUPTION_TARGET, LAPSE
from petset.api.models import core_v1
from petset.api.objects import is_terminating
from petset.controllers.disruption.model import Calm, Plan
from petset.ownership.health import is_finished

_BY_THE_NODE = "TerminationByKubelet"
"""What a node announces may take any time to come."""


def plan(pod: core_v1.Pod, now: datetime) -> Plan:
    """Take it back two minutes after it was announced, never from a pod that goes or has ended."""
    left = _seconds_left(pod, now)
    if left is None:
        return Plan()
    return Plan(wake_after_seconds=left) if left > 0 else Plan((Calm(pod, now),))


def announcement(pod: core_v1.Pod) -> core_v1.PodCondition | None:
    """The announcement that may have to be taken back."""
    for condition in (pod.status.conditions if pod.status else None) or ():
        if condition.type == DISRUPTION_TARGET and condition.status == "True" and condition.reason != _BY_THE_NODE:
            return None if is_terminating(pod) or is_finished(pod) else condition
    return None


def _seconds_left(pod: core_v1.Pod, now: datetime) -> float | None:
    """How long the announcement still holds (0: no longer); None where there is none to take back."""
    announced = announcement(pod)
    if announced is None:
        return None
    since = announced.lastTransitionTime
    return max(0.0, (since + LAPSE - now).total_seconds()) if since else 0.0
