"""What a request to delete an object does to it: decided here, purely, carried out by `registry.py`.

An object goes at once unless something holds it: a grace period (pods only), finalizers, or for a namespace the
content that must go first. What holds it is written into the object, so that a crash forgets nothing and whoever is
responsible (the node's agent, a controller, the garbage collector) sees what is asked of it.

A second request never makes an object live longer: it may only shorten the grace period.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from petset.api import objects
from petset.api.definitions import Definition
from petset.api.kinds import Kind
from petset.api.models import batch_v1, core_v1, meta_v1
from petset.api.validation.fields import Faults
from petset.registry import definitions, refusals

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
LONGEST_GRACE_SECONDS = 2**36
"""Two thousand years: a longer grace period would end after the calendar does."""
IMMORTAL_NAMESPACES = frozenset({"default", "kube-system", "kube-public"})
_NAMESPACE_BUSY = (
    "The system is ensuring all content is removed from this namespace.  "
    "Upon completion, this namespace will automatically be purged by the system."
)
_LEAVE_THEIR_PODS = (batch_v1.Job, core_v1.ReplicationController)
"""Kinds whose dependents stay unless a deletion says otherwise, for the sake of clients older than the policies."""
_PODS_STAY = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them "
    "or set propagationPolicy=Orphan to suppress this warning"
)


@dataclass(frozen=True)
class Gone:
    """Remove it now; `obj` is its last state."""

    obj: Any


@dataclass(frozen=True)
class Marked:
    """Store `obj`: the wish is written down, and something holds the object for now."""

    obj: Any


@dataclass(frozen=True)
class Unchanged:
    """An earlier request already asks for at least as much."""


Decision = Gone | Marked | Unchanged


def decide(kind: Kind, obj: Any, options: meta_v1.DeleteOptions, now: datetime) -> Decision:
    """What deleting `obj` comes to. `obj` itself is not changed. Raises Conflict, Forbidden or Invalid."""
    check_options(options)
    check_preconditions(kind, obj, options.preconditions)
    changed = objects.with_own_metadata(obj)
    if kind.model is core_v1.Namespace:
        return _delete_namespace(kind, changed, options, now)
    if kind.model is Definition and objects.meta(obj).deletionTimestamp is None:
        return Marked(definitions.marked(changed, now))
    graceful = kind.model is core_v1.Pod
    if graceful and not _start_or_shorten(changed, options, now):
        return Unchanged()
    metadata = objects.meta(changed)
    metadata.finalizers = _with_propagation(kind, metadata.finalizers or (), options)
    if metadata.finalizers:
        _mark(metadata, now)
        return Marked(changed) if changed != obj else Unchanged()
    if graceful and metadata.deletionGracePeriodSeconds:
        return Marked(changed)
    return Gone(changed)


def warnings(kind: Kind, options: meta_v1.DeleteOptions) -> Sequence[str]:
    """What whoever deletes is told."""
    silent = options.propagationPolicy is None and options.orphanDependents is None
    return (_PODS_STAY,) if kind.model is batch_v1.Job and silent else ()


def ends_with_update(kind: Kind, new: Any, old: Any) -> bool:
    """Whether an update took away the last thing that held a terminating object."""
    was, now = objects.meta(old), objects.meta(new)
    if was.deletionTimestamp is None or now.finalizers:
        return False
    if kind.model is core_v1.Namespace:
        return not (new.spec and new.spec.finalizers)
    return not was.deletionGracePeriodSeconds


def check_preconditions(kind: Kind, obj: Any, wanted: meta_v1.Preconditions | None) -> None:
    """Raises Conflict unless the object is the very one, in the very version, that the client means."""
    if wanted is None:
        return
    metadata = objects.meta(obj)
    name = metadata.name or ""
    if wanted.uid is not None and wanted.uid != metadata.uid:
        why = (
            f"the UID in the precondition ({wanted.uid}) does not match the UID in record ({metadata.uid}). "
            "The object might have been deleted and then recreated"
        )
        raise refusals.conflict(kind, name, why, resource=kind.name)
    if wanted.resourceVersion is not None and wanted.resourceVersion != metadata.resourceVersion:
        why = (
            f"the ResourceVersion in the precondition ({wanted.resourceVersion}) does not match "
            f"the ResourceVersion in record ({metadata.resourceVersion}). The object might have been modified"
        )
        raise refusals.conflict(kind, name, why, resource=kind.name)


def check_options(options: meta_v1.DeleteOptions) -> None:
    """Raises Invalid for what cannot be meant."""
    policy, faults = options.propagationPolicy, Faults()
    if policy is not None and options.orphanDependents is not None:
        what = "orphanDependents and deletionPropagation cannot be both set"
        faults.invalid("propagationPolicy", policy, what)
    if policy not in (None, "Foreground", "Background", "Orphan"):
        faults.not_supported("propagationPolicy", policy, ("Foreground", "Background", "Orphan", "nil"))
    if any(each != "All" for each in options.dryRun or ()):
        faults.not_supported("dryRun", options.dryRun, ("All",))
    if faults.causes:
        raise refusals.invalid_options(tuple(faults.causes))


def _delete_namespace(
    kind: Kind, namespace: core_v1.Namespace, options: meta_v1.DeleteOptions, now: datetime
) -> Decision:
    metadata = objects.meta(namespace)
    name = metadata.name or ""
    if name in IMMORTAL_NAMESPACES:
        raise refusals.forbidden(kind, name, "this namespace may not be deleted")
    if metadata.deletionTimestamp is None:
        metadata.deletionTimestamp = now
        namespace.status = objects.replace(namespace.status or core_v1.NamespaceStatus(), phase="Terminating")
        return Marked(namespace)
    if namespace.spec and namespace.spec.finalizers:
        raise refusals.conflict(kind, name, _NAMESPACE_BUSY)
    if metadata.finalizers:
        return Unchanged()
    return Gone(namespace)


def _start_or_shorten(pod: core_v1.Pod, options: meta_v1.DeleteOptions, now: datetime) -> bool:
    """Set the pod's grace period. False where an earlier request already gives it no more than this one."""
    metadata = objects.meta(pod)
    asked = options.gracePeriodSeconds
    if asked is not None and asked < 0:
        asked = 1
    if metadata.deletionTimestamp is None:
        grace = _grace_seconds(pod, asked)
        _bump_generation(metadata)
        metadata.deletionTimestamp = now + timedelta(seconds=grace)
        metadata.deletionGracePeriodSeconds = grace
        return True
    running = metadata.deletionGracePeriodSeconds or 0
    if running == 0:
        return True
    if asked is None or asked >= running:
        return False
    metadata.deletionTimestamp += timedelta(seconds=asked - running)
    metadata.deletionGracePeriodSeconds = asked
    return True


