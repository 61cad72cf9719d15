"""`petset kubeconfig`: print the path of the kubeconfig that the server wrote."""

import argparse

from petset.cli.options import data_directory
from petset.cli.surroundings import CommandFailure, Surroundings


def run(options: argparse.Namespace, surroundings: Surroundings) -> int:
    """Print the path; 1 where no server has run in the directory yet."""
    directory = data_directory(options, surroundings)
    if not directory.kubeconfig.exists():
        raise CommandFailure(f"{directory.kubeconfig} is not there; 'petset up' writes it")
    surroundings.say(str(directory.kubeconfig))
    return 0
