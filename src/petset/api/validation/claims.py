"""Claims of persistent volumes, on their own or as the templates of sets and pods."""

from typing import Any

from petset.api import names, quantity
from petset.api.equality import same_meaning
from petset.api.models import core_v1
from petset.api.objects import meta, replace
from petset.api.validation.fields import AT_LEAST_ZERO, Faults
from petset.api.validation.selectors import check_label_selector

ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")
NOT_POSITIVE = "must be greater than zero"
IMMUTABLE_CLAIM = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_STORAGE = "spec.resources.requests.storage"
_RESIZE_STATES = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible",
    "NodeResizePending",
)  # fmt: skip


def check_claim(claim: core_v1.PersistentVolumeClaim, faults: Faults) -> None:
    """A new claim."""
    assert claim.spec is not None
    check_claim_spec("spec", claim.spec, faults)


def check_claim_spec(path: str, spec: core_v1.PersistentVolumeClaimSpec, faults: Faults) -> None:
    """What is claimed, in a claim or in a claim template."""
    if not spec.accessModes:
        faults.required(f"{path}.accessModes", "at least 1 access mode is required")
    check_label_selector(f"{path}.selector", spec.selector, faults)
    check_modes(path, spec.accessModes, faults)
    storage = ((spec.resources.requests if spec.resources else None) or {}).get("storage")
    if storage is None:
        faults.required(f"{path}.resources[storage]")
    elif quantity.parse(storage).nanos <= 0:
        faults.invalid(f"{path}.resources[storage]", storage, NOT_POSITIVE)
    check_class(f"{path}.storageClassName", spec.storageClassName, faults)
    if spec.volumeMode is not None and spec.volumeMode not in VOLUME_MODES:
        faults.not_supported(f"{path}.volumeMode", spec.volumeMode, VOLUME_MODES)
    if spec.dataSource is not None or spec.dataSourceRef is not None:
        _check_sources(path, spec, faults)
    check_class(f"{path}.volumeAttributesClassName", spec.volumeAttributesClassName, faults)


def check_class(path: str, name: str | None, faults: Faults) -> None:
    """The name of a class of volumes; an empty one asks for none."""
    if name:
        faults.each(path, name, names.dns_subdomain(name))


def check_modes(path: str, modes: list[str] | None, faults: Faults) -> None:
    """How many may use a volume, and for what."""
    for mode in modes or ():
        if mode not in ACCESS_MODES:
            faults.not_supported(f"{path}.accessModes", mode, ACCESS_MODES)
    known = {mode for mode in modes or () if mode in ACCESS_MODES}
    if "ReadWriteOncePod" in known and len(known) > 1:
        faults.forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes")


def _check_sources(path: str, spec: core_v1.PersistentVolumeClaimSpec, faults: Faults) -> None:
    """What a volume is filled with at first: the older field and the newer one say the same."""
    source, reference = spec.dataSource, spec.dataSourceRef
    for name, each in (("dataSource", source), ("dataSourceRef", reference)):
        if each is not None:
            _check_source(f"{path}.{name}", each, faults)
    if source is None or reference is None:
        return
    if reference.namespace:
        faults.invalid(path, f"{path}.dataSource", "may not be specified when dataSourceRef.namespace is specified")
    elif (source.apiGroup, source.kind, source.name) != (reference.apiGroup, reference.kind, reference.name):
        faults.invalid(path, f"{path}.dataSource", "must match dataSourceRef")


def _check_source(path: str, source: Any, faults: Faults) -> None:
    for field in ("name", "kind"):
        if not getattr(source, field):
            faults.required(f"{path}.{field}")
    if not source.apiGroup and source.kind != "PersistentVolumeClaim":
        what = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        faults.invalid(path, source.kind, what)
    if source.apiGroup:
        faults.each(f"{path}.apiGroup", source.apiGroup, names.dns_subdomain(source.apiGroup))
    namespace = getattr(source, "namespace", None)
    if namespace:
        faults.each(f"{path}.namespace", namespace, names.dns_label(namespace))


