"""An event for the waits that Kubernetes is silent about, which a user can wait out for ever (section M).

A name that another pod has (rule 61), a claim of a former pod (rule 33), replicas on their way out that hold each
other up (rule 49): each is told once when it begins, and again if it begins anew.
"""

from collections.abc import Hashable, Sequence

from petset.api.models import apps_v1
from petset.client.events import EventRecorder
from petset.controllers.statefulset.model import Waiting

REASON = "Blocked"
SILENT_RULES = frozenset({33, 49, 61})


class Notices:
    """Tells of silent waits, and remembers for each set which were told."""

    def __init__(self, events: EventRecorder) -> None:
        self._events = events
        self._told: dict[Hashable, frozenset[Hashable]] = {}

    def tell(self, key: Hashable, owner: apps_v1.StatefulSet, waits: Sequence[Waiting]) -> None:
        """Tell of those that are new since the last time."""
        silent = {(w.rule, w.subject, w.blocker): w for w in waits if w.rule in SILENT_RULES and not w.passes}
        before = self._told.get(key, frozenset())
        for what, wait in silent.items():
            if what not in before:
                self._events.event(owner, "Warning", REASON, str(wait))
        if silent:
            self._told[key] = frozenset(silent)
        else:
            self.forget(key)

    def forget(self, key: Hashable) -> None:
        """The set is gone, or waits for nothing of the kind any more."""
        self._told.pop(key, None)
