"""What must hold before and after every action of a pod worker: tests check it wherever a plan is made."""

from petset.api.objects import is_terminating
from petset.node.pods.model import (
    DeletePod,
    Plan,
    RemoveSandbox,
    RunPostStart,
    Signal,
    Snapshot,
    StartContainer,
    StartSandbox,
    UnmountVolumes,
    Volumes,
    has_exited,
    is_running,
)
from petset.node.pods.order import all_containers, ephemeral_containers, init_containers, spec_of
from petset.node.pods.restart import may_restart


def broken_in_snapshot(snapshot: Snapshot) -> list[str]:
    """What is wrong with what is there: at most one attempt of a container runs, and only the newest."""
    broken = []
    for name, attempts in snapshot.attempts.items():
        numbers = [attempt.attempt for attempt in attempts]
        if numbers != sorted(set(numbers)):
            broken.append(f"{name}: attempts {numbers} are not in order")
        if any(is_running(attempt) for attempt in attempts[:-1]):
            broken.append(f"{name}: an attempt runs beside a newer one")
    return broken


def broken_in_plan(snapshot: Snapshot, plan: Plan) -> list[str]:
    """What is wrong with a plan made from the snapshot."""
    broken = []
    keys = [action.key for action in plan.actions]
    if len(keys) != len(set(keys)) or snapshot.busy & set(keys):
        broken.append(f"an action is planned twice: {keys}")
    ending = snapshot.gone or is_terminating(snapshot.pod) or plan.finished
    anything_runs = any(is_running(snapshot.latest(c.name)) for c in all_containers(snapshot.pod))
    for action in plan.actions:
        if isinstance(action, StartContainer | StartSandbox | RunPostStart) and ending:
            broken.append(f"a pod that ends starts something: {action}")
        if isinstance(action, StartContainer):
            broken += _broken_start(snapshot, action)
        if isinstance(action, Signal) and not is_running(snapshot.latest(action.container)):
            broken.append(f"a signal for what does not run: {action}")
        if isinstance(action, RemoveSandbox | UnmountVolumes | DeletePod) and (not ending or anything_runs):
            broken.append(f"{action} while the pod runs")
        left = snapshot.sandbox is not None or snapshot.volumes is not Volumes.GONE
        if isinstance(action, DeletePod) and (left or not snapshot.reported):
            broken.append("the API forgets a pod of which something is left")
    return broken


def _broken_start(snapshot: Snapshot, action: StartContainer) -> list[str]:
    latest = snapshot.latest(action.container)
    if latest is None:
        return [] if action.attempt == 0 else [f"the first attempt has number {action.attempt}"]
    if is_running(latest):
        return [f"{action.container} is started while it runs"]
    if any(action.container == c.name for c in ephemeral_containers(snapshot.pod)):
        return [f"ephemeral container {action.container} is started a second time"]
    broken = [] if action.attempt == latest.attempt + 1 else [f"attempt {action.attempt} after {latest.attempt}"]
    container = next(c for c in all_containers(snapshot.pod) if c.name == action.container)
    init = container in init_containers(snapshot.pod)
    stop = snapshot.note(action.container).stop
    in_this_sandbox = bool(latest.sandbox_uid)
    allowed = may_restart(container, spec_of(snapshot.pod), latest, stop, init=init)
    if has_exited(latest) and in_this_sandbox and not allowed:
        broken.append(f"{action.container} is restarted against its policy")
    return broken
