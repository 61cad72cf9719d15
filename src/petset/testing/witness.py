"""Sees every write of a world in the order in which it was stored, and remembers what should never have been.

Nothing is lost on it and nothing merges: a state that lasted no longer than an instant is judged too. What it
judges holds whatever users do in the meantime (`petset.testing.promises`).
"""

import zlib
from collections import deque
from collections.abc import Sequence
from typing import Any

from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import Kind, by_model
from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, name_of, namespace_of
from petset.controllers.statefulset.identity import first_ordinal, ordinal_of, pod_name
from petset.ownership.health import is_running_and_ready
from petset.storage.port import Event
from petset.testing.picture import Picture
from petset.testing.plane import Plane
from petset.testing.promises import PROMISES
from petset.testing.promises.pods import containers_changed
from petset.testing.promises.scene import Scene
from petset.testing.runtime import SimulatedRuntime

_KINDS: dict[str, Kind] = {by_model(kind).store_key: by_model(kind) for kind in PROMISES}
MOST_RECENT = 40


class Witness:
    """`broken` has a sentence for each promise that was broken; `created` and `deleted` are pods, as they came and
    went.

    `hasty` are pods of OrderedReady sets that were created while one of a lower ordinal was missing or not Ready.
    That is as it should be only where users or containers took the lower one away in that very moment.

    `stale_seconds` is how late a controller's picture of the world may be; actions are judged by that. `digest`
    stands for everything that was ever written: two runs that end with the same one were the same. `recent` are the
    last changes, for a failure's story.
    """

    def __init__(
        self,
        plane: Plane,
        runtime: SimulatedRuntime | None = None,
        stale_seconds: float = 0.0,
        gates: Gates = DEFAULT,
    ) -> None:
        self.broken: list[str] = []
        self.created: list[str] = []
        self.deleted: list[str] = []
        self.hasty: list[str] = []
        self.events = 0
        self.checks = 0
        self.digest = 0
        self.recent: deque[str] = deque(maxlen=MOST_RECENT)
        self._decode = plane.registry.decode
        self._picture = Picture(plane.clock.monotonic, stale_seconds)
        self._runtime = runtime
        self._seen_of_runtime = 0
        self.scene = Scene(self._picture, plane.clock, runtime, gates)
        self.changed_at: dict[str, float] = {}
        plane.store.show(self._saw)

    def user_asks(self, uid: str, forced: bool) -> None:
        """The user tells this object to go: no controller is to blame for it."""
        self.scene.asked.add(uid)
        if forced:
            self.scene.forced.add(uid)

    def _saw(self, batch: Sequence[Event]) -> None:
        for event in batch:
            self.events += 1
            self.digest = zlib.crc32(event.record.value, self.digest)
            kind = _KINDS.get(event.record.key.resource)
            if kind is not None:
                self._judge(kind, event)
        self._look_at_containers()

    def _judge(self, kind: Kind, event: Event) -> None:
        key = event.record.key
        new = None if event.deleted else self._decode(kind, event.record)
        old = self._picture.take(kind.model, key, new)
        self.changed_at[kind.resource] = self.scene.clock.monotonic()
        self.recent.append(f"{self.scene.clock.monotonic():9.3f} {_summary(kind, key.name, old, new)}")
        for promise in PROMISES[kind.model]:
            self.checks += 1
            self.broken.extend(promise(self.scene, old, new))
        if kind.model is core_v1.Pod:
            self._note_pod(old, new)

    def _look_at_containers(self) -> None:
        """Containers start and end between writes; whatever did is judged with the next one."""
        if self._runtime is None or len(self._runtime.history) == self._seen_of_runtime:
            return
        self._seen_of_runtime = len(self._runtime.history)
        self.checks += 1
        self.broken.extend(containers_changed(self.scene))
        self.broken.extend(f"the runtime was asked for {what}" for what in self._runtime.violations)

    def _note_pod(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        if old is None and new is not None:
            self.created.append(name_of(new))
            if self._is_hasty(new):
                self.hasty.append(name_of(new))
        if old is not None and new is None:
            self.deleted.append(name_of(old))

    def _is_hasty(self, pod: core_v1.Pod) -> bool:
        owner = controller_of(pod)
        if owner is None:
            return False
        stateful_set = self._picture.get(apps_v1.StatefulSet, owner.name, namespace_of(pod))
        if stateful_set is None or stateful_set.spec.podManagementPolicy == "Parallel":
            return False
        ordinal = ordinal_of(name_of(stateful_set), name_of(pod)) or 0
        below = (pod_name(stateful_set, lower) for lower in range(first_ordinal(stateful_set), ordinal))
        return not all(self._is_ready(namespace_of(pod), name) for name in below)

    def _is_ready(self, namespace: str, name: str) -> bool:
        pod = self._picture.get(core_v1.Pod, name, namespace)
        return pod is not None and is_running_and_ready(pod) and not is_terminating(pod)


def _summary(kind: Kind, name: str, old: Any | None, new: Any | None) -> str:
    """One line of a failure's story."""
    verb = "deleted" if new is None else "created" if old is None else "changed"
    going = " (going)" if new is not None and is_terminating(new) else ""
    status = getattr(new, "status", None)
    phase = getattr(status, "phase", None) or ""
    ready = " ready" if isinstance(new, core_v1.Pod) and is_running_and_ready(new) else ""
    return f"{kind.resource}/{name} {verb}{going} {phase}{ready}".rstrip()
