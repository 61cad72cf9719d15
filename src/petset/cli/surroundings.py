"""Everything a verb takes from the world around it, handed in once, so that a test can be that world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True)
class Surroundings:
    """Clock, streams, environment and how to start the server. Only `petset.daemons.command` makes a real one.

    `server_command` and `stop_command` are the argument lists that run the server and that stop what it left
    running; the data directory and options are appended. `plan_command` answers a question on its standard input.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]
    home: Path
    user_id: int
    server_command: Sequence[str]
    stop_command: Sequence[str]
    plan_command: Sequence[str] = ()

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks at the output."""
        return self.stdout.isatty()

    def say(self, line: str = "") -> None:
        """One line to standard output, at once."""
        print(line, file=self.stdout, flush=True)

    def complain(self, line: str) -> None:
        """One line to standard error, after the command's name."""
        print(f"petset: {line}", file=self.stderr, flush=True)


class CommandFailure(Exception):
    """A verb did not reach its goal. The message says why and what to do; exit code 1, or 2 for wrong use."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
