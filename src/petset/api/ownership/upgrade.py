"""From client-side to server-side apply: what `kubectl apply` once sent belongs to whom applies as `kubectl` now.

Client-side apply leaves what it sent in an annotation. The first server-side apply by `kubectl` may take the fields
that still have the values written there; the annotation then follows each of its applies, so that one can go back.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from petset.api.ownership.comparing import compare, held
from petset.api.ownership.fieldsets import FieldSet, difference
from petset.api.ownership.parts import Part

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
MANAGER = "kubectl"


def last_applied(document: dict[str, Any]) -> str:
    """The annotation's text, empty where there is none."""
    annotations = (document.get("metadata") or {}).get("annotations") or {}
    return str(annotations.get(LAST_APPLIED) or "")


def inherited(part: Part, live: dict[str, Any], stored: Callable[[dict[str, Any]], dict[str, Any]]) -> FieldSet:
    """The fields of the live object that are as client-side apply left them.

    `stored` gives a document that was applied in the form in which objects are stored.
    """
    try:
        before = msgspec.json.decode(last_applied(live))
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(before, dict):
        return None
    before = stored(before)
    if before.get("apiVersion") != live.get("apiVersion"):
        return None
    changes = compare(part, before, live)
    return difference(difference(difference(held(part, before), changes.modified), changes.added), changes.removed)


def with_last_applied(document: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:
    """The document with its annotation, if it has one, brought up to what was applied now."""
    if not last_applied(document):
        return document
    metadata = dict(config.get("metadata") or {})
    if metadata.get("annotations"):
        metadata["annotations"] = {k: v for k, v in metadata["annotations"].items() if k != LAST_APPLIED}
    text = msgspec.json.encode({**config, "metadata": metadata}, order="deterministic").decode() + "\n"
    shown = document["metadata"]
    return {**document, "metadata": {**shown, "annotations": {**shown["annotations"], LAST_APPLIED: text}}}
