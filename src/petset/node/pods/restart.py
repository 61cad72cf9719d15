"""Whether and when a container that has ended is started again: restart policies and the crash loop's pause.

The first restart comes at once. Each restart within ten minutes of the one before doubles the pause before the
next, from 10 seconds to 5 minutes; a container that ran longer than ten minutes starts over.
"""

from datetime import datetime, timedelta

from petset.api.models import core_v1
from petset.node.pods.model import CrashLoop, Stop
from petset.node.runtime import Container

FIRST_PAUSE_SECONDS = 10.0
MOST_PAUSE_SECONDS = 300.0
FORGIVEN_AFTER = timedelta(seconds=2 * MOST_PAUSE_SECONDS)


def is_sidecar(container: core_v1.Container) -> bool:
    """For a member of `initContainers`: it starts in their order and then runs beside the others."""
    return container.restartPolicy == "Always"


def policy_of(container: core_v1.Container, spec: core_v1.PodSpec) -> str:
    """Always, OnFailure or Never: the container's own policy, else the pod's."""
    return container.restartPolicy or spec.restartPolicy or "Always"


def may_restart(
    container: core_v1.Container, spec: core_v1.PodSpec, ended: Container, stop: Stop | None, *, init: bool
) -> bool:
    """The policy wants another attempt. An init container that succeeded is done under any policy."""
    code = ended.exit_code if ended.exit_code is not None else 137
    if init and not is_sidecar(container):
        return code != 0 and (_rule_restarts(container, code) or policy_of(container, spec) != "Never")
    if _rule_restarts(container, code):
        return True
    match policy_of(container, spec):
        case "Always":
            return True
        case "OnFailure":
            return code != 0 or (stop is not None and stop.restart)
        case _:
            return False


def _rule_restarts(container: core_v1.Container, code: int) -> bool:
    """A `restartPolicyRules` entry asks for a restart on this exit code."""
    for rule in container.restartPolicyRules or ():
        if rule.action != "Restart" or rule.exitCodes is None:
            continue
        listed = code in (rule.exitCodes.values or ())
        if listed == (rule.exitCodes.operator == "In"):
            return True
    return False


def restart_at(crash_loop: CrashLoop | None, ended: Container) -> datetime | None:
    """When the pause after this exit is over; None if there is none."""
    if crash_loop is None or ended.finished_at is None:
        return None
    if ended.finished_at - crash_loop.since > FORGIVEN_AFTER:
        return None
    return ended.finished_at + timedelta(seconds=crash_loop.pause_seconds)


def after_restart(crash_loop: CrashLoop | None, ended: Container, now: datetime) -> CrashLoop:
    """The pause to remember when a restart is made now."""
    finished = ended.finished_at or now
    if crash_loop is None or finished - crash_loop.since > FORGIVEN_AFTER:
        return CrashLoop(FIRST_PAUSE_SECONDS, now)
    return CrashLoop(min(2 * crash_loop.pause_seconds, MOST_PAUSE_SECONDS), now)
