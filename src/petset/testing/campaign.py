"""Many seeds, each a world of its own: `python -m petset.testing.campaign --seeds 100000 --jobs 2`.

A seed draws the sets, what a user does to them, what goes wrong meanwhile and the order in which everything runs;
it replays to the last byte. Promises are judged at every write (`petset.testing.promises`); at the end the faults
stop and the world must come to rest where its specs want it. `--seed N` tells the story of one.
"""

import argparse
import gc
import logging
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
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
from petset.testing.outcome import Outcome, Total
from petset.testing.tally import BATCH, Tally
from petset.testing.unfinished import unfinished, unfinished_set
from petset.testing.world import World

STEPS = 30
PAUSES_SECONDS = (0, 0, 0.02, 0.3, 1.5, 10, 45)
MOST_SECONDS_TO_REST = 2400
REST_SECONDS = 60
QUIET_SECONDS = 30
COLLECT_EVERY = 20
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


def campaign(seeds: Iterable[int], jobs: int) -> Iterator[Outcome]:
    """The outcome of every seed, in no particular order, over so many processes."""
    if jobs <= 1:
        yield from map(_play_and_collect, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, _collect_seldom) as pool:
        yield from pool.imap_unordered(_play_and_collect, seeds, chunksize=20)


def _collect_seldom() -> None:
    """A world's objects live and die with it: while it runs there is little garbage to look for."""
    gc.collect()
    gc.freeze()
    gc.disable()


def _play_and_collect(seed: int) -> Outcome:
    outcome = play(seed)
    if seed % COLLECT_EVERY == 0:
        gc.collect()
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the seeds asked for, tell of failures and of how much was run. Returns 1 where a seed failed."""
    parser = argparse.ArgumentParser(prog="python -m petset.testing.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many processes to use")
    parser.add_argument("--tally", type=Path, help="go on after the seeds in this file, and add these to it")
    parser.add_argument("--code", default="", help="the state of the code, for the tally")
    parser.add_argument("--seed", type=int, help="run this one seed and tell its story")
    parser.add_argument("--edition", type=int, default=EDITION, help="which edition of that story")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        outcome = play(options.seed, options.edition)
        sys.stdout.write(outcome.told())
        return int(bool(outcome.failures))
    total = _play_all(options)
    sys.stdout.write(f"{total}\n")
    return int(bool(total.failed))


def _play_all(options: argparse.Namespace) -> Total:
    """What came of all seeds that were asked for; with a tally, of all seeds in it."""
    if options.tally is None:
        return _play_batch(range(options.first, options.first + options.seeds), options.jobs)
    tally = Tally(options.tally)
    first = tally.next_seed(options.first)
    for start in range(first, first + options.seeds, BATCH):
        batch = range(start, min(start + BATCH, first + options.seeds))
        tally.add(start, options.code, _play_batch(batch, options.jobs))
    return tally.total()


def _play_batch(seeds: Iterable[int], jobs: int) -> Total:
    total = Total()
    for outcome in campaign(seeds, jobs):
        total.add(outcome)
        if outcome.failures:
            sys.stdout.write(outcome.in_short() + "\n")
            sys.stdout.flush()
    return total


if __name__ == "__main__":
    _collect_seldom()
    sys.exit(main())
