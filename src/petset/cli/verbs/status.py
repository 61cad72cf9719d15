"""`petset status`: every stateful set, a line an ordinal, and why it waits."""

import argparse

from petset.cli.connection import Connection, Refused, Unreachable
from petset.cli.observing import observe
from petset.cli.options import data_directory
from petset.cli.progress import line
from petset.cli.surroundings import CommandFailure, Surroundings
from petset.cli.view import views


def run(options: argparse.Namespace, surroundings: Surroundings) -> int:
    """Print it; 1 where no server runs."""
    directory = data_directory(options, surroundings)
    pid = directory.server_pid()
    if pid is None:
        raise CommandFailure(f"no server runs in {directory.path}; 'petset up' starts one")
    facts = directory.server_facts()
    try:
        found = views(observe(Connection(directory)), surroundings.now())
    except (Refused, Unreachable) as error:
        raise CommandFailure(str(error)) from error
    surroundings.say(f"petset at {facts.get('url')}, process {pid}, {facts.get('nodes')} node(s)")
    for view in found:
        surroundings.say(f"{view.namespace}/{view.name}  {view.ready}/{view.wanted} ready")
        for row in view.rows:
            surroundings.say(f"  {line(row)}")
        if view.blocked:
            surroundings.say(f"  Blocked: {view.blocked}")
    return 0
