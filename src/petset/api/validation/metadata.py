"""Names, labels, annotations, finalizers and owners: what is checked on every object alike."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from petset.api import names
from petset.api.kinds import DEFINITIONS, RBAC, REGISTRATION, Kind
from petset.api.models import meta_v1
from petset.api.objects import meta
from petset.api.validation.fields import Faults

NameCheck = Callable[[str], list[str]]
_NOTHING = meta_v1.ObjectMeta()

ANNOTATIONS_LIMIT_BYTES = 256 * 1024
_FIXED = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
_fixed = attrgetter(*_FIXED)
STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
# Since 1.37 the name of a Service may begin with a digit, as those of the others always could.
_LABEL_NAMES = {("apps", "StatefulSet"), ("", "Namespace"), ("", "Service")}


def name_check(kind: Kind) -> NameCheck:
    """Which names objects of this kind may have."""
    if kind.group in (RBAC, REGISTRATION):
        return names.path_segment
    return names.dns_label if (kind.group, kind.name) in _LABEL_NAMES else names.dns_subdomain


def check_metadata(kind: Kind, obj: Any, faults: Faults) -> None:
    """The metadata of a new object."""
    metadata = meta(obj)
    check = name_check(kind)
    if metadata.generateName:
        # A name is made by adding to it, so that a dash may end it.
        prefix = metadata.generateName
        faults.each("metadata.generateName", prefix, check(prefix[:-1] + "a" if prefix.endswith("-") else prefix))
    if not metadata.name:
        faults.required("metadata.name", "name or generateName is required")
    else:
        faults.each("metadata.name", metadata.name, check(metadata.name))
    if kind.namespaced:
        if not metadata.namespace:
            faults.required("metadata.namespace")
        else:
            faults.each("metadata.namespace", metadata.namespace, names.dns_label(metadata.namespace))
    elif metadata.namespace:
        faults.forbidden("metadata.namespace", "not allowed on this type")
    _check_contents(kind, metadata, _NOTHING, faults)


def check_metadata_update(kind: Kind, new: Any, old: Any, faults: Faults) -> None:
    """The metadata of an object that is there already: who it is may not change."""
    after, before = meta(new), meta(old)
    if _fixed(after) != _fixed(before):
        for name in _FIXED:
            faults.unchanged(f"metadata.{name}", getattr(after, name), getattr(before, name))
    if (after.generation or 0) < (before.generation or 0):
        faults.invalid("metadata.generation", after.generation or 0, "must not be decremented")
    if before.deletionTimestamp is not None:
        added = sorted(set(after.finalizers or ()) - set(before.finalizers or ()))
        if added:
            listed = ", ".join(f'"{each}"' for each in added)
            faults.forbidden(
                "metadata.finalizers",
                "no new finalizers can be added if the object is being deleted, "
                f"found new finalizers []string{{{listed}}}",
            )
    _check_contents(kind, after, before, faults)


def _check_contents(kind: Kind, metadata: meta_v1.ObjectMeta, before: meta_v1.ObjectMeta, faults: Faults) -> None:
    """What differs from `before`: the rest was found good when it was stored."""
    if metadata.labels != before.labels:
        check_labels("metadata.labels", metadata.labels, faults)
    if metadata.annotations != before.annotations:
        check_annotations("metadata.annotations", metadata.annotations, faults)
    if metadata.ownerReferences and metadata.ownerReferences != before.ownerReferences:
        _check_owners(metadata.ownerReferences, faults)
    if metadata.finalizers and metadata.finalizers != before.finalizers:
        _check_finalizers(metadata.finalizers, faults)
        if kind.custom is None and kind.group != DEFINITIONS:
            _check_known(metadata.finalizers, faults)


def check_labels(path: str, labels: Mapping[str, str] | None, faults: Faults) -> None:
    """Keys are qualified names, values label values."""
    for key, value in (labels or {}).items():
        for complaint in names.qualified_name(key):
            faults.invalid(path, key, complaint)
        for complaint in names.label_value(value):
            faults.invalid(path, value, complaint)


def check_annotations(path: str, annotations: Mapping[str, str] | None, faults: Faults) -> None:
    """Keys are qualified names, whatever their case; all of them together have a limit."""
    if not annotations:
        return
    size_bytes = 0
    for key, value in annotations.items():
        faults.each(path, key, names.qualified_name(key.lower()))
        size_bytes += len(key.encode()) + len(value.encode())
    if size_bytes > ANNOTATIONS_LIMIT_BYTES:
        faults.too_long(path, ANNOTATIONS_LIMIT_BYTES)


def check_template_metadata(path: str, metadata: meta_v1.ObjectMeta | None, faults: Faults) -> None:
    """Metadata of what is still to be made: labels and annotations, and nothing else."""
    if metadata is None:
        return
    check_annotations(f"{path}.annotations", metadata.annotations, faults)
    check_labels(f"{path}.labels", metadata.labels, faults)
    for field in metadata.__struct_fields__:
        if field not in ("annotations", "labels") and getattr(metadata, field) not in (None, "", [], {}, 0):
            faults.forbidden(f"{path}.{field}", "cannot be set")


def _check_owners(owners: list[meta_v1.OwnerReference], faults: Faults) -> None:
    path = "metadata.ownerReferences"
    for owner in owners:
        if not owner.apiVersion.rpartition("/")[2]:
            faults.invalid(f"{path}.apiVersion", owner.apiVersion, "version must not be empty")
        for name in ("kind", "name", "uid"):
            if not getattr(owner, name):
                faults.invalid(f"{path}.{name}", "", "must not be empty")
        if (owner.apiVersion, owner.kind) in (("v1", "Event"), ("events.k8s.io/v1", "Event")):
            faults.invalid(path, owner, f"{owner.apiVersion}, Kind=Event is disallowed from being an owner")
    managers = [owner.name for owner in owners if owner.controller]
    if len(managers) > 1:
        faults.invalid(
            path,
            [each.name for each in owners],
            'Only one reference can have Controller set to true. Found "true" in references for '
            f"{managers[0]} and {managers[1]}",
        )


def _check_finalizers(finalizers: list[str], faults: Faults) -> None:
    path = "metadata.finalizers"
    for finalizer in finalizers:
        faults.each(path, finalizer, names.qualified_name(finalizer))
    if "orphan" in finalizers and "foregroundDeletion" in finalizers:
        faults.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set")


def _check_known(finalizers: list[str], faults: Faults) -> None:
    """Among Kubernetes' own kinds a name without a slash is one of a few; custom kinds take any."""
    path = "metadata.finalizers"
    for index, finalizer in enumerate(finalizers):
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
            faults.invalid(
                f"{path}[{index}]",
                finalizer,
                "name is neither a standard finalizer name nor is it fully qualified",
            )
