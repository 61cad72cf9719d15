"""Trying manifests on the running server without effect: what each would make of its object, or why not."""

from collections.abc import Sequence
from dataclasses import dataclass

from petset.api.validation.statefulsets import MUTABLE
from petset.cli.applying import (
    kind_of,
    label,
    last_applied,
    namespace_of,
    namespaces_in,
    path_of,
    send,
    three_way_patch,
    with_annotation,
)
from petset.cli.connection import Connection, Refused
from petset.cli.manifests.reading import Document, Manifest


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
    """A trial of each manifest; nothing is written. Raises Unreachable."""
    new = {name for name in namespaces_in(manifests) if not _exists(connection, name)}
    return [_assumed(m) if m.namespace in new else _tried(connection, m) for m in manifests]


def _exists(connection: Connection, namespace: str) -> bool:
    try:
        connection.get(f"/api/v1/namespaces/{namespace}")
    except Refused:
        return False
    return True


def _assumed(manifest: Manifest) -> Trial:
    """Its namespace comes with it, so nothing of that name is there yet."""
    return Trial(manifest, "created", with_annotation(manifest.document, namespace_of(manifest, kind_of(manifest))))


def _tried(connection: Connection, manifest: Manifest) -> Trial:
    try:
        outcome, document = send(connection, manifest, dry_run=True)
    except Refused as refused:
        hint = _immutable_hint(connection, manifest) if manifest.kind == "StatefulSet" else ""
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