def check_claim_update(
    new: core_v1.PersistentVolumeClaim, old: core_v1.PersistentVolumeClaim, faults: Faults
) -> None:
    """A claim may be bound once, and a bound one may grow."""
    after, before = new.spec, old.spec
    assert after is not None and before is not None
    beta_class = (meta(old).annotations or {}).get(_BETA_CLASS, "")
    moved = before.storageClassName is None and bool(beta_class) and after.storageClassName == beta_class
    if not moved and (meta(new).annotations or {}).get(_BETA_CLASS, "") != beta_class:
        faults.unchanged(
            f"metadata.annotations.{_BETA_CLASS}", (meta(new).annotations or {}).get(_BETA_CLASS, ""), beta_class
        )
    if after == before:
        return
    check_claim_spec("spec", after, faults)
    bound = old.status is not None and old.status.phase == "Bound"
    if not same_meaning(_with_changeables_of(after, before, beta_class, bound=bound), before):
        faults.forbidden("spec", IMMUTABLE_CLAIM)
    _check_growth(after, before, (old.status.capacity if old.status else None) or {}, faults)
    faults.unchanged("volumeMode", after.volumeMode, before.volumeMode)
    former, latter = before.volumeAttributesClassName, after.volumeAttributesClassName
    if former is not None and not latter:
        what = "nil" if latter is None else "an empty string"
        faults.forbidden("spec.volumeAttributesClassName", f"update from non-nil value to {what} is forbidden")


def _with_changeables_of(
    after: core_v1.PersistentVolumeClaimSpec,
    before: core_v1.PersistentVolumeClaimSpec,
    beta_class: str,
    *,
    bound: bool,
) -> core_v1.PersistentVolumeClaimSpec:
    """The new specification with what may change put back as it was."""
    same = replace(after)
    if not before.volumeName:
        same.volumeName = before.volumeName
    if before.storageClassName is None and beta_class in ("", after.storageClassName):
        same.storageClassName = None  # a default class that appears later fills the gap
    if bound and same.resources is not None and same.resources.requests:
        former = (before.resources.requests if before.resources else None) or {}
        requests = {**same.resources.requests, "storage": former.get("storage", "0")}
        same.resources = replace(same.resources, requests=requests)
    if bound and same.volumeAttributesClassName is not None:
        same.volumeAttributesClassName = before.volumeAttributesClassName
    return same


def _check_growth(
    after: core_v1.PersistentVolumeClaimSpec,
    before: core_v1.PersistentVolumeClaimSpec,
    capacity: dict[str, str],
    faults: Faults,
) -> None:
    """Who has asked for more than there is may ask for less, as long as it is more than the volume has."""
    now, then = (
        quantity.parse(((spec.resources.requests if spec.resources else None) or {}).get("storage", "0"))
        for spec in (after, before)
    )
    if now < then and now <= quantity.parse(capacity.get("storage", "0")):
        faults.forbidden(_STORAGE, "field can not be less than status.capacity")


def check_claim_status(
    new: core_v1.PersistentVolumeClaim, old: core_v1.PersistentVolumeClaim, faults: Faults
) -> None:
    """What is said of a claim: sizes, and how a growth goes."""
    status = new.status
    if status is None:
        return
    for name, amount in (status.capacity or {}).items():
        if quantity.parse(amount).nanos < 0:
            faults.invalid(
                f"status.capacity[{name}]", quantity.parse(amount).whole, "must be a valid resource quantity"
            )
    for name, state in (status.allocatedResourceStatuses or {}).items():
        _check_resource(name, "status.allocatedResourceStatus", faults)
        if state not in _RESIZE_STATES:
            faults.not_supported("status.allocatedResourceStatus", name, _RESIZE_STATES)
    for name, amount in (status.allocatedResources or {}).items():
        _check_resource(name, "status.allocatedResources", faults)
        if quantity.parse(amount).nanos < 0:
            faults.invalid(f"status.allocatedResources[{name}]", amount, AT_LEAST_ZERO)


def _check_resource(name: str, path: str, faults: Faults) -> None:
    complaints = names.qualified_name(name)
    faults.each(path, name, complaints)
    if not complaints and ("/" not in name or "kubernetes.io/" in name) and name != "storage":
        faults.not_supported(path, name, ("storage",))
