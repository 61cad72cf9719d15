"""Ages as Kubernetes shows them: two units at most, the second only while it still matters."""

from datetime import datetime, timedelta

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago, or `<unknown>` where nobody knows."""
    return "<unknown>" if moment is None else human(now - moment)


def human(duration: timedelta) -> str:
    """`45s`, `3m20s`, `95m`, `7h5m`, `30h`, `5d12h`, `200d`, `3y20d`, `9y`."""
    total = duration.total_seconds()
    seconds = int(total)
    if seconds < -1:
        return "<invalid>"
    if total < 0:
        return "0s"
    if seconds < 2 * _MINUTE:
        return f"{seconds}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds, _MINUTE, "m", 1, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds, _HOUR, "h", _MINUTE, "m")
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    return _days(seconds)


def _days(seconds: int) -> str:
    if seconds < 8 * _DAY:
        return _two(seconds, _DAY, "d", _HOUR, "h")
    if seconds < 2 * _YEAR:
        return f"{seconds // _DAY}d"
    if seconds < 8 * _YEAR:
        return _two(seconds, _YEAR, "y", _DAY, "d")
    return f"{seconds // _YEAR}y"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    """`3m20s`, or `3m` where the smaller unit is nought."""
    rest = seconds % large // small
    text = f"{seconds // large}{large_name}"
    return f"{text}{rest}{small_name}" if rest else text
