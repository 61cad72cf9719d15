"""A plan while it is being made: it drops what is under way already and keeps the earliest time to look again."""

from datetime import datetime

from petset.node.pods.model import Action, Plan, Snapshot, Waiting


class Draft:
    """Collects the parts of one `Plan`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._actions: list[Action] = []
        self._waiting: list[Waiting] = []
        self._wake_at: datetime | None = None

    def do(self, action: Action) -> None:
        """Plan an action, unless one with its key is under way."""
        if action.key not in self.snapshot.busy:
            self._actions.append(action)

    def wait(self, container: str, reason: str, message: str) -> None:
        """Say why a container, or the whole pod (empty), does not go on."""
        self._waiting.append(Waiting(container, reason, message))

    def wake(self, at: datetime) -> None:
        """Look again at this time at the latest."""
        if self._wake_at is None or at < self._wake_at:
            self._wake_at = at

    def plan(self, *, finished: bool = False, deadline_exceeded: bool = False) -> Plan:
        """What was collected."""
        return Plan(tuple(self._actions), tuple(self._waiting), self._wake_at, finished, deadline_exceeded)
