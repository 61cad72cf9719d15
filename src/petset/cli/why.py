"""Why a set is not at its desired state, in sentences a person can act on. Pure: documents to sentences.

The controller's own plan says who waits for whom and by which rule (`/petset/waiting`); what is wrong with the one
that is waited for stands in that pod's status and in the events about it. Here the two become one sentence:

    web-2 waits: web-1 is not Ready: readiness probe `exec test -f /ready` of container web failed 14 times;
    OrderedReady holds all later ordinals; fix web-1
"""

from collections.abc import Iterator
from dataclasses import dataclass

from petset.api.options import REMOVE_BROKEN, REPLACE_BROKEN_AFTER
from petset.cli.causes import Cause, cause_of
from petset.cli.documents import (
    Document,
    Observed,
    is_ready,
    is_terminating,
    name_of,
    namespace_of,
    ordinal_in,
    pods_of,
    wanted_ordinals,
)

_REVISION = "controller-revision-hash"
_DELETE_TOO = "delete the pod too, which OrderedReady does not replace"
_NOT_FOR_PARALLEL = "or create the set anew with podManagementPolicy: Parallel, which waits for nobody"


@dataclass(frozen=True)
class Explanation:
    """`is_reached`: the set is as its spec says; the sentences then tell what the spec itself holds back."""

    is_reached: bool
    sentences: tuple[str, ...]


def explain(owner: Document, observed: Observed) -> Explanation:
    """Why this set is not where its spec wants it, one sentence for each thing that holds it up."""
    story = _Story(owner, observed)
    if is_terminating(owner):
        return Explanation(False, (story.deletion(),))
    held = tuple(dict.fromkeys(story.obstacles()))
    if held:
        return Explanation(False, held)
    name, count, wanted = name_of(owner), story.ready_count, len(story.ordinals)
    return Explanation(True, (f"{name} is as its spec says: {count} of {wanted} ready", *story.deliberate()))


def explain_pod(name: str, owner: Document, observed: Observed) -> Explanation:
    """The same for one replica of the set, whether it is there or not."""
    story = _Story(owner, observed)
    ordinal = ordinal_in(name, name_of(owner))
    pod = story.pods.get(-1 if ordinal is None else ordinal)
    own = [story.sentence(wait) for wait in story.waits if wait.get("pod") == name]
    if own:
        return Explanation(False, tuple(own))
    if pod is not None and is_ready(pod):
        return Explanation(True, (f"{name} is Ready",))
    if pod is not None:
        return Explanation(False, (story.about_pod(pod),))
    if ordinal not in story.ordinals:
        return Explanation(False, (f"{name} is no replica of {name_of(owner)}, which wants {story.range_text()}",))
    general = tuple(story.obstacles()) or (f"{name_of(owner)} has not been looked at since it changed",)
    return Explanation(False, (f"{name} is not there yet, and its turn has not come", *general))


