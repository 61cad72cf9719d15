"""What one stage of a plan decides: its actions, whom it leaves waiting, and whether the next stage may start."""

from dataclasses import dataclass, field

from petset.controllers.statefulset.model import Action, Stage, Waiting


@dataclass
class Step:
    """A stage in the making. `blocked` keeps the later stages from starting in this plan."""

    name: str
    concurrent: bool = False
    strands: list[tuple[Action, ...]] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    blocked: bool = False

    def add(self, *actions: Action) -> None:
        """One more strand: actions that follow each other; an empty one is none."""
        if actions:
            self.strands.append(actions)

    def block(self, waiting: Waiting | None = None) -> None:
        """End the plan after this stage, telling why where somebody waits."""
        self.blocked = True
        if waiting is not None:
            self.waiting.append(waiting)

    def stage(self) -> Stage:
        return Stage(self.name, tuple(self.strands), self.concurrent)
