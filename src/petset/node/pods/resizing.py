"""Resources that change while a pod runs: whether the node can grant them, and how its containers get them.

A pod asks by its spec, and the node grants or keeps it waiting; until then the pod is run as it was. What was
granted is given to each container that runs, in place or by a restart as its `resizePolicy` says.
"""

import json
from collections.abc import Iterable, Mapping

from petset.api import amounts, quantity
from petset.api.models import core_v1
from petset.api.objects import replace
from petset.api.qos import qos_class
from petset.node.pods.draft import Draft
from petset.node.pods.model import BeginStop, Pending, Resize, Snapshot, is_running
from petset.node.pods.order import all_containers, init_containers, spec_of
from petset.node.runtime import Container, Resources
from petset.node.spec import limits_of

WHOLE = ""
"""The pod itself among its containers."""
Amounts = Mapping[str, quantity.Quantity]


def asks_for_other_resources(pod: core_v1.Pod, granted: core_v1.Pod) -> bool:
    """Whether the pod or some container of it is to have other resources than it has been granted."""
    before = granted_to(granted)
    return any(_means(asked) != _means(before.get(name, asked)) for name, asked in granted_to(pod).items())


def with_resources_of(pod: core_v1.Pod, granted: Mapping[str, core_v1.ResourceRequirements | None]) -> core_v1.Pod:
    """The pod with the resources that it and its containers, by name, have been granted."""

    def kept(container: core_v1.Container) -> core_v1.Container:
        return replace(container, resources=granted.get(container.name, container.resources))

    spec = spec_of(pod)
    initial = [kept(c) if c.restartPolicy == "Always" else c for c in spec.initContainers or ()]
    containers = [kept(c) for c in spec.containers]
    resources = granted.get(WHOLE, spec.resources)
    return replace(
        pod, spec=replace(spec, resources=resources, containers=containers, initContainers=initial or None)
    )


def granted_to(pod: core_v1.Pod) -> dict[str, core_v1.ResourceRequirements | None]:
    """What the pod's containers have been granted, by name, and the pod itself."""
    return {WHOLE: spec_of(pod).resources, **{container.name: container.resources for container in _resizable(pod)}}


def told_of(pod: core_v1.Pod) -> dict[str, core_v1.ResourceRequirements | None]:
    """What the pod's own status says that it and its containers have."""
    status = pod.status or core_v1.PodStatus()
    told = (*(status.containerStatuses or ()), *(status.initContainerStatuses or ()))
    whole = {WHOLE: status.resources} if status.resources is not None else {}
    return {**whole, **{one.name: one.resources for one in told if one.resources is not None}}


def judge(pod: core_v1.Pod, capacity: Mapping[str, str], others: Iterable[core_v1.Pod]) -> Pending | None:
    """Why the node cannot grant what the pod asks for, beside what the others have been granted; None: it can."""
    asked, used = requests(pod), amounts.total(requests(other) for other in others)
    for name in ("cpu", "memory"):
        wanted, room = _count(asked, name), _count(amounts.parsed(capacity), name)
        if wanted > room:
            why = f"Node didn't have enough capacity: {name}, requested: {wanted}, capacity: {room}"
            return Pending("Infeasible", why)
        taken = _count(used, name)
        if wanted + taken > room:
            why = f"Node didn't have enough resource: {name}, requested: {wanted}, used: {taken}, capacity: {room}"
            return Pending("Deferred", why)
    return None


def requests(pod: core_v1.Pod) -> Amounts:
    """What the pod asks for as a whole, else what its containers ask for together; and its overhead."""
    together = amounts.of_pod(pod, lambda c: amounts.parsed(c.resources.requests if c.resources else None))
    own = spec_of(pod).resources
    asked = together | amounts.parsed(own.requests if own else None)
    return amounts.total((asked, amounts.parsed(spec_of(pod).overhead)))


def retry_order(waiting: Iterable[tuple[core_v1.Pod, core_v1.Pod]]) -> list[core_v1.Pod]:
    """In which order those who wait are asked again, given each as it asks and as it was granted.

    First who asks for no more than it has, then by priority, then Guaranteed pods, then who has waited longest.
    """

    def rank(both: tuple[core_v1.Pod, core_v1.Pod]) -> tuple[bool, int, bool, str]:
        asked, granted = both
        wanted, had = requests(asked), requests(granted)
        grows = any(_count(wanted, name) > _count(had, name) for name in ("cpu", "memory"))
        return grows, -(spec_of(asked).priority or 0), qos_class(asked) != "Guaranteed", _waits_since(asked)

    return [asked for asked, _ in sorted(waiting, key=rank)]


def generation_under_way(pod: core_v1.Pod) -> int | None:
    """The generation whose resources the pod's own status says are being given."""
    conditions = (pod.status.conditions if pod.status else None) or ()
    return next((c.observedGeneration or 0 for c in conditions if c.type == "PodResizeInProgress"), None)


