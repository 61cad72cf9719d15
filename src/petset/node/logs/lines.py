"""The format of container logs, purely: `<time> <stream> <P or F> <text>`, where P parts belong to one line.

A runtime cuts long lines into parts; whoever reads a log gets them whole again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

PARTIAL = b"P"


@dataclass(frozen=True)
class Line:
    """A line as the container wrote it, without its end. `stamp` is the time of its first part, as written.

    `stream` is stdout or stderr.
    """

    stamp: bytes
    text: bytes
    stream: str = "stdout"

    def render(self, *, timestamps: bool) -> bytes:
        """The line as a client gets it."""
        return self.stamp + b" " + self.text + b"\n" if timestamps else self.text + b"\n"


@dataclass
class Joiner:
    """Puts parts together, separately for both streams."""

    _open: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)

    def lines(self, raw: Iterable[bytes]) -> Iterator[Line]:
        """The whole lines that end in these raw ones. What is no log line is passed over."""
        for entry in raw:
            words = entry.split(b" ", 3)
            if len(words) < 3:
                continue
            stamp, stream, tag = words[:3]
            text = words[3] if len(words) > 3 else b""
            first, before = self._open.pop(stream, (stamp, b""))
            if tag.split(b":")[0] == PARTIAL:
                self._open[stream] = (first, before + text)
            else:
                yield Line(first, before + text, stream.decode("ascii", "replace"))


def time_of(stamp: bytes) -> datetime:
    """A line's time, to the microsecond, in UTC. ValueError where it is none."""
    text = stamp.decode("ascii", "replace")
    head, _, rest = text.partition(".")
    digits = ""
    while rest and rest[0].isdigit():
        digits, rest = digits + rest[0], rest[1:]
    zone = rest if digits else ""
    if not digits and head.endswith("Z"):
        head, zone = head[:-1], "Z"
    fraction = f".{digits[:6].ljust(6, '0')}" if digits else ""
    return datetime.fromisoformat(f"{head}{fraction}{zone.replace('Z', '+00:00')}").astimezone(UTC)


def is_since(line: Line, since: datetime | None) -> bool:
    """The line was written at this time or later."""
    if since is None:
        return True
    try:
        return time_of(line.stamp) >= since
    except ValueError:
        return True
