"""Many seeds, each a world of its own: `python -m petset.testing.campaign --seeds 100000 --jobs 2`.

A seed draws the sets, what a user does to them, what goes wrong meanwhile and the order in which everything runs;
it replays to the last byte. Promises are judged at every write (`petset.testing.promises`); at the end the faults
stop and the world must come to rest where its specs want it. `--seed N` tells the story of one.
"""

import argparse
import logging
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence
from random import Random  # noqa: TID251 - the seed is the caller's

from petset.api.errors import ApiError
from petset.api.models import apps_v1
from petset.api.objects import is_terminating, name_of, namespace_of
from petset.controllers.statefulset.apply import ClaimInTheWay, Irreparable, NameTaken
from petset.node.runtime import RuntimeFailure
from petset.testing.ending import calm, clear_up
from petset.testing.loop import Deadlock, Livelock, run
from petset.testing.mishaps import Fate, forget_refusals
from petset.testing.operations import User
from petset.testing.outcome import Outcome, Total
from petset.testing.unfinished import unfinished, unfinished_set
from petset.testing.world import World

STEPS = 30
PAUSES_SECONDS = (0, 0, 0.02, 0.3, 1.5, 10, 45)
MOST_SECONDS_TO_REST = 2400
REST_SECONDS = 60
QUIET_SECONDS = 30
EXPECTED = (ApiError, RuntimeFailure, ClaimInTheWay, Irreparable, NameTaken, OSError)
WATCHED = ("statefulsets", "pods", "persistentvolumeclaims", "persistentvolumes", "controllerrevisions")


def play(seed: int, steps: int = STEPS) -> Outcome:
    """Run one seed to its end."""
    outcome = Outcome(seed)
    with _Ears(outcome):
        try:
            run(_story(outcome, steps), seed=seed)
        except (AssertionError, Deadlock, Livelock) as error:
            outcome.failures.append(str(error))
    return outcome


async def _story(outcome: Outcome, steps: int) -> None:
    source = Random(f"story {outcome.seed}")  # noqa: S311 - a story, no secret
    lag_seconds = source.choice([0, 0, 0.05, 1.0])
    names = source.choice([("web",), ("web", "db")])
    async with World(outcome.seed, nodes=source.randint(1, 3), lag_seconds=lag_seconds) as world:
        forget_refusals(world)
        user, fate = User(world, source, names), Fate(world, source)
        try:
            for _ in range(steps):
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


def campaign(seeds: Iterable[int], jobs: int) -> Iterator[Outcome]:
    """The outcome of every seed, in no particular order, over so many processes."""
    if jobs <= 1:
        yield from map(play, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(play, seeds, chunksize=20)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the seeds asked for, tell of failures and of how much was run. Returns 1 where a seed failed."""
    parser = argparse.ArgumentParser(prog="python -m petset.testing.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes to use")
    parser.add_argument("--seed", type=int, help="run this one seed and tell its story")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        outcome = play(options.seed)
        sys.stdout.write(outcome.told())
        return int(bool(outcome.failures))
    total = Total()
    for outcome in campaign(range(options.first, options.first + options.seeds), options.jobs):
        total.add(outcome)
        if outcome.failures:
            sys.stdout.write(outcome.in_short() + "\n")
            sys.stdout.flush()
    sys.stdout.write(str(total) + "\n")
    return int(bool(total.failed))


if __name__ == "__main__":
    sys.exit(main())
