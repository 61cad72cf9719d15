"""Keeps the roster of every set up with the caches, one pod or claim at a time.

An event only marks a name; what is there now is read when the set is looked at, so that many events of one pod
cost one entry, and lost order costs nothing. When the set's spec changes its roster is made anew. Now and then a
roster is also made anew only to be compared: if the two ever differ, the fresh one counts and the log says so.
"""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, namespace_of, uid_of
from petset.api.options import options_of
from petset.client.audience import METADATA
from petset.client.informer import Informer
from petset.controllers.statefulset.roster import Roster, roster_of

AUDIT_SECONDS = 600.0

_NUMBERED = re.compile(r"(.*)-([0-9]+)")
_log = logging.getLogger(__name__)


class SetKey(NamedTuple):
    """A set to look at."""

    namespace: str
    name: str


def orphan_parent(pod: core_v1.Pod) -> Iterable[str]:
    """Index of the pods that nobody manages: the one set that may adopt them, as `namespace/name` (rule 15)."""
    match = _NUMBERED.fullmatch(name_of(pod)) if controller_of(pod) is None else None
    return () if match is None else (f"{namespace_of(pod)}/{match[1]}",)


def owned_differently(old: core_v1.Pod | None, new: core_v1.Pod | None) -> list[core_v1.Pod]:
    """Of two versions of a pod those that may concern different sets; None where there is none."""
    if new is None or (old is not None and meta(old).ownerReferences != meta(new).ownerReferences):
        return [pod for pod in (old, new) if pod is not None]
    return [new]


def concerned(pod: core_v1.Pod) -> SetKey | None:
    """The set that manages the pod, or that may adopt it."""
    owner = controller_of(pod)
    if owner is not None:
        return SetKey(namespace_of(pod), owner.name) if owner.kind == "StatefulSet" else None
    return next((SetKey(*parent.split("/", 1)) for parent in orphan_parent(pod)), None)


@dataclass
class _Page:
    """One set's roster, what it was made from, and the names of the pods to look at again."""

    uid: str
    basis: tuple[object, ...]
    roster: Roster
    audited: datetime
    claim_prefixes: list[str]
    marked: dict[str, None] = field(default_factory=dict)


class NamespaceClaims:
    """`Claims` of one namespace, as the cache has them at the moment."""

    def __init__(self, claims: Informer[core_v1.PersistentVolumeClaim], namespace: str) -> None:
        self._claims = claims
        self._namespace = namespace

    def get(self, name: str, /) -> core_v1.PersistentVolumeClaim | None:
        return self._claims.get(name, self._namespace)


class Ledger:
    """The rosters of all sets. `corrections` counts how often the check has found one wrong: never, we say."""

    def __init__(
        self,
        pods: Informer[core_v1.Pod],
        claims: Informer[core_v1.PersistentVolumeClaim],
        audit_seconds: float = AUDIT_SECONDS,
    ) -> None:
        self._pods = pods
        self._claims = claims
        self._audit_after = timedelta(seconds=audit_seconds)
        self._pages: dict[SetKey, _Page] = {}
        self._uids: dict[str, SetKey] = {}
        self._claim_prefixes: dict[tuple[str, str], SetKey] = {}
        self.corrections = 0
        pods.on_change(self._pod_changed)
        claims.on_change(self._claim_changed, METADATA)

    def roster(self, stateful_set: apps_v1.StatefulSet, now: datetime) -> Roster:
        """The set's roster as of now."""
        key = SetKey(namespace_of(stateful_set), name_of(stateful_set))
        leave_strays = options_of(meta(stateful_set).annotations).leave_strays
        basis = uid_of(stateful_set), meta(stateful_set).generation, is_terminating(stateful_set), leave_strays
        page = self._pages.get(key)
        if page is None or page.basis != basis:
            self.forget(key)
            page = self._open(key, basis, stateful_set, now)
        self._bring_up(key, page, now)
        if now - page.audited >= self._audit_after:
            self._audit(key, page, stateful_set, now)
        return page.roster

    def claims_of(self, namespace: str) -> NamespaceClaims:
        """The namespace's claims."""
        return NamespaceClaims(self._claims, namespace)

    def forget(self, key: SetKey) -> None:
        """The set is gone, or is another one now."""
        page = self._pages.pop(key, None)
        if page is None:
            return
        del self._uids[page.uid]
        for prefix in page.claim_prefixes:
            self._claim_prefixes.pop((key.namespace, prefix), None)

    def _open(
        self, key: SetKey, basis: tuple[object, ...], stateful_set: apps_v1.StatefulSet, now: datetime
    ) -> _Page:
        templates = stateful_set.spec.volumeClaimTemplates or ()
        prefixes = [f"{name_of(template)}-{key.name}" for template in templates]
        uid = uid_of(stateful_set)
        page = self._pages[key] = _Page(uid, basis, self._made_anew(stateful_set, now), now, prefixes)
        self._uids[uid] = key
        self._claim_prefixes.update(((key.namespace, prefix), key) for prefix in prefixes)
        return page

    def _bring_up(self, key: SetKey, page: _Page, now: datetime) -> None:
        for name in page.marked:
            pod = self._pods.get(name, key.namespace)
            if pod is None:
                page.roster.remove(name)
            else:
                page.roster.put(pod, now)
        page.marked.clear()
        page.roster.ripen(now)

    def _audit(self, key: SetKey, page: _Page, stateful_set: apps_v1.StatefulSet, now: datetime) -> None:
        """The check that costs as much as the set has pods."""
        fresh = self._made_anew(stateful_set, now)
        if not fresh.same_as(page.roster):
            self.corrections += 1
            _log.error("the roster of %s/%s was wrong and is made anew: please report this", *key)
            page.roster = fresh
        page.audited = now

    def _made_anew(self, stateful_set: apps_v1.StatefulSet, now: datetime) -> Roster:
        namespace = namespace_of(stateful_set)
        owned = self._pods.by_index("controller-uid", uid_of(stateful_set))
        orphans = self._pods.by_index("orphan-parent", f"{namespace}/{name_of(stateful_set)}")
        return roster_of(stateful_set, (*owned, *orphans), self.claims_of(namespace), now)

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        for pod in owned_differently(old, new):
            owner = controller_of(pod)
            key = self._uids.get(owner.uid) if owner is not None else concerned(pod)
            if key is not None and key in self._pages:
                self._pages[key].marked[name_of(pod)] = None

    def _claim_changed(
        self, old: core_v1.PersistentVolumeClaim | None, new: core_v1.PersistentVolumeClaim | None
    ) -> None:
        """A claim wakes no set (rule 30), but what its ordinal needs is to be found out again at the next look."""
        claim = new or old
        assert claim is not None
        match = _NUMBERED.fullmatch(name_of(claim))
        key = self._claim_prefixes.get((namespace_of(claim), match[1])) if match is not None else None
        if key is not None and match is not None:
            self._pages[key].marked[f"{key.name}-{match[2]}"] = None
