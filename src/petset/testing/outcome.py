"""What came of a seed, and of many."""

from dataclasses import dataclass, field

from petset.testing.world import World

REPLAY = "python -m petset.testing.campaign --seed"


@dataclass
class Outcome:
    """`failures` are empty where every promise held. `story` and `recent` tell how it came to that."""

    seed: int
    edition: int
    failures: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    recent: list[str] = field(default_factory=list)
    events: int = 0
    checks: int = 0
    seconds: float = 0.0
    digest: int = 0

    def count(self, world: World) -> None:
        """How much happened in the world up to now."""
        witness = world.witness
        self.events, self.checks, self.digest = witness.events, witness.checks, witness.digest
        self.seconds = world.plane.clock.monotonic()
        self.recent = list(witness.recent) if self.failures else []

    def in_short(self) -> str:
        return f"seed {self.seed}: {'; '.join(self.failures[:3])} ({REPLAY} {self.seed} --edition {self.edition})"

    def told(self) -> str:
        """The whole story, for a person who looks for the cause."""
        last = ["the last changes:", *self.recent] if self.recent else []
        end = self.failures or ["every promise was kept"]
        return "\n".join([*self.story, *last, *end, f"digest {self.digest:08x}", ""])


@dataclass
class Total:
    """Sums over a campaign."""

    seeds: int = 0
    seconds: float = 0.0
    events: int = 0
    checks: int = 0
    failed: list[int] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.seconds += outcome.seconds
        self.events += outcome.events
        self.checks += outcome.checks
        if outcome.failures:
            self.failed.append(outcome.seed)

    def __str__(self) -> str:
        hours = self.seconds / 3600
        return (
            f"{self.seeds:,} seeds, {hours:,.0f} simulated hours, {self.events:,} events, "
            f"{self.checks:,} checks, {len(self.failed)} failed"
        )
