"""From what was written in a forecast to the steps a person reads: one for each thing done or waited for. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Document = Mapping[str, Any]
MOST_NAMES = 10
_REVISION = "controller-revision-hash"


@dataclass(frozen=True)
class Change:
    """One write of the forecast: `old` is None for a creation, `new` for a deletion."""

    seconds: float
    kind: str
    old: Document | None
    new: Document | None

    @property
    def name(self) -> str:
        return str(((self.new or self.old) or {})["metadata"]["name"])


@dataclass(frozen=True)
class Step:
    """Something that will be done (`action` is create, delete, update) or waited for (wait), and to what.

    `names` are the objects; several only where the same is waited for. `detail` is the reason or the revision.
    """

    seconds: float
    set: str
    action: str
    kind: str
    names: tuple[str, ...]
    detail: str
    text: str


def steps(owner: Document, changes: Sequence[Change]) -> tuple[Step, ...]:
    """The steps of one set, given the set as it is in the end; waits for the same thing in a row become one."""
    merged: list[Step] = []
    for step in _Reader(owner).read(changes):
        last = merged[-1] if merged else None
        if last is not None and _is_same_wait(last, step):
            together = sorted((*last.names, *step.names), key=lambda name: (len(name), name))
            merged[-1] = _waiting(replace(last, names=tuple(together)))
        else:
            merged.append(step)
    return tuple(merged)


def _is_same_wait(left: Step, right: Step) -> bool:
    return left.action == right.action == "wait" and (left.kind, left.detail) == (right.kind, right.detail)


def _waiting(step: Step) -> Step:
    names = _enumerated(step.names)
    return replace(step, text=f"wait until {names} {'are' if len(step.names) > 1 else 'is'} {step.detail}")


def _enumerated(names: Sequence[str]) -> str:
    """`web-0, web-1 and web-2`; of many only the first and the last."""
    if len(names) > MOST_NAMES:
        return f"{names[0]}, {names[1]}, … and {names[-1]} ({len(names)} of them)"
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]


class _Reader:
    """Reads the changes that concern one set."""

    def __init__(self, owner: Document) -> None:
        self._name: str = owner["metadata"]["name"]
        self._namespace: str = owner["metadata"]["namespace"]
        spec = owner["spec"]
        start = (spec.get("ordinals") or {}).get("start") or 0
        self._ordinals = range(start, start + spec.get("replicas", 1))
        self._min_ready: int = spec.get("minReadySeconds") or 0
        self._templates = [t["metadata"]["name"] for t in spec.get("volumeClaimTemplates") or ()]
        self._reads = {
            "Pod": self._pod, "PersistentVolumeClaim": self._claim,
            "PersistentVolume": self._volume, "ControllerRevision": self._revision,
        }  # fmt: skip

    def read(self, changes: Sequence[Change]) -> Iterator[Step]:
        for change in changes:
            reads = self._reads.get(change.kind)
            if reads is not None:
                yield from reads(change)

    def _step(self, change: Change, action: str, text: str, detail: str = "") -> Step:
        where = f"{self._namespace}/{self._name}"
        return Step(change.seconds, where, action, change.kind, (change.name,), detail, text)

    def _wait(self, change: Change, detail: str) -> Step:
        return _waiting(self._step(change, "wait", "", detail))

    def _pod(self, change: Change) -> Iterator[Step]:
        old, new = change.old, change.new
        if not self._is_mine(new or old) and not self._is_mine(old):
            return
        if new is None:
            assert old is not None
            if _leaves(old):
                yield self._wait(change, "gone")
            else:
                yield self._deletion(change, old)
        elif old is None:
            revision = (new["metadata"].get("labels") or {}).get(_REVISION, "")
            yield self._step(change, "create", f"create pod {change.name} (revision {revision})", revision)
        elif _leaves(new) and not _leaves(old):
            yield self._deletion(change, old)
        elif not self._is_mine(old):
            yield self._step(change, "update", f"adopt pod {change.name}")
        elif not self._is_mine(new):
            yield self._step(change, "update", f"release pod {change.name}: its labels do not match any more")
        elif _ready(new) and not _ready(old):
            stays = f" and has stayed so for {self._min_ready} s" if self._min_ready else ""
            yield self._wait(change, f"Ready{stays}")

    def _deletion(self, change: Change, pod: Document) -> Step:
        why = self._why(pod)
        return self._step(change, "delete", f"delete pod {change.name} ({why})", why)

    def _why(self, pod: Document) -> str:
        ordinal = pod["metadata"]["name"].rpartition("-")[2]
        if int(ordinal) not in self._ordinals:
            return "scale-down"
        if (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded"):
            return "it has ended"
        return "update"

    def _claim(self, change: Change) -> Iterator[Step]:
        old, new, name = change.old, change.new, change.name
        if not self._is_my_claim((new or old or {})["metadata"]):
            return
        if new is None:
            assert old is not None
            yield (
                self._wait(change, "gone") if _leaves(old) else self._step(change, "delete", f"delete claim {name}")
            )
        elif old is None:
            yield self._step(change, "create", f"create claim {name}")
        elif _leaves(new) and not _leaves(old):
            yield self._step(change, "delete", f"delete claim {name}, as its retention policy says")
        elif _owners(old) != _owners(new):
            whom = " and ".join(f"{kind.lower()} {owner}" for kind, owner in _owners(new))
            text = f"claim {name} is to go with {whom}" if whom else f"claim {name} is to stay"
            yield self._step(change, "update", text)

    def _volume(self, change: Change) -> Iterator[Step]:
        spec = (change.new or change.old or {})["spec"]
        claim = spec.get("claimRef") or {}
        if claim.get("namespace") != self._namespace or not self._is_my_claim(claim):
            return
        if change.old is None:
            yield self._step(change, "create", f"create a volume for claim {claim['name']}", claim["name"])
        elif change.new is None:
            text = f"delete the volume of claim {claim['name']} and its data"
            yield self._step(change, "delete", text, claim["name"])

    def _revision(self, change: Change) -> Iterator[Step]:
        old, new, name = change.old, change.new, change.name
        if not self._is_mine(new or old):
            return
        if old is None:
            yield self._step(change, "create", f"keep the new template as revision {name}")
        elif new is None:
            yield self._step(change, "delete", f"forget revision {name}")
        elif old.get("revision") != new.get("revision"):
            yield self._step(change, "update", f"go back to revision {name}")

    def _is_mine(self, document: Document | None) -> bool:
        if document is None or document["metadata"].get("namespace") != self._namespace:
            return False
        return ("StatefulSet", self._name) in _owners(document)

    def _is_my_claim(self, metadata: Mapping[str, Any]) -> bool:
        prefixes = [f"{template}-{self._name}-" for template in self._templates]
        return metadata.get("namespace") == self._namespace and any(
            metadata["name"].startswith(p) and metadata["name"].removeprefix(p).isdigit() for p in prefixes
        )


def _leaves(document: Document) -> bool:
    return bool(document["metadata"].get("deletionTimestamp"))


def _ready(pod: Document) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions) and not _leaves(pod)


def _owners(document: Document) -> list[tuple[str, str]]:
    return [(ref["kind"], ref["name"]) for ref in document["metadata"].get("ownerReferences") or ()]
