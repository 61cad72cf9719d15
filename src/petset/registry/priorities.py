"""Which priority a pod has: that of the class it names, or of the class that is for all others.

Two classes are the system's own. They are there from the start, and count whether or not somebody has deleted them.
"""

import contextlib

from petset.api import objects
from petset.api.errors import AlreadyExists
from petset.api.kinds import Kind, by_model
from petset.api.models import core_v1, meta_v1, scheduling_v1
from petset.api.priorities import SYSTEM
from petset.registry import refusals
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.registry.port import Registry, WriteOptions
from petset.storage.port import Store

CLASSES = by_model(scheduling_v1.PriorityClass)
PREEMPTING = "PreemptLowerPriority"


class Priorities:
    """The priority classes as they are now."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._classes = Kept(store, decoder, scheduling_v1.PriorityClass)

    def give(self, kind: Kind, pod: core_v1.Pod) -> None:
        """Set the pod's number and what it may push out. Raises Forbidden for what the pod may not say itself."""
        spec = pod.spec
        assert spec is not None
        found = self._class_of(kind, pod)
        number = (found.value if found else None) or 0
        policy = (found.preemptionPolicy if found else None) or PREEMPTING
        if spec.priority not in (None, number):
            raise _said_itself(kind, pod, f"the integer value of priority ({spec.priority})", str(number))
        if spec.preemptionPolicy not in (None, policy):
            raise _said_itself(kind, pod, f"the string value of PreemptionPolicy ({spec.preemptionPolicy})", policy)
        spec.priority, spec.preemptionPolicy = number, policy
        spec.priorityClassName = objects.name_of(found) if found else None

    def check_default(self, kind: Kind, new: scheduling_v1.PriorityClass) -> None:
        """Raises Forbidden for a second class that is for all others."""
        default = self._default() if new.globalDefault else None
        if default is not None and objects.name_of(default) != objects.name_of(new):
            name = objects.name_of(default)
            why = f"PriorityClass {name} is already marked as default. Only one default can exist"
            raise refusals.forbidden(kind, objects.name_of(new), why)

    def _class_of(self, kind: Kind, pod: core_v1.Pod) -> scheduling_v1.PriorityClass | None:
        name = pod.spec.priorityClassName if pod.spec else None
        if not name:
            return self._default()
        found = self._classes.now().get("", {}).get(name)
        if found is None and name in SYSTEM:
            return system_class(name)
        if found is None:
            raise refusals.forbidden(kind, objects.name_of(pod), f"no PriorityClass with name {name} was found")
        return found

    def _default(self) -> scheduling_v1.PriorityClass | None:
        """Of several, which only older data can hold, the least."""
        defaults = [c for c in self._classes.now().get("", {}).values() if c.globalDefault]
        return min(defaults, key=lambda c: c.value or 0, default=None)


async def ensure_classes(registry: Registry) -> None:
    """Make the system's classes where they are missing."""
    for name in SYSTEM:
        with contextlib.suppress(AlreadyExists):
            await registry.create(CLASSES, "", system_class(name), WriteOptions(admitted=True))


def system_class(name: str) -> scheduling_v1.PriorityClass:
    """One of the system's classes, as it is made."""
    number, description = SYSTEM[name]
    return scheduling_v1.PriorityClass(
        metadata=meta_v1.ObjectMeta(name=name), value=number, description=description, preemptionPolicy=PREEMPTING
    )


def _said_itself(kind: Kind, pod: core_v1.Pod, what: str, computed: str) -> Exception:
    why = (
        f"{what} must not be provided in pod spec; "
        f"priority admission controller computed {computed} from the given PriorityClass name"
    )
    return refusals.forbidden(kind, objects.name_of(pod), why)
