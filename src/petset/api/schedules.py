"""When a CronJob is due: five cron fields, a word such as `@daily`, or `@every 1h30m`, in some time zone.

The library that reads the fields is imported with the first schedule: most clusters have none.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class Schedule:
    """The moments of a schedule. Raises ValueError for text that is none."""

    def __init__(self, text: str, zone: str = "") -> None:
        self._zone = zone_of(zone)
        self._every = _interval(text)
        self._fields = "" if self._every else _fields(text)

    def next_after(self, moment: datetime) -> datetime | None:
        """The first moment after this one; None where there is none in the next fifty years."""
        if self._every:
            return moment.replace(microsecond=0) + self._every
        return self._step(moment, reverse=False)

    def latest(self, since: datetime, now: datetime) -> datetime | None:
        """The last moment after `since` and not after `now`."""
        if self._every:
            passed = (now - since) // self._every
            return since + passed * self._every if passed > 0 else None
        moment = self._step(now.replace(microsecond=0) + timedelta(seconds=1), reverse=True)
        return moment if moment is not None and moment > since else None

    def local(self, moment: datetime) -> datetime:
        """The moment in the schedule's own zone."""
        return moment.astimezone(self._zone)

    def _step(self, moment: datetime, *, reverse: bool) -> datetime | None:
        from cronsim import CronSim

        found = next(CronSim(self._fields, moment.astimezone(self._zone), reverse=reverse), None)
        return None if found is None else found.astimezone(UTC)


def zone_of(name: str) -> tzinfo:
    """The time zone of this name, UTC for none. Raises ValueError."""
    if not name:
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name}") from error


def _interval(text: str) -> timedelta | None:
    """What follows `@every`, at least a second."""
    if not text.startswith("@every "):
        return None
    length = text.removeprefix("@every ").strip()
    if not _PART.match(length) or _PART.sub("", length):
        raise ValueError(f'failed to parse duration {text}: time: invalid duration "{length}"')
    seconds = sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(length))
    return timedelta(seconds=max(1, int(seconds)))


def _fields(text: str) -> str:
    """The five fields, checked."""
    from cronsim import CronSim, CronSimError

    if text.startswith("@"):
        if text not in _WORDS:
            raise ValueError(f"unrecognized descriptor: {text}")
        return _WORDS[text]
    parts = text.split()
    if len(parts) != 5:
        raise ValueError(f"expected exactly 5 fields, found {len(parts)}: [{' '.join(parts)}]")
    fields = " ".join(part.replace("?", "*") for part in parts)
    try:
        CronSim(fields, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(str(error)) from error
    return fields
