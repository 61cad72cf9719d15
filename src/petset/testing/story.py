"""One seed from its beginning to its end.

A seed draws the sets, what a user does to them, what goes wrong meanwhile and the order in which everything runs;
it replays to the last byte. Promises are judged at every write (`petset.testing.promises`); at the end the faults
stop and the world must come to rest where its specs want it.
"""

import logging
from collections.abc import Iterator
from random import Random  # noqa: TID251 - the seed is the caller's

from petset.api.errors import ApiError
from petset.api.models import apps_v1
from petset.api.objects import is_terminating, name_of, namespace_of
from petset.controllers.statefulset.apply import ClaimInTheWay, Irreparable, NameTaken
from petset.node.runtime import RuntimeFailure
from petset.testing.ending import calm, clear_up
from petset.testing.loop import Deadlock, Livelock, run
from petset.testing.manifests import EDITION, random_gates
from petset.testing.mishaps import Fate, forget_refusals
from petset.testing.operations import User
from petset.testing.outcome import Outcome
from petset.testing.unfinished import unfinished, unfinished_set
from petset.testing.world import World

STEPS = 30
PAUSES_SECONDS = (0, 0, 0.02, 0.3, 1.5, 10, 45)
MOST_SECONDS_TO_REST = 2400
REST_SECONDS = 60
QUIET_SECONDS = 30
EXPECTED = (ApiError, RuntimeFailure, ClaimInTheWay, Irreparable, NameTaken, OSError)
WATCHED = ("statefulsets", "pods", "persistentvolumeclaims", "persistentvolumes", "controllerrevisions")


def play(seed: int, edition: int = EDITION) -> Outcome:
    """Run one seed to its end. A seed that once failed is played in the edition in which it did."""
    outcome = Outcome(seed, edition)
    with _Ears(outcome):
        try:
            run(_story(outcome), seed=seed)
        except (AssertionError, Deadlock, Livelock) as error:
            outcome.failures.append(str(error))
    return outcome


async def _story(outcome: Outcome) -> None:
    source = Random(f"story {outcome.seed}")  # noqa: S311 - a story, no secret
    lag_seconds = source.choice([0, 0, 0.05, 1.0])
    names = source.choice([("web",), ("web", "db")])
    nodes, gates = source.randint(1, 3), random_gates(source, outcome.edition)
    async with World(outcome.seed, nodes=nodes, lag_seconds=lag_seconds, gates=gates) as world:
        forget_refusals(world)
        user, fate = User(world, source, names, outcome.edition), Fate(world, source, outcome.edition)
        try:
            for _ in range(STEPS):
                told = await (user.act() if source.random() < 0.6 else fate.strike())
                outcome.story.append(f"{world.plane.clock.monotonic():9.3f} {told}")
                await world.plane.clock.sleep(source.choice(PAUSES_SECONDS))
                _check(world, outcome)
                if outcome.failures:
                    return
            await _end(world, outcome)
        finally:
            outcome.count(world)


def _check(world: World, outcome: Outcome) -> None:
    """Between two steps: nobody broke a promise, died by himself, or waits without saying why."""
    outcome.failures.extend(world.witness.broken)
    outcome.failures.extend(f"{name} ended by itself" for name in world.failed())
    outcome.failures.extend(_silent(world))
    if world.manager.stateful_sets.ledger_corrections:
        outcome.failures.append("what the controller keeps of a set's pods was wrong")


def _silent(world: World) -> Iterator[str]:
    """Sets that are not at their spec while nothing moves and nobody says why."""
    if not (world.is_quiet(WATCHED, QUIET_SECONDS) and world.has_run(QUIET_SECONDS)):
        return
    for stateful_set in world.every(apps_v1.StatefulSet):
        if is_terminating(stateful_set):
            continue  # the garbage collector's, not the planner's
        waiting = world.manager.stateful_sets.waiting(namespace_of(stateful_set), name_of(stateful_set))
        if not waiting:
            for sentence in unfinished_set(world, stateful_set):
                yield f"nothing moves, nobody says why, and {sentence}"


async def _end(world: World, outcome: Outcome) -> None:
    """Faults stop; the world comes to rest, and then it rests."""
    clock = world.plane.clock
    outcome.story.append(f"{clock.monotonic():9.3f} everything is well again")
    calm(world)
    deadline = clock.monotonic() + MOST_SECONDS_TO_REST
    while not outcome.failures:
        await clear_up(world)
        await clock.sleep(5)
        _check(world, outcome)
        left = list(unfinished(world))
        if not left:
            break
        if clock.monotonic() > deadline:
            outcome.failures.extend(left)
    if outcome.failures:
        return
    outcome.story.append(f"{clock.monotonic():9.3f} at rest")
    await clock.sleep(REST_SECONDS)
    _check(world, outcome)
    if not world.is_quiet(WATCHED, REST_SECONDS - 5):
        outcome.failures.append("everything is where it should be, and still somebody writes")


class _Ears(logging.Handler):
    """Hears of exceptions that a component caught, told in the log, and should never have had."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(logging.WARNING)
        self._outcome = outcome
        self._logger = logging.getLogger("petset")

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, EXPECTED):
            self._outcome.failures.append(f"{record.getMessage()}: {error!r}")

    def __enter__(self) -> None:
        self._before = self._logger.propagate, logging.getLogger("asyncio").disabled
        self._logger.propagate = False
        self._logger.addHandler(self)

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._before[0]
