"""Quantities: `500m` of a core, `1Gi` of memory, exact and in the form in which Kubernetes prints them.

A quantity is kept as a whole number of billionths and the family of its suffix. The canonical form has no
fraction, loses nothing, and uses the largest suffix that allows both: `0.5` is `500m`, `1024Mi` is `1Gi`.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

_NANOS = 10**9
_LARGEST = (2**63 - 1) * _NANOS
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(.*)", re.DOTALL)
_EXPONENT = re.compile(r"[eE][+-]?[0-9]{1,4}")

PATTERN = "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
MALFORMED = f"quantities must match the regular expression {PATTERN}"
"""What Kubernetes answers to text that is no quantity."""


@dataclass(frozen=True, order=True)
class Quantity:
    """An exact amount, in billionths. Quantities compare by amount, whatever their suffix."""

    nanos: int
    format: Format = field(default="DecimalSI", compare=False)

    def __str__(self) -> str:
        """The canonical form."""
        if self.format == "BinarySI" and abs(self.nanos) >= 1024 * _NANOS and self.nanos % _NANOS == 0:
            return _binary_form(self.nanos // _NANOS)
        return _decimal_form(self.nanos, exponent_form=self.format == "DecimalExponent")

    @property
    def whole(self) -> int:
        """In units (bytes, cores), rounded up."""
        return -(-self.nanos // _NANOS)

    @property
    def millis(self) -> int:
        """In thousandths (millicores), rounded up."""
        return -(-self.nanos // 10**6)

    def __add__(self, other: "Quantity") -> "Quantity":
        """The sum, in the family of the first that is not zero."""
        return Quantity(self.nanos + other.nanos, self.format if self.nanos else other.format)

    def __sub__(self, other: "Quantity") -> "Quantity":
        return Quantity(self.nanos - other.nanos, self.format if self.nanos else other.format)


def of_bytes(size_bytes: int) -> Quantity:
    """A number of bytes, printed with Ki, Mi, Gi …"""
    return Quantity(size_bytes * _NANOS, "BinarySI")


def of_millis(millis: int) -> Quantity:
    """A number of thousandths, as of a core."""
    return Quantity(millis * 10**6)


@lru_cache(maxsize=4096)
def parse(text: str) -> Quantity:
    """Reads a quantity. Raises ValueError with Kubernetes' own words."""
    match = _NUMBER.fullmatch(text)
    assert match is not None, "the pattern matches any text"
    sign, whole, fraction, suffix = match.groups()
    if not whole and not fraction:
        raise ValueError(MALFORMED)
    twos, tens, form = _suffix(suffix)
    digits, scale = int(whole + (fraction or "")), tens - len(fraction or "") + 9
    scaled = digits << twos
    # Finer than a billionth is rounded up, away from zero; larger than 2^63-1 becomes just that.
    nanos = scaled * 10**scale if scale >= 0 else -(-scaled // 10**-scale)
    nanos = min(nanos, _LARGEST)
    return Quantity(-nanos if sign == "-" else nanos, form)


def _suffix(suffix: str) -> tuple[int, int, Format]:
    """The suffix as powers of two and of ten, and its family."""
    if suffix in _DECIMAL:
        return 0, _DECIMAL[suffix], "DecimalSI"
    if suffix in _BINARY:
        return _BINARY[suffix], 0, "BinarySI"
    if _EXPONENT.fullmatch(suffix):
        return 0, int(suffix[1:]), "DecimalExponent"
    known_letters = re.fullmatch(r"[eEinumkKMGTP]*[-+]?[0-9]*", suffix)
    raise ValueError("unable to parse quantity's suffix" if known_letters else MALFORMED)


def _binary_form(amount: int) -> str:
    power = 0
    while amount % 1024 == 0 and amount and power < 6:
        amount //= 1024
        power += 1
    return f"{amount}{('', *_BINARY)[power]}"


def _decimal_form(nanos: int, *, exponent_form: bool) -> str:
    if nanos == 0:
        return "0"
    exponent = -9
    while nanos % 1000 == 0 and (exponent_form or exponent < 18):
        nanos //= 1000
        exponent += 3
    if exponent_form:
        return f"{nanos}e{exponent}" if exponent else str(nanos)
    return f"{nanos}{_DECIMAL_SUFFIX[exponent]}"


@lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """The form in which Kubernetes prints it. Raises ValueError."""
    return str(parse(text))


@lru_cache(maxsize=4096)
def canonical_resource(text: str) -> str:
    """The canonical form of an amount in a resource list, where the finest grain is a thousandth."""
    amount = parse(text)
    if amount.nanos % 10**6 == 0:
        return str(amount)
    away = -(-abs(amount.nanos) // 10**6) * 10**6
    return str(Quantity(away if amount.nanos > 0 else -away, amount.format))


def to_bytes(text: str) -> int:
    """`1Ki` → 1024, rounded up to a whole number. Raises ValueError."""
    return parse(text).whole


def to_millis(text: str) -> int:
    """`0.5` → 500, rounded up to a whole number. Raises ValueError."""
    return parse(text).millis
