"""What a world that should be at rest still has to do, in sentences; an empty answer is the end.

Pods, revisions, status and history are here, then whatever has lost what it was there for; claims and volumes are
in `claims_left`, nodes in `nodes_left`.
"""

from collections.abc import Iterator

from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, uid_of
from petset.api.options import options_of
from petset.api.selectors import Selector
from petset.controllers.statefulset.identity import (
    first_ordinal,
    ordinal_of,
    pod_name,
    revision_of,
    wanted_ordinals,
)
from petset.controllers.statefulset.rollout import partition_of
from petset.ownership.health import is_available, is_finished, is_running_and_ready
from petset.ownership.membership import Adopt, decide
from petset.ownership.revisions import DEFAULT_HISTORY_LIMIT
from petset.testing.claims_left import outlived_claims, wrong_claims, wrong_volumes
from petset.testing.nodes_left import silent_nodes
from petset.testing.operations import NAMESPACE
from petset.testing.world import World

SECONDS_TO_LOOK = 5.0


def unfinished(world: World) -> Iterator[str]:
    """Everything that is not where the specs want it, in sentences."""
    if not world.has_run(SECONDS_TO_LOOK):
        yield "the controllers have yet to look at what happened while they were away"
    for stateful_set in world.every(apps_v1.StatefulSet):
        yield from unfinished_set(world, stateful_set)
        yield from _wrong_members(world, stateful_set)
        yield from _wrong_status(stateful_set)
        yield from wrong_claims(world, stateful_set)
        yield from _too_much_history(world, stateful_set)
    yield from _left_over(world)
    yield from wrong_volumes(world)
    yield from silent_nodes(world)


def unfinished_set(world: World, stateful_set: apps_v1.StatefulSet) -> Iterator[str]:
    """What of the set's pods is missing, too much, not Available, or of an older template than it should be."""
    name = name_of(stateful_set)
    if is_terminating(stateful_set):
        yield f"{name} is still being deleted"
        return
    pods = {name_of(pod): pod for pod in world.pods_of(name)}
    wanted = [pod_name(stateful_set, ordinal) for ordinal in wanted_ordinals(stateful_set)]
    if sorted(pods) != sorted(wanted):
        yield f"{name} has the pods {sorted(pods)}, not {wanted}"
    for pod in pods.values():
        minimum, now = stateful_set.spec.minReadySeconds or 0, world.plane.clock.now()
        if is_terminating(pod) or not is_running_and_ready(pod) or not is_available(pod, minimum, now):
            yield f"{name_of(pod)} is not Available"
        elif _is_due(stateful_set, pod) and not _is_of_present_template(world, stateful_set, pod):
            yield f"{name_of(pod)} is still of {revision_of(pod)}"


def _wrong_members(world: World, stateful_set: apps_v1.StatefulSet) -> Iterator[str]:
    """Pods that the set has yet to adopt or to let go (rule 42) and will; it may leave strays (rule 62)."""
    name, selector = name_of(stateful_set), Selector.from_struct(stateful_set.spec.selector)
    named = [pod for pod in world.every(core_v1.Pod) if ordinal_of(name, name_of(pod)) is not None]
    leaves_strays = options_of(meta(stateful_set).annotations).leave_strays
    for action in decide(stateful_set, selector, named).actions:
        is_wanted = ordinal_of(name, name_of(action.object)) in wanted_ordinals(stateful_set)
        if leaves_strays and isinstance(action, Adopt) and not is_wanted:
            continue
        yield f"{name_of(action.object)} has yet to be adopted or let go"


def _is_due(stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """A rolling update reaches this pod."""
    strategy = stateful_set.spec.updateStrategy
    ordinal = ordinal_of(name_of(stateful_set), name_of(pod)) or 0
    is_rolling = strategy is None or strategy.type != "OnDelete"
    return is_rolling and ordinal >= first_ordinal(stateful_set) + partition_of(stateful_set)


def _is_of_present_template(world: World, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    text = world.witness.scene.revision_text(revision_of(pod), NAMESPACE)
    return text == world.witness.scene.template_text(stateful_set.spec.template)


def _wrong_status(stateful_set: apps_v1.StatefulSet) -> Iterator[str]:
    status, wanted = stateful_set.status, stateful_set.spec.replicas or 0
    if status is None or status.observedGeneration != meta(stateful_set).generation:
        yield f"{name_of(stateful_set)} has not been observed"
        return
    counts = (status.replicas, status.readyReplicas or 0, status.availableReplicas or 0)
    if counts != (wanted, wanted, wanted):
        yield f"{name_of(stateful_set)} counts {counts}, not {wanted}"


def _too_much_history(world: World, stateful_set: apps_v1.StatefulSet) -> Iterator[str]:
    """Revisions that nobody uses are kept up to the limit (rule 40)."""
    limit, status = stateful_set.spec.revisionHistoryLimit, stateful_set.status
    limit = DEFAULT_HISTORY_LIMIT if limit is None else limit
    used = {revision_of(pod) for pod in world.pods_of(name_of(stateful_set))}
    if status is not None:
        used |= {status.currentRevision or "", status.updateRevision or ""}
    revisions = world.every(apps_v1.ControllerRevision)
    own = [revision for revision in revisions if _owner_uid(revision) == uid_of(stateful_set)]
    unused = [name_of(revision) for revision in own if name_of(revision) not in used]
    if len(unused) > limit:
        yield f"{name_of(stateful_set)} keeps {unused}, more than {limit}"


def _owner_uid(obj: apps_v1.ControllerRevision) -> str:
    owner = controller_of(obj)
    return owner.uid if owner is not None else ""


def _left_over(world: World) -> Iterator[str]:
    """Whatever has lost what it was there for."""
    pods = world.every(core_v1.Pod)
    owners = {*map(uid_of, world.every(apps_v1.StatefulSet)), *map(uid_of, pods)}
    for pod in pods:
        owner = controller_of(pod)
        if is_terminating(pod):
            yield f"{name_of(pod)} is still being deleted"
        if owner is not None and owner.uid not in owners:
            yield f"{name_of(pod)} has outlived its set"
        if not is_running_and_ready(pod) and not is_finished(pod):
            yield f"{name_of(pod)} is not Ready"
    for revision in world.every(apps_v1.ControllerRevision):
        if _owner_uid(revision) and _owner_uid(revision) not in owners:
            yield f"{name_of(revision)} has outlived its set"
    yield from outlived_claims(world, owners)
    living = {uid for _, _, uid in world.runtime.living_pods()}
    for uid in sorted(living - {uid_of(pod) for pod in pods}):
        yield f"containers of the pod {uid} run, and there is no such pod"
