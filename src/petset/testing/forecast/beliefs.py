"""Which pods a forecast expects to be unhealthy: those that are now, and those that will be made like them. Pure.

A pod that is in trouble now stays in trouble. A new pod shares the trouble of the pod of its ordinal at the same
revision; and where nobody at a revision is healthy, nobody new at that revision will be.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from petset.cli.causes import cause_of
from petset.cli.documents import Document, Observed, is_ready, name_of, namespace_of

_REVISION = "controller-revision-hash"


class Beliefs:
    """Made from the present; asked about pods of the forecast."""

    def __init__(self, pods: Sequence[Document], observed: Observed) -> None:
        self._troubles: dict[tuple[str, str, str], str] = {}
        healthy: set[tuple[str, str, str]] = set()
        broken: dict[tuple[str, str, str], str] = {}
        for pod in pods:
            kin = (namespace_of(pod), _set_of(name_of(pod)), _revision(pod["metadata"]))
            cause = cause_of(pod, observed)
            if cause is not None and cause.is_trouble and (pod.get("spec") or {}).get("nodeName"):
                text = f"as {name_of(pod)} is now: {cause.text}"
                self._troubles[namespace_of(pod), name_of(pod), kin[2]] = text
                broken.setdefault(kin, text)
            elif is_ready(pod):
                healthy.add(kin)
        self._broken_revisions = {kin: text for kin, text in broken.items() if kin not in healthy and kin[2]}

    def why_not(self, namespace: str, name: str, labels: Mapping[str, Any]) -> str:
        """Why this pod will not become Ready, empty if it will."""
        revision = str(labels.get(_REVISION) or "")
        own = self._troubles.get((namespace, name, revision))
        return own or self._broken_revisions.get((namespace, _set_of(name), revision), "")


def _set_of(pod: str) -> str:
    return pod.rpartition("-")[0]


def _revision(metadata: Mapping[str, Any]) -> str:
    return str((metadata.get("labels") or {}).get(_REVISION) or "")
