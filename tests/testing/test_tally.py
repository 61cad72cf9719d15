"""What a campaign of many runs adds up to."""

from pathlib import Path

from petset.testing.outcome import Outcome, Total
from petset.testing.tally import Tally


def batch(*outcomes: Outcome) -> Total:
    total = Total()
    for outcome in outcomes:
        total.add(outcome)
    return total


def test_batches_are_summed_and_the_next_run_goes_on_after_them(tmp_path: Path) -> None:
    tally = Tally(tmp_path / "tally")
    assert (tally.next_seed(500), str(tally.total())) == (
        500, "0 seeds, 0 simulated hours, 0 events, 0 checks, 0 failed",
    )  # fmt: skip
    well = Outcome(500, 2, events=3, checks=2, seconds=7200)
    ill = Outcome(501, 2, failures=["it broke"], events=4, checks=1)
    tally.add(500, "abc1234", batch(well, ill))
    tally.add(502, "def5678", batch(Outcome(502, 2, events=5)))
    again = Tally(tmp_path / "tally")
    assert (again.next_seed(0), again.total().failed) == (503, [501])
    assert str(again.total()) == "3 seeds, 2 simulated hours, 12 events, 3 checks, 1 failed"
