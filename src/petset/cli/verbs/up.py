"""`petset up`: start the server where none runs, apply manifests, and show how they come up."""

import argparse

from petset.cli.launching import gates_in_force, launch
from petset.cli.manifests.reading import ManifestError, read
from petset.cli.options import data_directory
from petset.cli.surroundings import CommandFailure, Surroundings


def run(options: argparse.Namespace, surroundings: Surroundings) -> int:
    """Do it; see `petset up --help`."""
    directory = data_directory(options, surroundings)
    try:
        manifests = read(options.paths, surroundings.stdin.read)
    except ManifestError as error:
        raise CommandFailure(str(error)) from error
    server = launch(directory, options, surroundings)
    try:
        # Loading the object models takes as long as the server's own start: do both at once.
        from petset.cli.checking import check

        manifests = check(manifests, gates_in_force(directory, options))
        server.wait()
        from petset.cli.bringing_up import BringUp

        bring_up = BringUp(directory, manifests, surroundings)
        bring_up.apply()
    except BaseException:
        # Nothing was applied, so nothing that this call began stays behind.
        server.abandon()
        raise
    if options.wait:
        return bring_up.wait(options.timeout)
    if options.detach:
        return 0
    return bring_up.attend(stop_after=server.is_ours)
