"""Which pods belong to the set (rule 42).

A pod belongs by ownership, and ownership follows the selector: a pod that lost the labels is let go, an orphan that
has them (and a name of the set) is taken in. A set that is being deleted does neither.
"""

from dataclasses import dataclass

from petset.api.models import core_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, uid_of
from petset.api.selectors import Selector
from petset.controllers.statefulset.identity import ordinal_of
from petset.controllers.statefulset.model import Action, AdoptPod, Member, ReleasePod, Snapshot


@dataclass(frozen=True)
class Membership:
    """The pods to count as the set's from now on, and the changes of ownership that make them so."""

    members: tuple[Member, ...]
    actions: tuple[Action, ...]


def decide(snapshot: Snapshot) -> Membership:
    """Keep, release and adopt; pods of other controllers are left alone."""
    members: list[Member] = []
    actions: list[Action] = []
    belongs = _Belongs(snapshot)
    for pod in snapshot.pods:
        ordinal = belongs(pod)
        change = _change(snapshot, pod, matches=ordinal is not None)
        if change is not None:
            actions.append(change)
        if ordinal is not None and (_is_owned(snapshot, pod) or change is not None):
            members.append(Member(ordinal, pod))
    return Membership(tuple(members), tuple(actions))


class _Belongs:
    """The ordinal of a pod whose labels and name make it the set's, else None."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._selector = Selector.from_struct(snapshot.set.spec.selector)
        self._set_name = name_of(snapshot.set)

    def __call__(self, pod: core_v1.Pod) -> int | None:
        ordinal = ordinal_of(self._set_name, name_of(pod))
        return ordinal if ordinal is not None and self._selector.matches(meta(pod).labels) else None


def _is_owned(snapshot: Snapshot, pod: core_v1.Pod) -> bool:
    owner = controller_of(pod)
    return owner is not None and owner.uid == uid_of(snapshot.set)


def _change(snapshot: Snapshot, pod: core_v1.Pod, *, matches: bool) -> Action | None:
    if is_terminating(snapshot.set):
        return None
    if _is_owned(snapshot, pod):
        return None if matches else ReleasePod(pod)
    if controller_of(pod) is None and matches and not is_terminating(pod):
        return AdoptPod(pod)
    return None
