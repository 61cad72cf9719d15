"""What applying a manifest means: create it, or send a three-way merge patch, as `kubectl apply` does.

The manifest that was applied last is kept in the annotation that kubectl uses, so that both tools can take turns: a
field that stood there and is gone from the new manifest is removed, and what others set is left alone.
"""

import json
from urllib.parse import quote

from petset.api.kinds import Kind
from petset.cli.connection import MERGE_PATCH, Connection, Refused
from petset.cli.kinds import kind_of, namespace_of
from petset.cli.manifests.reading import Document, Manifest

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_ASKED = "fieldManager=petset&fieldValidation=Strict"


def with_annotation(document: Document, namespace: str) -> Document:
    """The document as it is sent: with its namespace, and carrying itself in the annotation."""
    metadata = {**document["metadata"], **({"namespace": namespace} if namespace else {})}
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != LAST_APPLIED}
    bare = {**document, "metadata": {**metadata, "annotations": annotations}}
    applied = json.dumps(bare, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n"
    metadata["annotations"] = {**annotations, LAST_APPLIED: applied}
    return {**document, "metadata": metadata}


def three_way_patch(original: Document, modified: Document, current: Document) -> Document:
    """The JSON merge patch that brings `current` to `modified`, dropping what only `original` had."""
    patch: Document = {key: None for key in original if key not in modified and key in current}
    for key, wanted in modified.items():
        present = current.get(key)
        if isinstance(wanted, dict) and isinstance(present, dict):
            before = original.get(key)
            inner = three_way_patch(before if isinstance(before, dict) else {}, wanted, present)
            if inner:
                patch[key] = inner
        elif key not in current or wanted != present:
            patch[key] = wanted
    return patch


def last_applied(current: Document) -> Document:
    """The manifest that was applied last, empty where the object was not made by applying."""
    try:
        applied = json.loads(current["metadata"]["annotations"][LAST_APPLIED])
    except (KeyError, TypeError, ValueError):
        return {}
    return applied if isinstance(applied, dict) else {}


def path_of(kind: Kind, namespace: str, name: str = "") -> str:
    """The URL path of a collection, or of one object in it."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    parts = ["namespaces", namespace, kind.resource] if namespace else [kind.resource]
    return "/".join([root, *parts, *([quote(name, safe="")] if name else [])])


def apply(connection: Connection, manifest: Manifest, *, dry_run: bool = False) -> str:
    """Create or patch one object; `created`, `configured` or `unchanged`. Raises Refused."""
    return send(connection, manifest, dry_run=dry_run)[0]


def send(connection: Connection, manifest: Manifest, *, dry_run: bool) -> tuple[str, Document]:
    """The same, with the object as it is then. Raises Refused."""
    kind = kind_of(manifest)
    namespace = namespace_of(manifest, kind)
    modified = with_annotation(manifest.document, namespace)
    query = f"?{_ASKED}{'&dryRun=All' if dry_run else ''}"
    try:
        current = connection.get(path_of(kind, namespace, manifest.name))
    except Refused as refused:
        if refused.code != 404:
            raise
        return "created", connection.request("POST", path_of(kind, namespace) + query, modified)
    patch = three_way_patch(last_applied(current), modified, current)
    if not patch:
        return "unchanged", current
    path = path_of(kind, namespace, manifest.name) + query
    answer = connection.request("PATCH", path, patch, MERGE_PATCH)
    if dry_run:  # a trial keeps the version, whatever it would change
        return "unchanged" if answer == current else "configured", answer
    same = answer["metadata"].get("resourceVersion") == current["metadata"].get("resourceVersion")
    return "unchanged" if same else "configured", answer


def label(manifest: Manifest) -> str:
    """`statefulset.apps/redis`, as kubectl prints it."""
    kind = kind_of(manifest)
    return f"{kind.name.lower()}{'.' + kind.group if kind.group else ''}/{manifest.name}"
