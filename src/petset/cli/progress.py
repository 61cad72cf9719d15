"""Showing how sets come up: a live table for a person, a line for each change for a log."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

from petset.cli.surroundings import Surroundings
from petset.cli.view import Row, SetView

_COUNT = re.compile(r"once|twice|[0-9]+ times")
"""A count that grows is no news of its own."""


class Progress(Protocol):
    """Shows the newest views; `close` leaves the last state on the screen."""

    def show(self, views: Sequence[SetView]) -> None: ...

    def close(self) -> None: ...


def age(seconds: int | None) -> str:
    """As kubectl shortens an age: 90s, 5m, 3h, 2d."""
    if seconds is None:
        return ""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def line(row: Row) -> str:
    """One row as text, with only what there is to say."""
    parts = [row.name, row.phase, "ready" if row.ready else "not ready"]
    parts += [f"on {row.node}"] if row.node else []
    parts += [f"volume {row.volume}"] if row.volume else []
    parts += [f"restarts {row.restarts}", f"age {age(row.age_seconds)}"] if row.age_seconds is not None else []
    return "  ".join(parts) + (f"  ({row.why})" if row.why else "")


class PlainProgress:
    """A line whenever a row changes in more than its age, after the seconds since the start."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._started = surroundings.monotonic()
        self._said: dict[tuple[str, str], object] = {}

    def show(self, views: Sequence[SetView]) -> None:
        elapsed = self._surroundings.monotonic() - self._started
        for view in views:
            present = {(view.namespace, row.name) for row in view.rows}
            for row in view.rows:
                known = (row.phase, row.ready, row.node, row.volume, row.restarts, _COUNT.sub("", row.why))
                if self._said.get((view.namespace, row.name)) != known:
                    self._said[view.namespace, row.name] = known
                    self._surroundings.say(f"{elapsed:7.2f}s  {line(row)}")
            for key in [k for k in self._said if k[0] == view.namespace and k not in present]:
                if key[1].rpartition("-")[0] == view.name:
                    del self._said[key]
                    self._surroundings.say(f"{elapsed:7.2f}s  {key[1]}  gone")

    def close(self) -> None:
        """Nothing to leave behind: every line stands already."""


class LiveProgress:
    """A table that is drawn anew in place. rich is imported only here: no script pays for it."""

    def __init__(self, surroundings: Surroundings) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live: Any = Live(console=Console(file=surroundings.stdout), auto_refresh=False)
        self._live.start()

    def show(self, views: Sequence[SetView]) -> None:
        self._live.update(_table(views), refresh=True)

    def close(self) -> None:
        self._live.stop()


def _table(views: Sequence[SetView]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for column in ("pod", "phase", "ready", "node", "volume", "restarts", "age", "why"):
        table.add_column(column)
    for view in views:
        title = f"{view.namespace}/{view.name}"
        table.add_row(title, f"{view.ready}/{view.wanted} ready", style="bold", end_section=False)
        for row in view.rows:
            table.add_row(
                Text(f"  {row.name}"),
                Text(row.phase, style="green" if row.ready else "yellow"),
                "yes" if row.ready else "no",
                row.node,
                Text(row.volume),
                str(row.restarts),
                age(row.age_seconds),
                Text(row.why),
            )
    return table


def progress_for(surroundings: Surroundings) -> Progress:
    """The table where a person looks, plain lines where the output goes elsewhere."""
    return LiveProgress(surroundings) if surroundings.is_terminal else PlainProgress(surroundings)
