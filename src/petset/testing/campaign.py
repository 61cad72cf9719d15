"""Many seeds, each a world of its own: `python -m petset.testing.campaign --seeds 100000 --jobs 2`.

It tells of failures and of how much was played. `--tally` adds up several runs; `--seed N` tells the story of one.
"""

import argparse
import gc
import multiprocessing
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from petset.testing.manifests import EDITION
from petset.testing.outcome import Outcome, Total
from petset.testing.story import play
from petset.testing.tally import BATCH, Tally

COLLECT_EVERY = 20


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
