"""A plan while it is being made: it drops what is under way already and keeps the earliest time to look again."""

from datetime import datetime

from petset.node.pods.model import Action, Plan, Snapshot, Strand, Waiting


class Draft:
    """Collects the parts of one `Plan`."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._strands: list[Strand] = []
        self._waiting: list[Waiting] = []
        self._wake_at: datetime | None = None

    def do(self, *actions: Action) -> None:
        """Plan a strand of actions, as far as none of them is under way already."""
        busy = self.snapshot.busy
        if busy:
            under_way = [n for n, action in enumerate(actions) if action.key in busy]
            actions = actions[: min(under_way, default=len(actions))]
        if actions:
            self._strands.append(actions)

    def wait(self, container: str, reason: str, message: str) -> None:
        """Say why a container, or the whole pod (empty), does not go on."""
        self._waiting.append(Waiting(container, reason, message))

    def wake(self, at: datetime) -> None:
        """Look again at this time at the latest."""
        if self._wake_at is None or at < self._wake_at:
            self._wake_at = at

    def plan(self, *, finished: bool = False, deadline_exceeded: bool = False) -> Plan:
        """What was collected."""
        return Plan(tuple(self._strands), tuple(self._waiting), self._wake_at, finished, deadline_exceeded)
