"""Quantities are exact and print as Kubernetes prints them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.api import quantity

CANONICAL = [
    ("0", "0"), ("1", "1"), ("0.5", "500m"), ("1000m", "1"), ("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"),
    ("0.5Ki", "512"), ("1000", "1k"), ("1500", "1500"), ("1e3", "1e3"), ("1E3", "1e3"), ("1E", "1E"),
    ("100000000n", "100m"), ("-0.5", "-500m"), (".5", "500m"), ("5.", "5"), ("+3", "3"), ("1.0", "1"),
    ("0.1n", "1n"), ("9999E", "9223372036854775807"), ("1.0001Ki", "1024102400u"), ("2048Ki", "2Mi"),
    ("1025", "1025"), ("1500Mi", "1500Mi"), ("0Gi", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CANONICAL)
def test_the_canonical_form_is_kubernetes_own(text: str, expected: str) -> None:
    assert quantity.canonical(text) == expected


@pytest.mark.parametrize("text", ["", "x", "1x", "--1", "1.1.1", "1 Gi", "Gi", "1ki", "one", "1e", "."])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quantit"):
        quantity.parse(text)


def test_amounts_compare_whatever_their_suffix() -> None:
    assert quantity.parse("1Ki") == quantity.parse("1024")
    assert quantity.parse("999m") < quantity.parse("1") < quantity.parse("1001m")


def test_whole_numbers_and_thousandths_are_rounded_up() -> None:
    assert quantity.to_bytes("1.1") == 2
    assert quantity.to_millis("0.0001") == 1
    assert quantity.canonical_resource("0.0001") == "1m"


suffixes = st.sampled_from(["", "n", "u", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "E-2"])
texts = st.builds(lambda n, s: f"{n}{s}", st.decimals(-10_000, 10_000, places=4).map(lambda d: f"{d:f}"), suffixes)


@given(texts)
def test_the_canonical_form_means_the_same_and_is_stable(text: str) -> None:
    once = quantity.canonical(text)
    assert quantity.parse(once) == quantity.parse(text)
    assert quantity.canonical(once) == once


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_sums_are_exact(left: int, right: int) -> None:
    total = quantity.of_millis(left) + quantity.of_millis(right)
    assert Fraction(total.nanos, 10**6) == left + right