def _grace_seconds(pod: core_v1.Pod, asked: int | None) -> int:
    """A pod that no node has started, or whose containers have all ended, needs no time to stop."""
    assert pod.spec is not None
    if not pod.spec.nodeName or (pod.status and pod.status.phase in ("Failed", "Succeeded")):
        return 0
    seconds = asked if asked is not None else pod.spec.terminationGracePeriodSeconds or 0
    return min(seconds, LONGEST_GRACE_SECONDS) if seconds >= 0 else 1


def _with_propagation(kind: Kind, finalizers: Sequence[str], options: meta_v1.DeleteOptions) -> list[str] | None:
    """The finalizers that make the garbage collector treat the dependents as asked (rule 11)."""
    policy = options.propagationPolicy
    if options.orphanDependents is not None:
        policy = "Orphan" if options.orphanDependents else "Background"
    if policy is None and kind.model in _LEAVE_THEIR_PODS and not {ORPHAN, FOREGROUND} & set(finalizers):
        policy = "Orphan"
    if policy is None:
        return list(finalizers) or None
    kept = [f for f in finalizers if f not in (ORPHAN, FOREGROUND)]
    if policy == "Orphan":
        kept.append(ORPHAN)
    elif policy == "Foreground":
        kept.append(FOREGROUND)
    return kept or None


def _mark(metadata: meta_v1.ObjectMeta, now: datetime) -> None:
    """Terminating from now on. A pod's own grace period, where one runs, stays as it is."""
    if metadata.deletionTimestamp is not None:
        return
    _bump_generation(metadata)
    metadata.deletionTimestamp = now
    metadata.deletionGracePeriodSeconds = 0


def _bump_generation(metadata: meta_v1.ObjectMeta) -> None:
    if metadata.generation:
        metadata.generation += 1
