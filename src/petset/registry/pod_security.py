"""Holds pods to the security level that their namespace's labels name; without such labels there is nothing to pay.

A pod is looked at when it comes and when it runs something new. What only makes pods is let in, and its author is
warned of pods that will be refused or that the namespace does not like.
"""

from typing import Any

from petset.api import objects
from petset.api.kinds import Kind
from petset.api.models import apps_v1, batch_v1, core_v1
from petset.registry import refusals
from petset.registry.memo import memo_of
from petset.storage.port import Key, Store

ENFORCE, WARN = "pod-security.kubernetes.io/enforce", "pod-security.kubernetes.io/warn"
_CONCERNED = frozenset((
    core_v1.Pod, core_v1.PodTemplate, core_v1.ReplicationController, apps_v1.DaemonSet, apps_v1.Deployment,
    apps_v1.ReplicaSet, apps_v1.StatefulSet, batch_v1.Job, batch_v1.CronJob,
))  # fmt: skip


def check(store: Store, kind: Kind, new: Any, old: Any, warnings: list[str]) -> None:
    """Raises Forbidden for a pod beyond the level. `old` is None for a new object; warnings are added."""
    if kind.model not in _CONCERNED:
        return
    namespace = store.get(Key("namespaces", "", objects.namespace_of(new)))
    labels = memo_of(namespace).labels if namespace is not None else {}
    if ENFORCE not in labels and WARN not in labels:
        return
    from petset.api.pod_security import levels  # only where a namespace asks for it

    spec, before = levels.pod_spec_of(new), levels.pod_spec_of(old) if old is not None else None
    if spec is None or (before is not None and _runs_the_same(spec, before)):
        return
    why = levels.refusal(labels, spec) if kind.model is core_v1.Pod else ""
    if why:
        raise refusals.forbidden(kind, objects.name_of(new), why)
    odd = levels.warning(labels, spec)
    if odd:
        warnings.append(odd)


def _runs_the_same(spec: core_v1.PodSpec, before: core_v1.PodSpec) -> bool:
    """Nothing has changed that a level looks at: of a stored pod only images and its guests can."""
    return spec == before or _programs(spec) == _programs(before)


def _programs(spec: core_v1.PodSpec) -> list[Any]:
    containers = (*(spec.initContainers or ()), *spec.containers)
    return [[(container.name, container.image) for container in containers], spec.ephemeralContainers]
