"""`petset why NAME`: why a set or one of its pods is not at its desired state, and what to do."""

import argparse
from collections.abc import Iterator
from dataclasses import replace

from petset.cli.connection import Connection, Refused, Unreachable
from petset.cli.documents import Document, Observed, container_statuses, is_ready, name_of, namespace_of
from petset.cli.observing import last_line, observe
from petset.cli.options import data_directory
from petset.cli.surroundings import CommandFailure, Surroundings
from petset.cli.why import Explanation, explain, explain_pod

_SETS = ("statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps")
_PODS = ("pod", "pods", "po")


def run(options: argparse.Namespace, surroundings: Surroundings) -> int:
    """Say it; 0 where all is as the spec says, 1 where something waits, or nothing has the name."""
    directory = data_directory(options, surroundings)
    if directory.server_pid() is None:
        raise CommandFailure(f"no server runs in {directory.path}; 'petset up' starts one")
    connection = Connection(directory)
    try:
        observed = observe(connection)
        here = [pod for pod in observed.pods if namespace_of(pod) == options.namespace and not is_ready(pod)]
        lines = {key: last_line(connection, *key) for pod in here for key in _crashed(pod)}
    except (Refused, Unreachable) as error:
        raise CommandFailure(str(error)) from error
    found = _explain(options.name, options.namespace, replace(observed, last_lines=lines))
    for sentence in found.sentences:
        surroundings.say(sentence)
    return 0 if found.is_reached else 1


def _crashed(pod: Document) -> Iterator[tuple[str, str, str]]:
    """The containers whose last words are worth reading: they have ended and left no message."""
    for status in container_statuses(pod):
        ended = (status.get("state") or {}).get("terminated") or (status.get("lastState") or {}).get("terminated")
        if ended and not ended.get("message"):
            yield namespace_of(pod), name_of(pod), status["name"]


def _explain(asked: str, namespace: str, observed: Observed) -> Explanation:
    """By the set's name, or the pod's: as kubectl names them, with or without the kind before a slash."""
    kind, slash, name = asked.rpartition("/")
    if slash and kind not in (*_SETS, *_PODS):
        raise CommandFailure(f"{asked!r} names a {kind or 'thing'}: give a StatefulSet or one of its pods", 2)
    sets = {name_of(s): s for s in observed.sets if namespace_of(s) == namespace}
    if name in sets and kind not in _PODS:
        return explain(sets[name], observed)
    owner = sets.get(name.rpartition("-")[0])
    if owner is not None and kind not in _SETS and name.rpartition("-")[2].isdigit():
        return explain_pod(name, owner, observed)
    what = "pod of a StatefulSet" if kind in _PODS else "StatefulSet or pod of one"
    known = ", ".join(sorted(sets)) or "none"
    raise CommandFailure(f"no {what} is called {name} in namespace {namespace}; StatefulSets there: {known}")
