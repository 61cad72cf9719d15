"""The pause after the nth failure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.aio.backoff import Backoff


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
