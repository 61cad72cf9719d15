"""What a node does next for one pod: the kubelet's decisions, as a function of what is there.

Guarantees, attacked by `tests/node/test_plan_properties.py`:

- no container ever has two running attempts;
- nothing is started that the restart policy forbids, and nothing at all for a pod that is ending;
- the API forgets a pod only after its containers, its sandbox and its volumes are gone;
- whatever prefix of a plan's actions has happened, planning again leads to the same end.
"""

from datetime import timedelta

from petset.api.models import core_v1
from petset.api.objects import is_terminating
from petset.node.pods import resizing
from petset.node.pods.draft import Draft
from petset.node.pods.model import (
    Action,
    BeginStop,
    CrashLoop,
    Failure,
    MountVolumes,
    Plan,
    RemoveContainer,
    ResolveImage,
    RunPostStart,
    Snapshot,
    StartContainer,
    StartSandbox,
    Strand,
    Volumes,
    has_exited,
    is_running,
)
from petset.node.pods.order import all_containers, due, has_sandbox, is_finished, spec_of
from petset.node.pods.restart import after_restart, restart_at
from petset.node.pods.stopping import advance, end_pod, grace_seconds

SECONDS_OF_A_PULL_ERROR = 1.0
"""How long a status shows ErrImagePull before it turns into ImagePullBackOff."""


def plan(snapshot: Snapshot) -> Plan:
    """What to do now for this pod, why no more, and when to look again."""
    draft = Draft(snapshot)
    if snapshot.gone or is_terminating(snapshot.pod):
        end_pod(draft, keep=False)
        return draft.plan()
    if _is_past_deadline(draft):
        end_pod(draft, keep=True)
        return draft.plan(finished=True, deadline_exceeded=True)
    if is_finished(snapshot):
        end_pod(draft, keep=True)
        return draft.plan(finished=True)
    _run(draft)
    return draft.plan()


def _is_past_deadline(draft: Draft) -> bool:
    """`activeDeadlineSeconds` are over, counted from the pod's start on this node."""
    seconds = spec_of(draft.snapshot.pod).activeDeadlineSeconds
    status = draft.snapshot.pod.status
    if seconds is None or status is None or status.startTime is None:
        return False
    deadline = status.startTime + timedelta(seconds=seconds)
    if draft.snapshot.now < deadline:
        draft.wake(deadline)
        return False
    return True


def _run(draft: Draft) -> None:
    snapshot = draft.snapshot
    if snapshot.predecessor:
        # Stricter than a kubelet: two pods of one name never share a node, and so never their data.
        draft.wait("", "PredecessorRunning", "an earlier pod of this name is still being stopped on this node")
        return
    if snapshot.resized:
        resizing.tend_whole(draft)
    for container in all_containers(snapshot.pod):
        _tend(draft, container)
    surroundings: list[Action] = []
    if snapshot.volumes is not Volumes.MOUNTED and spec_of(snapshot.pod).volumes:
        if _holds(draft, "", snapshot.volumes_failure):
            return
        surroundings.append(MountVolumes())
    wanted = due(snapshot)
    starts = [steps for container in wanted if (steps := _start(draft, container))]
    if wanted and not has_sandbox(snapshot):
        if _holds(draft, "", snapshot.sandbox_failure):
            return
        surroundings.append(StartSandbox())
    if not surroundings:
        for steps in starts:
            draft.do(*steps)
    elif len(starts) == 1:
        draft.do(*surroundings, *starts[0])
    else:
        draft.do(*surroundings)  # what several containers share comes first, then each goes its own way


def _tend(draft: Draft, container: core_v1.Container) -> None:
    """What a container that runs needs: its hook, a stop because it is unhealthy, its old attempts forgotten."""
    snapshot = draft.snapshot
    for old in snapshot.attempts.get(container.name, ())[:-2]:
        draft.do(RemoveContainer(container.name, old.id))
    attempt = snapshot.latest(container.name)
    if attempt is None or not is_running(attempt):
        return
    note = snapshot.note(container.name)
    if note.stop is not None:
        advance(draft, container, note.stop)
    elif note.health.unhealthy:
        own = note.health.grace_seconds
        seconds = grace_seconds(snapshot) if own is None else float(own)
        draft.do(BeginStop(container.name, attempt.id, seconds, note.health.unhealthy, restart=True))
    elif note.hook_pending:
        draft.do(RunPostStart(container.name, attempt.id))
    elif snapshot.resized:
        resizing.tend(draft, container, attempt)


def _start(draft: Draft, container: core_v1.Container) -> Strand:
    """The way to the next attempt; empty where a back-off or a missing image holds it."""
    snapshot, name = draft.snapshot, container.name
    note, ended = snapshot.note(name), snapshot.latest(name)
    if note.crash_loop is not None and _is_crash_looping(draft, container, note.crash_loop):
        return ()
    if _holds(draft, name, note.start_failure):
        return ()
    if not note.image_id and _holds_image(draft, container, note.image_failure):
        return ()
    crash_loop = note.crash_loop
    if ended is not None and has_exited(ended):
        crash_loop = after_restart(crash_loop, ended, snapshot.now)
    start = StartContainer(name, ended.attempt + 1 if ended else 0, crash_loop)
    return (start,) if note.image_id else (ResolveImage(name), start)


def _is_crash_looping(draft: Draft, container: core_v1.Container, crash_loop: CrashLoop) -> bool:
    snapshot = draft.snapshot
    ended = snapshot.latest(container.name)
    again = restart_at(crash_loop, ended) if ended is not None and has_exited(ended) else None
    if again is None or again <= snapshot.now:
        return False
    pause = timedelta(seconds=crash_loop.pause_seconds)
    draft.wait(container.name, "CrashLoopBackOff", _back_off_message(snapshot.pod, container.name, pause))
    draft.wake(again)
    return True


def _back_off_message(pod: core_v1.Pod, container: str, pause: timedelta) -> str:
    minutes, seconds = divmod(int(pause.total_seconds()), 60)
    length = f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
    meta = pod.metadata
    assert meta is not None
    where = f"{meta.name}_{meta.namespace}({meta.uid})"
    return f"back-off {length} restarting failed container={container} pod={where}"


def _holds(draft: Draft, container: str, failure: Failure | None) -> bool:
    """A failure whose pause is not over yet."""
    if failure is None or failure.retry_at <= draft.snapshot.now:
        return False
    draft.wait(container, failure.reason, failure.message)
    draft.wake(failure.retry_at)
    return True


def _holds_image(draft: Draft, container: core_v1.Container, failure: Failure | None) -> bool:
    """As `_holds`; a failed pull is shown as such for a moment, then as the back-off that it is."""
    if failure is None or failure.retry_at <= draft.snapshot.now:
        return False
    fades_at = failure.at + timedelta(seconds=SECONDS_OF_A_PULL_ERROR)
    if failure.reason != "ErrImagePull" or draft.snapshot.now < fades_at:
        draft.wait(container.name, failure.reason, failure.message)
        draft.wake(min(fades_at, failure.retry_at) if failure.reason == "ErrImagePull" else failure.retry_at)
        return True
    message = f'Back-off pulling image "{container.image}": {failure.reason}: {failure.message}'
    draft.wait(container.name, "ImagePullBackOff", message)
    draft.wake(failure.retry_at)
    return True
