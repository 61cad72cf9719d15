"""`petset down`: stop the server and its containers; every object, volume and certificate stays."""

import argparse

from petset.cli.launching import stop_all
from petset.cli.options import data_directory
from petset.cli.surroundings import CommandFailure, Surroundings


def run(options: argparse.Namespace, surroundings: Surroundings) -> int:
    """Stop it; to stop what is stopped is done at once."""
    directory = data_directory(options, surroundings)
    if not directory.is_petsets:
        raise CommandFailure(f"no server has run in {directory.path}")
    stop_all(directory, surroundings)
    surroundings.say(f"stopped; the data stays in {directory.path}")
    return 0
