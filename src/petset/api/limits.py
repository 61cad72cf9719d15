"""What a LimitRange says of pods and claims: what a container gets that says nothing itself, and what is too much.

Defaults are filled in before an object is validated, and the bounds are checked last, so that whatever else has
changed the object meanwhile is held to them too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from petset.api import amounts
from petset.api.models import core_v1
from petset.api.objects import copy, meta
from petset.api.quantity import Quantity

ANNOTATION = "kubernetes.io/limit-ranger"
Quantities = Mapping[str, Quantity]
Check = Callable[[str, str, Quantity, Quantities, Quantities], str]
"""Given the type of limit, the resource, its bound, requests and limits: what is wrong, empty where nothing is."""


def complete_pod(pod: core_v1.Pod, ranges: Iterable[core_v1.LimitRange]) -> None:
    """Give containers the requests and limits that they leave out, and say in an annotation which."""
    for limit_range in ranges:
        given = list(_filled_in(pod, limit_range))
        if given:
            annotations = meta(pod).annotations = meta(pod).annotations or {}
            annotations[ANNOTATION] = f"LimitRanger plugin set: {'; '.join(given)}"


def pod_faults(pod: core_v1.Pod, limit_range: core_v1.LimitRange) -> list[str]:
    """What of a pod is outside the bounds, in Kubernetes' words."""
    spec = pod.spec
    assert spec
    found: list[str] = []
    for item in _items(limit_range, "Container"):
        for container in (*spec.containers, *(spec.initContainers or ())):
            found += _faults(item, _requests(container), _limits(container))
    for item in _items(limit_range, "Pod"):
        requests, limits = (_together(pod, which) for which in ("requests", "limits"))
        found += _faults(item, requests, limits)
    return list(dict.fromkeys(found))


def claim_faults(claim: core_v1.PersistentVolumeClaim, limit_range: core_v1.LimitRange) -> list[str]:
    """The same for what a claim asks for; a claim's limits do not count."""
    resources = claim.spec.resources if claim.spec else None
    requests = amounts.parsed(resources.requests if resources else None)
    found: list[str] = []
    for item in _items(limit_range, "PersistentVolumeClaim"):
        found += _broken(item, item.min, below_least, requests, {})
        found += _broken(item, item.max, above_most_requested, requests, {})
    return list(dict.fromkeys(found))


def summary(faults: Sequence[str]) -> str:
    """One fault as it is, several in brackets."""
    return faults[0] if len(faults) == 1 else f"[{', '.join(faults)}]"


def _filled_in(pod: core_v1.Pod, limit_range: core_v1.LimitRange) -> Iterator[str]:
    """Fill in the defaults; what was set, container by container."""
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for item in _items(limit_range, "Container"):
        requests |= item.defaultRequest or {}
        limits |= item.default or {}
    spec = pod.spec
    assert spec
    for what, field in (("container", "containers"), ("init container", "initContainers")):
        # Containers may be shared with other pods: what is changed is a copy.
        containers = [copy(container) for container in getattr(spec, field) or ()]
        setattr(spec, field, containers or getattr(spec, field))
        for container in containers:
            resources = container.resources = container.resources or core_v1.ResourceRequirements()
            for which, word, defaults in (("requests", "request", requests), ("limits", "limit", limits)):
                own = getattr(resources, which) or {}
                missing = sorted(defaults.keys() - own.keys())
                if missing:
                    setattr(resources, which, {**own, **{name: defaults[name] for name in missing}})
                    yield f"{', '.join(missing)} {word} for {what} {container.name}"


def _items(limit_range: core_v1.LimitRange, kind: str) -> Iterator[core_v1.LimitRangeItem]:
    return (item for item in (limit_range.spec.limits if limit_range.spec else None) or () if item.type == kind)


def _requests(container: core_v1.Container) -> Quantities:
    return amounts.parsed(container.resources.requests if container.resources else None)


def _limits(container: core_v1.Container) -> Quantities:
    return amounts.parsed(container.resources.limits if container.resources else None)


def _together(pod: core_v1.Pod, which: str) -> Quantities:
    """What the pod says for itself, and for the rest what its containers come to."""
    assert pod.spec
    own = getattr(pod.spec.resources, which) if pod.spec.resources else None
    return amounts.of_pod(pod, _requests if which == "requests" else _limits) | amounts.parsed(own)


def _faults(item: core_v1.LimitRangeItem, requests: Quantities, limits: Quantities) -> Iterator[str]:
    yield from _broken(item, item.min, below_least, requests, limits)
    yield from _broken(item, item.max, above_most, requests, limits)
    yield from _broken(item, item.maxLimitRequestRatio, above_ratio, requests, limits)


def _broken(
    item: core_v1.LimitRangeItem,
    bounds: Mapping[str, str] | None,
    check: Check,
    requests: Quantities,
    limits: Quantities,
) -> Iterator[str]:
    for name, bound in sorted(amounts.parsed(bounds).items()):
        fault = check(item.type, name, bound, requests, limits)
        if fault:
            yield fault


def below_least(of: str, name: str, least: Quantity, requests: Quantities, limits: Quantities) -> str:
    """Both must reach the minimum, and the request must be there."""
    rule = f"minimum {name} usage per {of} is {least}"
    if name not in requests:
        return f"{rule}.  No request is specified"
    if requests[name] < least:
        return f"{rule}, but request is {requests[name]}"
    return f"{rule}, but limit is {limits[name]}" if name in limits and limits[name] < least else ""


def above_most(of: str, name: str, most: Quantity, requests: Quantities, limits: Quantities) -> str:
    """Neither may go beyond the maximum, and the limit must be there."""
    rule = f"maximum {name} usage per {of} is {most}"
    if name not in limits:
        return f"{rule}.  No limit is specified"
    if limits[name] > most:
        return f"{rule}, but limit is {limits[name]}"
    return f"{rule}, but request is {requests[name]}" if name in requests and requests[name] > most else ""


def above_most_requested(of: str, name: str, most: Quantity, requests: Quantities, limits: Quantities) -> str:
    """The same where there are no limits to look at."""
    rule = f"maximum {name} usage per {of} is {most}"
    if name not in requests:
        return f"{rule}.  No request is specified"
    return f"{rule}, but request is {requests[name]}" if requests[name] > most else ""


def above_ratio(of: str, name: str, most: Quantity, requests: Quantities, limits: Quantities) -> str:
    """The limit may be only so many times the request; both must be there."""
    rule = f"{name} max limit to request ratio per {of} is {most}"
    for word, listed in (("request", requests), ("limit", limits)):
        if name not in listed or not listed[name].nanos:
            return f"{rule}, but no {word} is specified or {word} is 0"
    if limits[name].nanos * 10**9 <= most.nanos * requests[name].nanos:
        return ""
    return f"{rule}, but provided ratio is {limits[name].nanos / requests[name].nanos:f}"