def _waits_since(pod: core_v1.Pod) -> str:
    """When it began to wait, as a text that sorts; who has not been told yet comes last."""
    for condition in (pod.status.conditions if pod.status else None) or ():
        if condition.type == "PodResizePending" and condition.lastTransitionTime is not None:
            return condition.lastTransitionTime.isoformat()
    return "~"


def summary(pod: core_v1.Pod, error: str = "") -> str:
    """A pod's resources as events show them: JSON with the generation that asks for them."""
    spec = spec_of(pod)
    document = {
        **({"initContainers": _listed(spec.initContainers)} if spec.initContainers else {}),
        "containers": _listed(spec.containers),
        "generation": (pod.metadata.generation if pod.metadata else None) or 0,
        **({"error": error} if error else {}),
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _listed(containers: Iterable[core_v1.Container]) -> list[dict[str, object]]:
    return [{"name": c.name, "resources": _shown(c.resources)} for c in containers]


def _shown(resources: core_v1.ResourceRequirements | None) -> dict[str, object]:
    parts = {"limits": resources.limits, "requests": resources.requests} if resources else {}
    return {name: dict(sorted(part.items())) for name, part in parts.items() if part}


def _count(listed: Amounts, name: str) -> int:
    """Thousandths of a processor, or bytes."""
    amount = listed.get(name, quantity.Quantity(0))
    return amount.millis if name == "cpu" else amount.whole


def tend(draft: Draft, container: core_v1.Container, attempt: Container) -> None:
    """The step that brings a running attempt to what it has been granted."""
    changed = _changes(container, attempt.resources)
    if not changed:
        return
    policies = {policy.resourceName: policy.restartPolicy for policy in container.resizePolicy or ()}
    if any(policies.get(name) == "RestartContainer" for name in changed):
        grace = float(spec_of(draft.snapshot.pod).terminationGracePeriodSeconds or 30)
        message = f"Container {container.name} resize requires restart"
        draft.do(BeginStop(container.name, attempt.id, grace, message, restart=True))
        return
    failure = draft.snapshot.note(container.name).resize_failure
    if failure is not None and failure.retry_at > draft.snapshot.now:
        draft.wake(failure.retry_at)
        return
    draft.do(Resize(container.name, attempt.id))


def tend_whole(draft: Draft) -> None:
    """The step that brings the pod as a whole to what it has been granted."""
    snapshot = draft.snapshot
    if snapshot.sandbox is None or is_whole_in_place(snapshot):
        return
    failure = snapshot.note(WHOLE).resize_failure
    if failure is not None and failure.retry_at > snapshot.now:
        draft.wake(failure.retry_at)
        return
    draft.do(Resize(WHOLE, snapshot.sandbox.spec.uid))


def is_whole_in_place(snapshot: Snapshot) -> bool:
    """The pod as a whole has what it has been granted, or will have it when it is started."""
    sandbox = snapshot.sandbox
    if not snapshot.resized or sandbox is None or not sandbox.ready:
        return True
    return sandbox.spec.resources == limits_of(spec_of(snapshot.pod))


def is_in_place(snapshot: Snapshot, container: core_v1.Container) -> bool:
    """The container has what it has been granted, or will have it when it is started."""
    attempt = snapshot.latest(container.name)
    if not snapshot.resized or attempt is None or not is_running(attempt):
        return True
    return not _changes(container, attempt.resources)


def is_settled(snapshot: Snapshot) -> bool:
    """Every container has what it has been granted, and none is being started with what was granted before."""
    return not any(key.startswith("start/") for key in snapshot.busy) and are_in_place(snapshot)


def are_in_place(snapshot: Snapshot) -> bool:
    """The pod and all of its containers have what they have been granted."""
    return is_whole_in_place(snapshot) and all(is_in_place(snapshot, c) for c in all_containers(snapshot.pod))


def errors(snapshot: Snapshot) -> str:
    """Why containers still have what they had, where that was tried; empty otherwise."""
    behind = [c.name for c in _resizable(snapshot.pod) if not is_in_place(snapshot, c)]
    behind += [] if is_whole_in_place(snapshot) else [WHOLE]
    failures = (snapshot.note(name).resize_failure for name in behind)
    return "; ".join(failure.message for failure in failures if failure is not None)


def _changes(container: core_v1.Container, has: Resources | None) -> tuple[str, ...]:
    """The resources of which a running container has another amount than it was granted."""
    if has is None:
        return ()
    granted = limits_of(container)
    cpu = (granted.cpu_millis, granted.cpu_request_millis) != (has.cpu_millis, has.cpu_request_millis)
    memory = granted.memory_bytes != has.memory_bytes
    return (*(("cpu",) if cpu else ()), *(("memory",) if memory else ()))


def _resizable(pod: core_v1.Pod) -> list[core_v1.Container]:
    return [*spec_of(pod).containers, *(c for c in init_containers(pod) if c.restartPolicy == "Always")]


def _means(resources: core_v1.ResourceRequirements | None) -> tuple[object, object]:
    return (resources.requests or {}, resources.limits or {}) if resources is not None else ({}, {})
