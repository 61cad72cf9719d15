"""A replica's sticky identity: its name, its labels, its claims (rules 15-19, 24).

An ordinal determines a pod's name and the names of its claims, and nothing else does: a pod that comes back finds
its data and its peers find it. Pods and claims made here share the template's inner parts; nobody changes them.
"""

import re

import msgspec

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, namespace_of, owner_reference

POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"
REVISION_LABEL = "controller-revision-hash"
LONGEST_LABEL = 63

NO_ORDINAL = -1

_POD_NAME = re.compile(r"(.*)-([0-9]+)")
_LARGEST_ORDINAL = 2**31 - 1


def ordinal_of(set_name: str, pod_name: str) -> int | None:
    """The ordinal in a member's name; None for a pod that is no member of the set (rule 15).

    NO_ORDINAL marks a member that is left alone: its number does not fit an int32, or is not written the way the
    set writes it (`web-01` is not the pod of ordinal 1, which may exist beside it).
    """
    match = _POD_NAME.fullmatch(pod_name)
    if match is None or match[1] != set_name:
        return None
    ordinal = int(match[2])
    return ordinal if ordinal <= _LARGEST_ORDINAL and str(ordinal) == match[2] else NO_ORDINAL


def first_ordinal(stateful_set: apps_v1.StatefulSet) -> int:
    ordinals = stateful_set.spec.ordinals
    return (ordinals.start if ordinals else None) or 0


def wanted_replicas(stateful_set: apps_v1.StatefulSet) -> int:
    replicas = stateful_set.spec.replicas
    return 1 if replicas is None else replicas


def wanted_ordinals(stateful_set: apps_v1.StatefulSet) -> range:
    """The ordinals that the spec asks for."""
    first = first_ordinal(stateful_set)
    return range(first, first + wanted_replicas(stateful_set))


def pod_name(stateful_set: apps_v1.StatefulSet, ordinal: int) -> str:
    return f"{name_of(stateful_set)}-{ordinal}"


def claim_name(stateful_set: apps_v1.StatefulSet, template: core_v1.PersistentVolumeClaim, ordinal: int) -> str:
    return f"{name_of(template)}-{name_of(stateful_set)}-{ordinal}"


def claim_names(stateful_set: apps_v1.StatefulSet, ordinal: int) -> list[str]:
    """The names of all claims of one ordinal, in the order of the claim templates."""
    return [claim_name(stateful_set, t, ordinal) for t in stateful_set.spec.volumeClaimTemplates or ()]


def revision_of(pod: core_v1.Pod) -> str:
    """The pod's revision label, empty where it has none."""
    labels: dict[str, str] = meta(pod).labels or {}
    return labels.get(REVISION_LABEL, "")


def revision_label(set_name: str, revision_name: str) -> str:
    """How a pod's label names a revision: by its name, or by the hash alone where the name is too long for a label.

    With the name alone a set whose own name has 53 to 63 characters could never create a pod (rule 19, section M).
    """
    return revision_name if len(revision_name) <= LONGEST_LABEL else revision_name[len(set_name) + 1 :]


def new_pod(
    stateful_set: apps_v1.StatefulSet, template: core_v1.PodTemplateSpec, ordinal: int, revision: str
) -> core_v1.Pod:
    """The pod of one ordinal made from `template`; `revision` is the label of that template (rules 16, 17)."""
    assert template.spec is not None
    name = pod_name(stateful_set, ordinal)
    outer = template.metadata or meta_v1.ObjectMeta()
    labels = {**(outer.labels or {}), **_identity_labels(name, ordinal), REVISION_LABEL: revision}
    metadata = meta_v1.ObjectMeta(
        name=name,
        generateName=f"{name_of(stateful_set)}-",
        namespace=namespace_of(stateful_set),
        labels=labels,
        annotations=dict(outer.annotations) if outer.annotations else None,
        finalizers=list(outer.finalizers) if outer.finalizers else None,
        ownerReferences=[owner_reference(stateful_set)],
    )
    spec = msgspec.structs.replace(
        template.spec,
        hostname=name,
        subdomain=stateful_set.spec.serviceName or None,
        volumes=_volumes(stateful_set, ordinal, template.spec.volumes),
    )
    return core_v1.Pod(metadata=metadata, spec=spec)


def new_claim(
    stateful_set: apps_v1.StatefulSet,
    template: core_v1.PersistentVolumeClaim,
    ordinal: int,
    owners: list[meta_v1.OwnerReference],
) -> core_v1.PersistentVolumeClaim:
    """The claim of one ordinal: the whole template, the set's selector labels over its own (rule 24)."""
    outer = meta(template)
    labels = {**(outer.labels or {}), **(stateful_set.spec.selector.matchLabels or {})}
    metadata = meta_v1.ObjectMeta(
        name=claim_name(stateful_set, template, ordinal),
        namespace=namespace_of(stateful_set),
        labels=labels or None,
        annotations=dict(outer.annotations) if outer.annotations else None,
        finalizers=list(outer.finalizers) if outer.finalizers else None,
        ownerReferences=owners or None,
    )
    return core_v1.PersistentVolumeClaim(metadata=metadata, spec=template.spec)


def identity_matches(pod: core_v1.Pod) -> bool:
    """The pod-name label is right; a missing index label alone is no reason for a repair (rule 18)."""
    return (meta(pod).labels or {}).get(POD_NAME_LABEL) == name_of(pod)


def storage_matches(stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod, ordinal: int) -> bool:
    """Every claim template's volume of the pod references the ordinal's own claim."""
    assert pod.spec is not None
    templates = stateful_set.spec.volumeClaimTemplates
    if not templates:
        return True
    used = {
        volume.name: volume.persistentVolumeClaim.claimName
        for volume in pod.spec.volumes or ()
        if volume.persistentVolumeClaim is not None
    }
    return all(used.get(name_of(each)) == claim_name(stateful_set, each, ordinal) for each in templates)


def repaired(stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod, ordinal: int) -> core_v1.Pod:
    """The pod with its identity labels and volumes put right (rule 18)."""
    assert pod.spec is not None
    metadata, spec = meta(pod), pod.spec
    if not identity_matches(pod):
        labels = {**(metadata.labels or {}), **_identity_labels(name_of(pod), ordinal)}
        metadata = msgspec.structs.replace(metadata, labels=labels)
    if not storage_matches(stateful_set, pod, ordinal):
        spec = msgspec.structs.replace(spec, volumes=_volumes(stateful_set, ordinal, spec.volumes))
    return core_v1.Pod(metadata=metadata, spec=spec, status=pod.status)


def _identity_labels(name: str, ordinal: int) -> dict[str, str]:
    return {POD_NAME_LABEL: name, POD_INDEX_LABEL: str(ordinal)}


def _volumes(
    stateful_set: apps_v1.StatefulSet, ordinal: int, others: list[core_v1.Volume] | None
) -> list[core_v1.Volume] | None:
    """A volume for each claim template, before the others; a volume of the same name gives way (rule 24)."""
    templates = stateful_set.spec.volumeClaimTemplates or ()
    if not templates:
        return others
    own = [
        core_v1.Volume(
            name=name_of(template),
            persistentVolumeClaim=core_v1.PersistentVolumeClaimVolumeSource(
                claimName=claim_name(stateful_set, template, ordinal)
            ),
        )
        for template in templates
    ]
    taken = {volume.name for volume in own}
    return own + [volume for volume in others or () if volume.name not in taken]
