"""What a pod gets from the runtime class that it names: its overhead, and where such pods may run.

Kubernetes' admission plugin RuntimeClass, with its messages. Who runs the pod is the node's to know: a handler that
a node does not have keeps the pod waiting there.
"""

from petset.api import objects, quantity
from petset.api.errors import Forbidden
from petset.api.kinds import Kind
from petset.api.models import core_v1, node_v1
from petset.registry import refusals
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.storage.port import Store


class RuntimeClasses:
    """The runtime classes as they are now."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._classes = Kept(store, decoder, node_v1.RuntimeClass)

    def admit(self, kind: Kind, pod: core_v1.Pod) -> None:
        """Complete a new pod. Raises Forbidden where its class is not there or contradicts it."""
        spec = pod.spec
        assert spec is not None
        name = spec.runtimeClassName
        found = self._classes.now().get("", {}).get(name) if name else None
        if name and found is None:
            raise _rejected(kind, pod, f'RuntimeClass "{name}" not found')
        fixed = found.overhead.podFixed if found is not None and found.overhead is not None else None
        if fixed is None and spec.overhead is not None:
            raise _rejected(kind, pod, "Pod Overhead set without corresponding RuntimeClass defined Overhead")
        if fixed is not None:
            if spec.overhead and not _same(spec.overhead, fixed):
                raise _rejected(kind, pod, "Pod's Overhead doesn't match RuntimeClass's defined Overhead")
            spec.overhead = dict(fixed)
        if found is not None and found.scheduling is not None:
            _place(kind, pod, found.scheduling)


def _place(kind: Kind, pod: core_v1.Pod, where: node_v1.Scheduling) -> None:
    """Keep the pod to the nodes of its class, and let it endure what they are tainted with."""
    spec = pod.spec
    assert spec is not None
    chosen = dict(spec.nodeSelector or {})
    for key, value in (where.nodeSelector or {}).items():
        own = chosen.setdefault(key, value)
        if own != value:
            why = (
                f"conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; "
                f"pod.spec.nodeSelector[{key}] = {own}"
            )
            raise refusals.forbidden(kind, objects.name_of(pod), why)
    spec.nodeSelector = chosen or None
    added = [each for each in where.tolerations or () if each not in (spec.tolerations or ())]
    if added:
        spec.tolerations = [*(spec.tolerations or ()), *objects.copy(added)]


def _same(one: dict[str, str], other: dict[str, str]) -> bool:
    return {name: quantity.parse(text) for name, text in one.items()} == {
        name: quantity.parse(text) for name, text in other.items()
    }


def _rejected(kind: Kind, pod: core_v1.Pod, why: str) -> Forbidden:
    return refusals.forbidden(kind, objects.name_of(pod), f"pod rejected: {why}")
