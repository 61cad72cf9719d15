"""Numbers that may be written as a share of another: `maxSurge: 25%` of the replicas."""

import re

_PERCENT = re.compile(r"[+-]?[0-9]+%")


def scaled(value: int | str | None, total: int, *, round_up: bool) -> int:
    """The number itself, or the percentage of `total`, rounded; what cannot be read counts as none."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value
    if not _PERCENT.fullmatch(value):
        return 0
    share = int(value.removesuffix("%")) * total
    return -(-share // 100) if round_up else share // 100
