"""One identity, one pod: at any moment, whoever crashed, whichever node was lost."""

from petset.api.models import core_v1
from petset.api.objects import controller_of, is_terminating, name_of, namespace_of, uid_of
from petset.controllers.nodelifecycle.plan import OUT_OF_SERVICE
from petset.controllers.statefulset.identity import NO_ORDINAL, ordinal_of
from petset.ownership.health import is_finished
from petset.testing.promises.scene import Scene, Sentences


def pod_changed(scene: Scene, old: core_v1.Pod | None, new: core_v1.Pod | None) -> Sentences:
    """What holds for every pod, whoever owns it."""
    if old is None and new is not None:
        yield from _has_its_own_claims(scene, new)
    elif old is not None and new is None:
        yield from _goes_after_its_containers(scene, old)
    elif old is not None and new is not None:
        yield from _stays_where_it_is(old, new)


def containers_changed(scene: Scene) -> Sentences:
    """No two pods of one name ever run side by side, on one node or on two."""
    assert scene.runtime is not None
    uids: dict[tuple[str, str], set[str]] = {}
    for namespace, name, uid in scene.runtime.living_pods():
        if uid not in scene.forced:
            uids.setdefault((namespace, name), set()).add(uid)
    for (_, name), living in uids.items():
        if len(living) > 1:
            yield f"containers of {len(living)} pods called {name} run at once: {', '.join(sorted(living))}"


def _has_its_own_claims(scene: Scene, pod: core_v1.Pod) -> Sentences:
    owner = controller_of(pod)
    if owner is None or owner.kind != "StatefulSet":
        return
    if ordinal_of(owner.name, name_of(pod)) in (None, NO_ORDINAL):
        yield f"{owner.name} made a pod without an ordinal: {name_of(pod)}"
    for volume in (pod.spec.volumes if pod.spec else None) or ():
        source = volume.persistentVolumeClaim
        if source is None:
            continue
        if not source.claimName.endswith(f"-{name_of(pod)}"):
            yield f"pod {name_of(pod)} uses the claim {source.claimName}, which is another's"
        states = scene.picture.lately(core_v1.PersistentVolumeClaim, source.claimName, namespace_of(pod))
        if all(state is None or is_terminating(state) for state in states):
            yield f"pod {name_of(pod)} was created before its claim {source.claimName}"


def _goes_after_its_containers(scene: Scene, pod: core_v1.Pod) -> Sentences:
    node = pod.spec.nodeName if pod.spec else None
    if not node:
        return
    if any(state is None or _is_out_of_service(state) for state in scene.picture.lately(core_v1.Node, node)):
        scene.forced.add(uid_of(pod))  # nobody is left to confirm, or the user has done it
    if uid_of(pod) in scene.forced:
        return
    if not is_terminating(pod) and not is_finished(pod):
        yield f"pod {name_of(pod)} vanished from its node without having been asked to go"
    if scene.runtime is not None and uid_of(pod) in {uid for _, _, uid in scene.runtime.living_pods()}:
        yield f"pod {name_of(pod)} is gone from the API, and its containers still run"


def _is_out_of_service(node: core_v1.Node) -> bool:
    return any(taint.key == OUT_OF_SERVICE for taint in (node.spec.taints if node.spec else None) or ())


def _stays_where_it_is(old: core_v1.Pod, new: core_v1.Pod) -> Sentences:
    before, now = (pod.spec.nodeName if pod.spec else None for pod in (old, new))
    if before and before != now:
        yield f"pod {name_of(new)} moved from {before} to {now}"
    if uid_of(old) != uid_of(new):
        yield f"pod {name_of(new)} was replaced in place"
