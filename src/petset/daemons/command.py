"""The `petset` command: gives the command line the real clock, streams and processes."""

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from petset.cli.main import main as run_command_line
from petset.cli.surroundings import Surroundings


def main() -> int:
    """Run what the person typed; the exit code."""
    python = [sys.executable, "-m"]
    surroundings = Surroundings(
        now=lambda: datetime.now(UTC),  # noqa: TID251 - made here, for the command line
        monotonic=time.monotonic,  # noqa: TID251 - made here, for the command line
        sleep=time.sleep,
        stdin=sys.stdin,
        stdout=sys.stdout,
        stderr=sys.stderr,
        environment=os.environ,
        home=Path.home(),
        user_id=os.geteuid(),
        server_command=[*python, "petset.daemons.server"],
        stop_command=[*python, "petset.daemons.stop"],
        plan_command=[*python, "petset.daemons.plan"],
    )
    return run_command_line(sys.argv[1:], surroundings)
