"""The whole control plane under random users and mishaps: every promise is kept, for every seed.

`python -m petset.testing.campaign --seeds 100000 --jobs 2` runs many more (docs/simulation.md).
"""

import subprocess
import sys
from pathlib import Path

import pytest

from petset.testing.story import play

LINES = (Path(__file__).parent / "seeds.txt").read_text().splitlines()
KEPT = [tuple(map(int, line.split()[:2])) for line in LINES if line[:1].isdigit()]
BATCHES = 8
SEEDS = 200


@pytest.mark.parametrize(("seed", "edition"), KEPT)
def test_a_seed_that_once_failed_keeps_every_promise(seed: int, edition: int) -> None:
    outcome = play(seed, edition)
    assert not outcome.failures, outcome.told()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_every_promise_is_kept_whatever_users_do_and_whatever_goes_wrong(batch: int) -> None:
    for seed in range(batch, SEEDS, BATCHES):
        outcome = play(seed)
        assert not outcome.failures, outcome.told()


def test_a_seed_replays_to_the_last_byte_in_any_process() -> None:
    """Neither what ran before it nor the order in which this process keeps its sets makes a difference."""
    command = [sys.executable, "-m", "petset.testing.campaign", "--seed", "3"]
    digests = set()
    for hash_seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
        told = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        digests.add(told.splitlines()[-1])
    assert digests == {f"digest {play(3).digest:08x}"}