class _Story:
    """One set with everything that is known of it."""

    def __init__(self, owner: Document, observed: Observed) -> None:
        self.owner = owner
        self.observed = observed
        self.pods = pods_of(owner, observed.pods)
        self.ordinals = wanted_ordinals(owner)
        here = (namespace_of(owner), name_of(owner))
        self.waits = [w for w in observed.waiting if (w.get("namespace"), w.get("name")) == here]
        self.by_name = {name_of(pod): pod for pod in self.pods.values()}

    @property
    def ready_count(self) -> int:
        return sum(is_ready(pod) for pod in self.pods.values())

    @property
    def is_ordered(self) -> bool:
        return bool(self.owner["spec"].get("podManagementPolicy") != "Parallel")

    def obstacles(self) -> Iterator[str]:
        """What the controller waits for, then every other pod that is not as it should be."""
        metadata, status = self.owner["metadata"], self.owner.get("status") or {}
        if (status.get("observedGeneration") or 0) < (metadata.get("generation") or 0) and not self.waits:
            yield f"{name_of(self.owner)} waits: its controller has not looked at its newest spec yet"
        told: set[object] = set()
        for wait in self.waits:
            yield self.sentence(wait)
            told.update((wait.get("blocker"), wait.get("pod")))
        for ordinal, pod in self.pods.items():
            if name_of(pod) in told or (is_ready(pod) and ordinal in self.ordinals):
                continue
            yield self.about_pod(pod)
        missing = [n for n in self.ordinals if n not in self.pods]
        if missing and not self.waits:
            yield f"{name_of(self.owner)}-{missing[0]} is not there yet; the controller is about to create it"

    def sentence(self, wait: Document) -> str:
        """One of the controller's waits, with what is wrong with the pod that is waited for."""
        subject, name = str(wait.get("pod")), str(wait.get("blocker") or "")
        blocker = self.by_name.get(name)
        cause = (
            cause_of(blocker, self.observed) if blocker is not None and wait.get("rule") in (47, 49, 53) else None
        )
        if not wait.get("because"):
            return str(wait.get("message"))
        if blocker is None or cause is None:
            return f"{subject} waits: {_joined(str(wait.get('because', '')), _clause(wait.get('remedy')))}"
        whom = "it" if name == subject else name
        state = f"{whom} {cause.text.removeprefix('it ')}" if is_terminating(blocker) else _not_ready(whom, cause)
        return f"{subject} waits: {_joined(state, self._policy(wait, blocker), self._remedy(wait, blocker, cause))}"

    def about_pod(self, pod: Document) -> str:
        cause = cause_of(pod, self.observed)
        name = name_of(pod)
        if cause is None:
            return f"{name} is outside {self.range_text()} and is about to be removed"
        if is_terminating(pod):
            return _joined(f"{name} {cause.text.removeprefix('it ')}", cause.remedy)
        return _joined(_not_ready(name, cause), cause.remedy)

    def deletion(self) -> str:
        held = ", ".join(self.owner["metadata"].get("finalizers") or ())
        text = f"{name_of(self.owner)} is being deleted; {len(self.pods)} of its pods are left"
        return _joined(text, f"its finalizer {held} holds it" if held else "")

    def deliberate(self) -> Iterator[str]:
        """What the spec itself holds back: no obstacle, but often forgotten."""
        strategy = self.owner["spec"].get("updateStrategy") or {}
        old = [name_of(pod) for pod in self.pods.values() if self._is_old(pod)]
        if not old:
            return
        who = f"{', '.join(old)} {'keep' if len(old) > 1 else 'keeps'} the former revision"
        if strategy.get("type") == "OnDelete":
            yield f"OnDelete: {who} until deleted: kubectl delete pod {' '.join(old)}"
        partition = (strategy.get("rollingUpdate") or {}).get("partition") or 0
        if partition:
            yield f"the rollout stops at partition {partition}: {who}; set the partition to 0 to finish it"

    def range_text(self) -> str:
        """`web-0 to web-2`."""
        name = name_of(self.owner)
        if not self.ordinals:
            return "no pods"
        return f"{name}-{self.ordinals[0]}" + (f" to {name}-{self.ordinals[-1]}" if len(self.ordinals) > 1 else "")

    def _is_old(self, pod: Document) -> bool:
        update = (self.owner.get("status") or {}).get("updateRevision") or ""
        label = (pod["metadata"].get("labels") or {}).get(_REVISION) or ""
        return bool(update and label) and label != update and not update.endswith(f"-{label}")

    def _policy(self, wait: Document, blocker: Document) -> str:
        """Why one pod's trouble is another's."""
        rule = wait.get("rule")
        if rule == 53:
            block = (self.owner["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
            return f"it uses up the update's budget (maxUnavailable: {block.get('maxUnavailable', 1)})"
        if rule == 49:
            return "OrderedReady removes nobody while another pod is not Ready"
        if wait.get("pod") == name_of(self.owner) or not self.is_ordered:
            return ""
        if _is_replaced(wait):
            return "OrderedReady holds all later ordinals, and the update too"
        if self._is_old(blocker):
            return "OrderedReady holds all later ordinals, and the update too: it does not replace a broken pod"
        if wait.get("pod") in self.by_name:
            return "OrderedReady goes on with the others only when it is Ready"
        return "OrderedReady holds all later ordinals"

    def _remedy(self, wait: Document, blocker: Document, cause: Cause) -> str:
        name = name_of(blocker)
        if _is_replaced(wait):
            return _clause(wait.get("remedy"))
        if not cause.is_trouble:
            return ""
        if wait.get("rule") == 49 and _ordinal(blocker) not in self.ordinals:
            both = "both are to be removed and both are broken"
            return f"{both}: kubectl delete pod {name}, or let the set do it: {REMOVE_BROKEN}=true"
        if self.is_ordered and self._is_old(blocker) and not is_terminating(blocker):
            brings = f"kubectl delete pod {name} brings it back with the new one"
            return f"{name} still has the former template: {brings}, as {REPLACE_BROKEN_AFTER} would by itself"
        remedy = cause.remedy or f"fix {name}"
        recreates = (self.owner["spec"].get("updateStrategy") or {}).get("type") == "Recreate"
        if self.is_ordered and cause.blames_template and not recreates:
            return f"{remedy}; after a change of the template {_DELETE_TOO}: kubectl delete pod {name}"
        is_new = wait.get("pod") not in (name_of(self.owner), *self.by_name)
        if self.is_ordered and wait.get("rule") == 47 and is_new and remedy.startswith("fix "):
            return f"{remedy}, {_NOT_FOR_PARALLEL}"
        return remedy


def _is_replaced(wait: Document) -> bool:
    """The set has asked not to wait for ever (rule 52)."""
    return REPLACE_BROKEN_AFTER in str(wait.get("remedy"))


def _ordinal(pod: Document) -> int:
    return int(name_of(pod).rpartition("-")[2])


def _not_ready(name: str, cause: Cause) -> str:
    return f"{name} is not Ready: {cause.text}"


def _clause(sentence: object) -> str:
    """A sentence of the controller's as a part of a longer one."""
    text = str(sentence or "").rstrip(".")
    return text[:1].lower() + text[1:]


def _joined(*parts: str) -> str:
    return "; ".join(part.rstrip(";. ") for part in parts if part)
