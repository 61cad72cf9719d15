"""Sets of small numbers as the bits of one integer: unions, differences and counts of thousands at a time.

An integer is immutable, so whoever holds such a set holds it as it was. What is done to one costs a few words per
thousand numbers, which at the size of any StatefulSet is nothing beside one look at one pod.
"""

from collections.abc import Iterator


def lowest(bits: int) -> int | None:
    """The smallest number in the set, None in the empty one."""
    return (bits & -bits).bit_length() - 1 if bits else None


def highest(bits: int) -> int | None:
    """The largest number in the set, None in the empty one."""
    return bits.bit_length() - 1 if bits else None


def ascending(bits: int) -> Iterator[int]:
    """Every number, the smallest first."""
    while bits:
        bit = bits & -bits
        yield bit.bit_length() - 1
        bits ^= bit


def descending(bits: int) -> Iterator[int]:
    """Every number, the largest first."""
    while bits:
        number = bits.bit_length() - 1
        yield number
        bits ^= 1 << number


def span(start: int, stop: int) -> int:
    """The numbers from `start` up to and without `stop`."""
    return (1 << max(start, stop)) - (1 << start)
