"""What the views read from: the API's answers as documents, and the few questions they ask of any pod. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Observed:
    """The lists a view is made from, as the API answers them. `waiting` is what the controllers wait for.

    `last_lines` may hold the last line a container wrote before it ended, by (namespace, pod, container).
    """

    sets: Sequence[Document]
    pods: Sequence[Document]
    claims: Sequence[Document] = ()
    warnings: Sequence[Document] = ()
    waiting: Sequence[Document] = ()
    last_lines: Mapping[tuple[str, str, str], str] = field(default_factory=dict)


def name_of(document: Document) -> str:
    return str(document["metadata"]["name"])


def namespace_of(document: Document) -> str:
    return str(document["metadata"].get("namespace") or "")


def condition(pod: Document, kind: str) -> Document:
    """The pod's condition of this type, empty where it has none."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return next((c for c in conditions if c.get("type") == kind), {})


def is_terminating(document: Document) -> bool:
    return bool(document["metadata"].get("deletionTimestamp"))


def is_ready(pod: Document) -> bool:
    """Ready and not on its way out."""
    return condition(pod, "Ready").get("status") == "True" and not is_terminating(pod)


def is_owned(pod: Document, owner: Document) -> bool:
    return any(r.get("uid") == owner["metadata"].get("uid") for r in pod["metadata"].get("ownerReferences") or ())


def container_statuses(pod: Document) -> Iterator[Document]:
    """Of the init containers first, as they run."""
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def ordinal_in(pod_name: str, set_name: str) -> int | None:
    """The ordinal in a replica's name, None for a pod of another set."""
    prefix, _, number = pod_name.rpartition("-")
    return int(number) if prefix == set_name and number.isdigit() else None


def pods_of(owner: Document, pods: Sequence[Document]) -> dict[int, Document]:
    """The set's own pods by ordinal, lowest first."""
    name, namespace = name_of(owner), namespace_of(owner)
    own = (pod for pod in pods if namespace_of(pod) == namespace and is_owned(pod, owner))
    numbered = ((ordinal_in(name_of(pod), name), pod) for pod in own)
    return dict(sorted(((n, pod) for n, pod in numbered if n is not None), key=lambda pair: pair[0]))


def wanted_ordinals(owner: Document) -> range:
    """The ordinals that the set's spec asks for."""
    spec = owner["spec"]
    start = (spec.get("ordinals") or {}).get("start") or 0
    return range(start, start + spec.get("replicas", 1))
