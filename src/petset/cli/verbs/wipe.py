"""`petset wipe`: stop everything and remove all data, after a question."""

import argparse
import shutil

from petset.cli.launching import stop_all
from petset.cli.options import data_directory
from petset.cli.surroundings import CommandFailure, Surroundings


def run(options: argparse.Namespace, surroundings: Surroundings) -> int:
    """Remove it. Only a directory in which a petset server has worked is ever removed."""
    directory = data_directory(options, surroundings)
    if not directory.path.exists():
        surroundings.say(f"nothing to remove: {directory.path} is not there")
        return 0
    if not directory.is_petsets:
        raise CommandFailure(f"{directory.path} does not look like a petset data directory; nothing was removed")
    if not options.yes and not _agreed(f"Remove all data in {directory.path}, volumes included?", surroundings):
        return 1
    stop_all(directory, surroundings, now=True)
    shutil.rmtree(directory.path)
    surroundings.say(f"removed {directory.path}")
    return 0


def _agreed(question: str, surroundings: Surroundings) -> bool:
    if not surroundings.stdin.isatty():
        raise CommandFailure("wipe removes all data: say --yes where nobody can be asked", exit_code=2)
    print(f"{question} [y/N] ", end="", file=surroundings.stdout, flush=True)
    if surroundings.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    surroundings.say("nothing was removed")
    return False
