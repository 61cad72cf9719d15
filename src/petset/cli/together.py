"""Applying several manifests: all of them or none, whatever their order, as what they need of each other allows.

Namespaces come first, then definitions; their objects follow once the server has given the definitions their names.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from petset.cli.applying import apply, path_of
from petset.cli.connection import Connection, Refused
from petset.cli.kinds import is_definition, kind_of, type_defined_by, type_of
from petset.cli.manifests.reading import Manifest
from petset.cli.surroundings import CommandFailure, Surroundings

_LOOK_SECONDS = 0.01
_PATIENCE_SECONDS = 10.0


def namespaces_in(manifests: Sequence[Manifest]) -> set[str]:
    """The namespaces that come with the manifests: what lives in them cannot be tried before they are there."""
    return {m.name for m in manifests if _is_namespace(m)}


def in_order(manifests: Sequence[Manifest]) -> list[Manifest]:
    """What others need before those others; else as given."""
    return sorted(manifests, key=lambda m: 0 if _is_namespace(m) else 1 if is_definition(m) else 2)


def apply_all(
    connection: Connection, manifests: Sequence[Manifest], surroundings: Surroundings
) -> list[tuple[Manifest, str]]:
    """Apply everything or nothing: each object is tried without effect before the first one is written.

    An object cannot be tried while its namespace, or the definition of its kind, is still to come with the same
    manifests; it has passed the same checks in this process already (`petset.cli.checking`).
    """
    _try(connection, manifests)
    needed = {type_of(m) for m in manifests if m.custom is not None}
    outcomes: list[tuple[Manifest, str]] = []
    awaited: list[Manifest] = []
    for manifest in in_order(manifests):
        if manifest.custom is not None:
            while awaited:
                _wait_until_established(connection, awaited.pop(), surroundings)
        outcomes.append((manifest, _complain_with_place(connection, manifest, dry_run=False)))
        if is_definition(manifest) and type_defined_by(manifest) in needed:
            awaited.append(manifest)
    return outcomes


def _try(connection: Connection, manifests: Sequence[Manifest]) -> None:
    new_namespaces = namespaces_in(manifests)
    new_types: set[tuple[str, str]] = set()
    for manifest in in_order(manifests):
        if manifest.namespace in new_namespaces or type_of(manifest) in new_types:
            continue
        outcome = _complain_with_place(connection, manifest, dry_run=True)
        if is_definition(manifest) and outcome != "unchanged":
            new_types.add(type_defined_by(manifest))


def _wait_until_established(connection: Connection, manifest: Manifest, surroundings: Surroundings) -> None:
    """Return once its objects are served as it says. Raises CommandFailure with what stands against it."""
    deadline = surroundings.monotonic() + _PATIENCE_SECONDS
    path = path_of(kind_of(manifest), "", manifest.name)
    while not _is_established(definition := connection.get(path)):
        if surroundings.monotonic() >= deadline:
            why = _condition(definition, "NamesAccepted").get("message") or "no reason given"
            raise CommandFailure(
                f"{manifest.place}: the server has not accepted the names of {manifest.name} after "
                f"{_PATIENCE_SECONDS:g} s: {why}; its objects were not applied"
            )
        surroundings.sleep(_LOOK_SECONDS)


def _is_established(definition: Mapping[str, Any]) -> bool:
    wanted = definition["spec"]["names"]
    accepted = (definition.get("status") or {}).get("acceptedNames") or {}
    same = all(accepted.get(field) == wanted[field] for field in ("plural", "kind"))
    return same and _condition(definition, "Established").get("status") == "True"


def _condition(definition: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    conditions = (definition.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c["type"] == name), {})


def _is_namespace(manifest: Manifest) -> bool:
    return (manifest.api_version, manifest.kind) == ("v1", "Namespace")


def _complain_with_place(connection: Connection, manifest: Manifest, *, dry_run: bool) -> str:
    try:
        return apply(connection, manifest, dry_run=dry_run)
    except Refused as refused:
        raise CommandFailure(f"{manifest.place}: {refused}") from refused
