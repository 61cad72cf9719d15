"""Trying manifests on the running server without effect: what each would make of its object, or why not."""

from collections.abc import Sequence
from dataclasses import dataclass

from petset.api.validation.statefulsets import MUTABLE
from petset.cli.applying import label, last_applied, path_of, send, three_way_patch, with_annotation
from petset.cli.connection import Connection, Refused
from petset.cli.kinds import is_definition, is_stateful_set, kind_of, namespace_of, type_defined_by, type_of
from petset.cli.manifests.reading import Document, Manifest
from petset.cli.together import in_order, namespaces_in


@dataclass(frozen=True)
class Trial:
    """`outcome` is created, configured, unchanged or refused; `document` the object as it would be."""

    manifest: Manifest
    outcome: str
    document: Document
    refusal: str = ""

    @property
    def label(self) -> str:
        return label(self.manifest)


def try_all(connection: Connection, manifests: Sequence[Manifest]) -> list[Trial]:
    """A trial of each manifest, in the order in which they would be applied; nothing is written.

    What needs a namespace or a definition that comes, or changes, with the manifests cannot be tried: it has passed
    the checks of this process. Raises Unreachable.
    """
    new = {name for name in namespaces_in(manifests) if not _exists(connection, f"/api/v1/namespaces/{name}")}
    types: set[tuple[str, str]] = set()
    trials: list[Trial] = []
    for manifest in in_order(manifests):
        if manifest.namespace in new or type_of(manifest) in types:
            trials.append(_assumed(connection, manifest))
            continue
        trials.append(_tried(connection, manifest))
        if is_definition(manifest) and trials[-1].outcome in ("created", "configured"):
            types.add(type_defined_by(manifest))
    return trials


def _exists(connection: Connection, path: str) -> bool:
    try:
        connection.get(path)
    except Refused:
        return False
    return True


def _assumed(connection: Connection, manifest: Manifest) -> Trial:
    kind = kind_of(manifest)
    namespace = namespace_of(manifest, kind)
    there = _exists(connection, path_of(kind, namespace, manifest.name))
    return Trial(manifest, "configured" if there else "created", with_annotation(manifest.document, namespace))


def _tried(connection: Connection, manifest: Manifest) -> Trial:
    try:
        outcome, document = send(connection, manifest, dry_run=True)
    except Refused as refused:
        hint = _immutable_hint(connection, manifest) if is_stateful_set(manifest) else ""
        return Trial(manifest, "refused", manifest.document, f"{manifest.place}: {refused}{hint}")
    return Trial(manifest, outcome, document)


def _immutable_hint(connection: Connection, manifest: Manifest) -> str:
    """Which fields were set for good when the set was created, and the way round (rule 12)."""
    namespace = namespace_of(manifest, kind_of(manifest))
    try:
        current = connection.get(path_of(kind_of(manifest), namespace, manifest.name))
    except Refused:
        return ""
    patch = three_way_patch(last_applied(current), with_annotation(manifest.document, namespace), current)
    fixed = [field for field in patch.get("spec") or {} if field not in MUTABLE]
    if not fixed:
        return ""
    way = f"kubectl delete statefulset {manifest.name} -n {namespace} --cascade=orphan"
    return (
        f" (changed: {', '.join(fixed)}; to change that, '{way}' and apply anew: pods and claims stay as they are)"
    )
