"""Events for the waits that Kubernetes is silent about, so that `kubectl describe` says why a set does no more.

What a user can wait out for ever is told at once (section M): a name that another pod has (rule 61), a claim of a
former pod (rule 33), replicas on their way out that hold each other up (rule 49). Any other wait that does not pass
by itself is told when it has lasted: half a minute in which a pod is not Ready is no ordinary start. Each is told
once when it begins, and again if it begins anew. What the API refuses has events of its own.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from petset.api.models import apps_v1
from petset.client.events import EventRecorder
from petset.controllers.statefulset.model import Waiting

BLOCKED, LASTING = "Blocked", "Waiting"
SILENT_RULES = frozenset({33, 49, 61})
TOLD_ANYWAY = frozenset({18, 45})
PATIENCE_SECONDS = 30.0


class _Known(NamedTuple):
    """A wait that goes on: since when, and whether it was told."""

    since: float
    told: bool = False


class Notices:
    """Tells of waits, and remembers for each set which there are."""

    def __init__(self, events: EventRecorder) -> None:
        self._events = events
        self._known: dict[Hashable, dict[Hashable, _Known]] = {}

    def tell(self, key: Hashable, owner: apps_v1.StatefulSet, waits: Sequence[Waiting], now: float) -> float | None:
        """Tell of what is due at `now` (monotonic); the seconds until more of it may be, None for never."""
        before, known = self._known.get(key, {}), dict[Hashable, _Known]()
        for wait in waits:
            if wait.passes or wait.rule in TOLD_ANYWAY:
                continue
            what = (wait.rule, wait.subject, wait.blocker)
            known[what] = before.get(what) or _Known(now)
            if not known[what].told and _left(wait, known[what], now) <= 0:
                known[what] = known[what]._replace(told=True)
                reason = BLOCKED if wait.rule in SILENT_RULES else LASTING
                self._events.event(owner, "Warning", reason, str(wait))
        if not known:
            self.forget(key)
            return None
        self._known[key] = known
        return min((one.since + PATIENCE_SECONDS - now for one in known.values() if not one.told), default=None)

    def forget(self, key: Hashable) -> None:
        """The set is gone, or waits for nothing of the kind any more."""
        self._known.pop(key, None)


def _left(wait: Waiting, known: _Known, now: float) -> float:
    return 0.0 if wait.rule in SILENT_RULES else known.since + PATIENCE_SECONDS - now
