"""`petset plan -f new.yaml`: every step that applying the manifests will cause, in order. It changes nothing."""

import argparse
import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from petset.api.kinds import KINDS, Kind
from petset.cli.applying import path_of
from petset.cli.connection import Connection, Refused, Unreachable
from petset.cli.kinds import is_stateful_set, kind_of, with_served
from petset.cli.launching import gates_in_force
from petset.cli.manifests.reading import Manifest, ManifestError, read
from petset.cli.options import data_directory
from petset.cli.surroundings import CommandFailure, Surroundings
from petset.cli.trying import Trial, try_all

_NOT_NEEDED = ("apiservices", "componentstatuses", "events", "leases", "endpoints", "endpointslices")


def run(options: argparse.Namespace, surroundings: Surroundings) -> int:
    """Print it; 0 when there is a plan, also one that ends in a wait; 1 where a manifest is refused."""
    directory = data_directory(options, surroundings)
    manifests = _read(options, surroundings)
    if directory.server_pid() is None:
        raise CommandFailure(f"no server runs in {directory.path}; 'petset up' starts one")
    from petset.cli.checking import check

    manifests = check(manifests, gates_in_force(directory, options))
    connection = Connection(directory)
    try:
        known = with_served(manifests, connection)
        trials = try_all(connection, [_placed(manifest, options.namespace) for manifest in known])
        refused = [trial for trial in trials if trial.refusal]
        question = {} if refused else _question(connection, trials, surroundings)
        question["gates"] = directory.server_facts().get("feature_gates", "")
        found = {} if refused else _forecast(question, surroundings)
    except (Refused, Unreachable) as error:
        raise CommandFailure(str(error)) from error
    if options.output == "json":
        surroundings.say(json.dumps(_document(trials, found), indent=2))
    else:
        _say(trials, found, surroundings)
    for trial in refused:
        surroundings.complain(trial.refusal)
    return 1 if refused else 0


def _read(options: argparse.Namespace, surroundings: Surroundings) -> list[Manifest]:
    try:
        return read(options.paths, surroundings.stdin.read)
    except ManifestError as error:
        raise CommandFailure(str(error)) from error


def _placed(manifest: Manifest, namespace: str) -> Manifest:
    """Where it names no namespace, in the one that `-n` names."""
    if not namespace or manifest.namespace or not kind_of(manifest).namespaced:
        return manifest
    metadata = {**manifest.document["metadata"], "namespace": namespace}
    return replace(manifest, document={**manifest.document, "metadata": metadata})


def _question(connection: Connection, trials: Sequence[Trial], surroundings: Surroundings) -> dict[str, Any]:
    """What the forecast starts from: all objects but those that only tell of others."""
    present: list[dict[str, Any]] = []
    for kind in filter(_is_copied, KINDS):
        listed = connection.get(path_of(kind, ""))["items"]
        present += [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in listed]
    return {
        "now": surroundings.now().isoformat(),
        "present": present,
        "wanted": [t.document for t in trials if _is_foretold(t)],
        "warnings": connection.get("/api/v1/events?fieldSelector=type%3DWarning")["items"],
    }


def _is_foretold(trial: Trial) -> bool:
    """What changes, and every set. What is made of a custom object is known to its own controller alone."""
    if trial.manifest.custom is not None:
        return False
    return trial.outcome != "unchanged" or is_stateful_set(trial.manifest)


def _left_out(trials: Sequence[Trial]) -> list[str]:
    return [t.label for t in trials if t.manifest.custom is not None]


def _is_copied(kind: Kind) -> bool:
    return "list" in kind.verbs and not kind.stored_as and kind.resource not in _NOT_NEEDED


def _forecast(question: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    done = subprocess.run(
        list(surroundings.plan_command),
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
        env=dict(surroundings.environment),
    )
    if done.returncode != 0:
        why = done.stderr.strip().splitlines()
        raise CommandFailure(f"the plan could not be made: {why[-1] if why else 'no reason given'}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _document(trials: Sequence[Trial], found: dict[str, Any]) -> dict[str, Any]:
    objects = [
        {"object": t.label, "outcome": t.outcome, **({"refusal": t.refusal} if t.refusal else {})} for t in trials
    ]
    return {
        "objects": objects,
        "steps": found.get("steps", []),
        "outlooks": found.get("outlooks", []),
        "leftOut": _left_out(trials),
    }


def _say(trials: Sequence[Trial], found: dict[str, Any], surroundings: Surroundings) -> None:
    for trial in trials:
        surroundings.say(f"{trial.label} {_would_be(trial.outcome)}")
    if any(trial.refusal for trial in trials):
        return
    steps = found.get("steps", [])
    several = len(found.get("outlooks", [])) > 1
    width = len(str(len(steps)))
    for number, step in enumerate(steps, 1):
        surroundings.say(f"  {number:{width}}. {step['set'] + ': ' if several else ''}{step['text']}")
    if left_out := _left_out(trials):
        surroundings.say(f"left out of the steps, for only their own controllers know them: {', '.join(left_out)}")
    if not found.get("outlooks"):
        surroundings.say("no StatefulSet is among them: there are no steps to foretell")
    for outlook in found.get("outlooks", []):
        where = f"{outlook['set']}: "
        if outlook["is_reached"]:
            surroundings.say(where + ("; ".join(outlook["sentences"]) if steps else "nothing to do"))
        else:
            surroundings.say(where + "it stops there: " + ". ".join(outlook["sentences"]))


def _would_be(outcome: str) -> str:
    return outcome if outcome in ("unchanged", "refused") else f"would be {outcome}"
