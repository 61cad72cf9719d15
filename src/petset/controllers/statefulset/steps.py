"""What one stage of a plan decides: its actions, whom it leaves waiting, and whether the next stage may start."""

from dataclasses import dataclass, field

from petset.controllers.statefulset.model import Action, Stage, Waiting


@dataclass
class Step:
    """A stage in the making. An `ordered` one takes strand after strand, and an obstacle keeps later stages out."""

    name: str
    ordered: bool
    strands: list[tuple[Action, ...]] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    blocked: bool = False
    wake_after_seconds: float | None = None

    def add(self, *actions: Action) -> None:
        """One more strand: actions that follow each other; an empty one is none."""
        if actions:
            self.strands.append(actions)

    def block(self, waiting: Waiting | None = None) -> None:
        """Tell who waits, if anybody; where there is an order, the plan ends with this stage."""
        self.blocked = self.ordered
        if waiting is not None:
            self.waiting.append(waiting)

    def stage(self) -> Stage:
        return Stage(self.name, tuple(self.strands), concurrent=not self.ordered)
