"""What an object uses of one quota: only what the quota limits, and only of objects within its scopes."""

from collections.abc import Hashable, Iterator
from typing import Any

from petset.api import amounts
from petset.api.models import core_v1
from petset.api.qos import qos_class
from petset.api.quantity import Quantity
from petset.api.quotas.names import PODS, tracked
from petset.api.quotas.usage import NONE, Usage, usage_of
from petset.api.selectors import Requirement

NOTHING: Usage = {}


def charge(quota: core_v1.ResourceQuota, resource: str, obj: Any) -> Usage:
    """What the object uses of the quota, by the names in its `hard`."""
    names = tracked(hard_of(quota), resource)
    if not names or not in_scope(quota, resource, obj):
        return NOTHING
    return {name: amount for name, amount in usage_of(resource, obj).items() if name in names}


def hard_of(quota: core_v1.ResourceQuota) -> dict[str, str]:
    """The limits that the quota sets."""
    return (quota.spec.hard if quota.spec else None) or {}


def in_scope(quota: core_v1.ResourceQuota, resource: str, obj: Any) -> bool:
    """Whether the object is one that the quota is about. Scopes are about pods alone."""
    selectors = list(_selectors(quota))
    return not selectors or (resource == PODS and all(_selects(selector, obj) for selector in selectors))


def above(new: Usage, old: Usage) -> dict[str, Quantity]:
    """What `new` uses more than `old`, where it is more."""
    more = {name: amount - old.get(name, NONE) for name, amount in new.items()}
    return {name: amount for name, amount in more.items() if amount.nanos > 0}


def described(usage: Usage) -> str:
    """`cpu=1,pods=2`, as messages show it."""
    return ",".join(f"{name}={usage[name]}" for name in sorted(usage))


def excess(quota: core_v1.ResourceQuota, used: Usage, requested: Usage) -> str:
    """Why there is no room for what is requested, in Kubernetes' words; empty where there is."""
    hard = amounts.parsed(hard_of(quota))
    taken = {name: used.get(name, NONE) for name in requested}
    over = [name for name, more in requested.items() if (taken[name] + more).nanos > hard[name].nanos]
    if not over:
        return ""
    asked, had, most = (described({name: each[name] for name in over}) for each in (requested, taken, hard))
    name = quota.metadata.name if quota.metadata else ""
    return f"exceeded quota: {name}, requested: {asked}, used: {had}, limited: {most}"


class Tally:
    """What many objects use of one quota, kept up object by object."""

    def __init__(self) -> None:
        self.used: dict[str, Quantity] = {}
        self._parts: dict[Hashable, Usage] = {}

    def put(self, key: Hashable, usage: Usage) -> bool:
        """The object at `key` uses this much now; nothing takes it out. Whether the sum has changed."""
        before = self._parts.get(key, NOTHING)
        if usage:
            self._parts[key] = usage
        else:
            self._parts.pop(key, None)
        if before == usage:
            return False
        for name in {**before, **usage}:
            self.used[name] = self.used.get(name, NONE) + usage.get(name, NONE) - before.get(name, NONE)
        return True

    def of(self, key: Hashable) -> Usage:
        """What the object at `key` uses."""
        return self._parts.get(key, NOTHING)


def _selectors(quota: core_v1.ResourceQuota) -> Iterator[core_v1.ScopedResourceSelectorRequirement]:
    spec = quota.spec or core_v1.ResourceQuotaSpec()
    for scope in spec.scopes or ():
        yield core_v1.ScopedResourceSelectorRequirement(operator="Exists", scopeName=scope)
    yield from (spec.scopeSelector.matchExpressions if spec.scopeSelector else None) or ()


def _selects(selector: core_v1.ScopedResourceSelectorRequirement, pod: core_v1.Pod) -> bool:
    spec = pod.spec
    assert spec
    match selector.scopeName:
        case "Terminating" | "NotTerminating":
            return (spec.activeDeadlineSeconds is not None) == (selector.scopeName == "Terminating")
        case "BestEffort" | "NotBestEffort":
            return (qos_class(pod) == "BestEffort") == (selector.scopeName == "BestEffort")
        case "PriorityClass":
            return _has_priority(selector, spec.priorityClassName)
        case "CrossNamespacePodAffinity":
            return _looks_elsewhere(spec.affinity)
    return False


def _has_priority(selector: core_v1.ScopedResourceSelectorRequirement, name: str | None) -> bool:
    label = {"class": name} if name else {}
    requirement = Requirement("class", selector.operator, frozenset(selector.values or ()))  # type: ignore[arg-type]
    return requirement.matches(label)


def _looks_elsewhere(affinity: core_v1.Affinity | None) -> bool:
    """Whether the pod wants to be near, or far from, pods of other namespaces."""
    terms: list[core_v1.PodAffinityTerm] = []
    for each in (affinity.podAffinity, affinity.podAntiAffinity) if affinity else ():
        if each is not None:
            terms += each.requiredDuringSchedulingIgnoredDuringExecution or ()
            terms += (w.podAffinityTerm for w in each.preferredDuringSchedulingIgnoredDuringExecution or ())
    return any(term.namespaces or term.namespaceSelector is not None for term in terms)
