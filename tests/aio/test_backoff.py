"""The pause after the nth failure, and the leave that all who failed share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.aio.backoff import Backoff, Bucket, Rate


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0.0), (1, 0.005), (2, 0.01), (3, 0.02), (18, 0.005 * 2**17), (19, 1000), (5000, 1000)],
)
def test_the_pause_doubles_up_to_its_bound(failures: int, seconds: float) -> None:
    assert Backoff(0.005, 2, 1000).delay(failures) == pytest.approx(seconds)


@given(
    st.floats(0.001, 10), st.floats(1, 10), st.floats(10, 10_000), st.integers(0, 10_000), st.integers(0, 10_000)
)
def test_more_failures_never_shorten_the_pause_and_never_pass_the_bound(
    first: float, factor: float, most: float, fewer: int, more: int
) -> None:
    backoff = Backoff(first, factor, most)
    fewer, more = sorted((fewer, more))
    assert 0 <= backoff.delay(fewer) <= backoff.delay(more) * 1.0000001
    assert backoff.delay(more) <= most * 1.0000001


def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    bucket = Bucket(Rate(per_second=10, burst=3))
    assert [bucket.reserve(7.0) for _ in range(6)] == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3])


def test_a_rest_fills_the_bucket_up_to_its_burst_and_no_further() -> None:
    bucket = Bucket(Rate(per_second=10, burst=3))
    for _ in range(5):
        bucket.reserve(0.0)
    assert bucket.reserve(0.25) == pytest.approx(0.05)  # two were owed, and two and a half have come in
    assert [bucket.reserve(1000.0) for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


@given(st.floats(0.1, 100), st.integers(1, 50), st.lists(st.floats(0, 3), max_size=200))
def test_in_no_stretch_of_time_more_is_given_out_than_the_rate_and_a_burst(
    per_second: float, burst: int, rests: list[float]
) -> None:
    bucket, now, given = Bucket(Rate(per_second, burst)), 0.0, []
    for rest in rests:
        now += rest
        given.append(now + bucket.reserve(now))
    assert given == sorted(given), "who came first goes first"
    for begun in range(len(given)):
        for ended in range(begun, len(given)):
            allowed = burst + per_second * (given[ended] - given[begun])
            assert ended - begun + 1 <= allowed + 1 + 1e-6
