"""What a promise is judged by: the picture, what the user asked for, and the containers that really run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from petset.api.gates import DEFAULT, Gates
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import controller_of, is_terminating, name_of, namespace_of
from petset.controllers.statefulset.identity import ordinal_of, pod_name
from petset.ownership.hashing import canonical, template_patch
from petset.ownership.health import is_available, is_running_and_ready
from petset.testing.clock import SimulatedClock
from petset.testing.picture import Picture
from petset.testing.runtime import SimulatedRuntime


@dataclass
class Scene:
    """`asked` are the uids that the user told to go; `forced` those that went without their node's word.

    After a forced deletion nobody can promise that a pod's containers have ended: that is what it means.
    """

    picture: Picture
    clock: SimulatedClock
    runtime: SimulatedRuntime | None = None
    gates: Gates = DEFAULT
    asked: set[str] = field(default_factory=set)
    forced: set[str] = field(default_factory=set)
    texts: dict[int, tuple[object, bytes]] = field(default_factory=dict)

    def sets_lately(self, pod: core_v1.Pod) -> list[apps_v1.StatefulSet]:
        """The states of the pod's set by which its controller may have acted; none where nobody owns the pod."""
        for state in self.picture.lately(core_v1.Pod, name_of(pod), namespace_of(pod)):
            owner = controller_of(state) if state is not None else None
            if owner is not None and owner.kind == "StatefulSet":
                return self.picture.lately_of(apps_v1.StatefulSet, owner.name, namespace_of(pod), owner.uid)
        return []

    def states_of(self, stateful_set: apps_v1.StatefulSet, ordinal: int) -> list[core_v1.Pod | None]:
        """The states of the set's pod of this ordinal that its controller may have seen."""
        name = pod_name(stateful_set, ordinal)
        return list(self.picture.lately(core_v1.Pod, name, namespace_of(stateful_set)))

    def was_available(self, stateful_set: apps_v1.StatefulSet, ordinal: int) -> bool:
        """The ordinal's pod may have looked Available and there to stay."""
        return any(self.is_fine(stateful_set, pod) for pod in self.states_of(stateful_set, ordinal))

    def is_fine(self, stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod | None) -> bool:
        """Running, Ready, Available and not on its way out."""
        if pod is None or is_terminating(pod) or not is_running_and_ready(pod):
            return False
        return is_available(pod, stateful_set.spec.minReadySeconds or 0, self.clock.now())

    def template_text(self, template: core_v1.PodTemplateSpec) -> bytes:
        """What tells one template from another."""
        known = self.texts.get(id(template))
        if known is None:
            known = self.texts[id(template)] = (template, canonical(template_patch(template)))
        return known[1]

    def revision_text(self, name: str, namespace: str) -> bytes | None:
        """The template that a revision keeps, None where it is not known."""
        for revision in self.picture.lately(apps_v1.ControllerRevision, name, namespace):
            if revision is not None:
                known = self.texts.get(id(revision))
                if known is None:
                    known = self.texts[id(revision)] = (revision, canonical(revision.data))
                return known[1]
        return None

    def is_gone(self, owner: meta_v1.OwnerReference, namespace: str) -> bool:
        """The owner may have looked gone, or on its way out."""
        kind: type[Any] = core_v1.Pod if owner.kind == "Pod" else apps_v1.StatefulSet
        states = self.picture.lately(kind, owner.name, namespace)
        present = self.picture.lately_of(kind, owner.name, namespace, owner.uid)
        steady = [state for state in present if not is_terminating(state)]
        return len(steady) < len(states)


def ordinal_in(stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> int:
    """The pod's ordinal in the set; -1 where its name has none."""
    ordinal = ordinal_of(name_of(stateful_set), name_of(pod))
    return -1 if ordinal is None else ordinal


Sentences = Iterator[str]
"""One for each promise that the change broke."""
