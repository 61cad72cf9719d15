"""What an API server accepts and yet warns of: texts for the HTTP `Warning` header (rule 10).

The texts are Kubernetes' own, of those cases that it finds by looking at one object: values that mean something
else than they seem to, and what is out of date. Our own are those about annotations under `petset.dev/`.
"""

from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any

from petset.api import names, options
from petset.api.definitions import Definition
from petset.api.encode import to_document
from petset.api.models import apps_v1, core_v1
from petset.api.objects import meta, name_of
from petset.api.pod_warnings import OLD_VOLUMES, as_go_list, fraction, of_claim, of_node_terms, of_pod, of_template

_NEGATIVE_HISTORY = (
    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
)
_BETA_CLASS = "volume.beta.kubernetes.io/storage-class"
_USE_CLASS = 'deprecated since v1.8; use "storageClassName" attribute instead'
_MOUNT_OPTIONS = "volume.beta.kubernetes.io/mount-options"
_HINTS, _MODE = "service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode"
_TEMPLATES = {
    "CronJob": "spec.jobTemplate.spec.template",
    "DaemonSet": "spec.template",
    "Deployment": "spec.template",
    "Job": "spec.template",
    "PodTemplate": "template",
    "ReplicaSet": "spec.template",
    "ReplicationController": "spec.template",
}
"""Where each kind has its pod template."""
_NAMES_OF_PODS = frozenset(_TEMPLATES) - {"DaemonSet", "PodTemplate"}
"""Kinds whose names end up in the names of pods, and so in host names."""


def warnings_for(obj: Any, *, new: bool = True) -> list[str]:
    """All warnings about an object in stored form that is `new` or was changed, in the order of its fields."""
    if type(obj).__name__ in _TEMPLATES:
        return list(_of_workload(type(obj).__name__, obj, new=new))
    if isinstance(obj, apps_v1.StatefulSet):
        return list(_of_set(obj))
    if isinstance(obj, core_v1.Pod):
        return list(of_pod(obj)) if new else []  # changes of pods are seldom made by people
    if isinstance(obj, core_v1.Service):
        return list(_of_service(obj))
    if isinstance(obj, core_v1.PersistentVolumeClaim):
        return [*_of_class(obj), *of_claim("spec", obj.spec)]
    if isinstance(obj, core_v1.PersistentVolume):
        return list(_of_volume(obj))
    if isinstance(obj, Definition):
        return list(_of_definition(obj))
    return []


def _of_workload(kind: str, obj: Any, *, new: bool) -> Iterator[str]:
    complaints = names.dns_label(name_of(obj)) if new and kind in _NAMES_OF_PODS else []
    if complaints:
        what = "this is used in Pod names and hostnames, which can result in surprising behavior"
        yield f"metadata.name: {what}; a DNS label is recommended: {as_go_list(complaints)}"
    path, template = _TEMPLATES[kind], obj
    for step in path.split("."):
        template = getattr(template, step, None)
    yield from of_template(path, template)


def _of_definition(definition: Definition) -> Iterator[str]:
    from petset.api.custom.formats import unrecognized  # only where there are definitions

    for version in definition.spec.versions:
        schema = version.schema.openAPIV3Schema if version.schema is not None else None
        if schema is not None:
            yield from (f'unrecognized format "{name}"' for name in unrecognized(to_document(schema)))


def _of_set(stateful_set: apps_v1.StatefulSet) -> Iterator[str]:
    yield from options.complaints(meta(stateful_set).annotations)
    spec = stateful_set.spec
    assert spec is not None
    yield from of_template("spec.template", spec.template)
    for index, template in enumerate(spec.volumeClaimTemplates or ()):
        yield from of_claim(f"spec.volumeClaimTemplates[{index}].spec", template.spec)
    if (spec.revisionHistoryLimit or 0) < 0:
        yield _NEGATIVE_HISTORY


def _of_service(service: core_v1.Service) -> Iterator[str]:
    spec = service.spec
    assert spec is not None
    if _HINTS in (meta(service).annotations or {}):
        yield f"annotation {_HINTS} is deprecated, please use {_MODE} instead"
    headless, elsewhere = spec.clusterIP == "None" and spec.type == "ClusterIP", spec.type == "ExternalName"
    if spec.clusterIP != "None":
        yield from _not_canonical("spec.clusterIPs", spec.clusterIPs)
    if headless and spec.loadBalancerIP:
        yield "spec.loadBalancerIP is ignored for headless services"
    if headless and spec.externalIPs:
        yield "spec.externalIPs is ignored for headless services"
    if headless and spec.sessionAffinity != "None":
        yield "spec.SessionAffinity is ignored for headless services"
    yield from _not_canonical("spec.externalIPs", spec.externalIPs)
    if spec.externalIPs and not headless and not elsewhere:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if elsewhere and spec.externalIPs:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if not elsewhere and spec.externalName:
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.trafficDistribution == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _not_canonical(path: str, addresses: list[str] | None) -> Iterator[str]:
    """Addresses of IPv6 that could be written in a shorter way."""
    for index, address in enumerate(addresses or ()):
        if ":" in address and str(IPv6Address(address)) != address:
            canonical = f'should be in RFC 5952 canonical format ("{IPv6Address(address)}")'
            yield f'{path}[{index}]: IPv6 address "{address}" {canonical}'


def _of_class(obj: core_v1.PersistentVolumeClaim | core_v1.PersistentVolume) -> Iterator[str]:
    if _BETA_CLASS in (meta(obj).annotations or {}):
        yield f"metadata.annotations[{_BETA_CLASS}]: {_USE_CLASS}"


def _of_volume(volume: core_v1.PersistentVolume) -> Iterator[str]:
    spec = volume.spec
    assert spec is not None
    yield from _of_class(volume)
    if _MOUNT_OPTIONS in (meta(volume).annotations or {}):
        what = 'deprecated since v1.31; use "mountOptions" attribute instead'
        yield f"metadata.annotations[{_MOUNT_OPTIONS}]: {what}"
    for name, what in OLD_VOLUMES.items():
        if getattr(spec, name, None) is not None:
            yield f"spec.{'storageOS' if name == 'storageos' else name}: {what}"
    if spec.nodeAffinity is not None and spec.nodeAffinity.required is not None:
        path = "spec.nodeAffinity.required.nodeSelectorTerms"
        yield from of_node_terms(path, spec.nodeAffinity.required.nodeSelectorTerms)
    if spec.persistentVolumeReclaimPolicy == "Recycle":
        what = "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic"
        yield f"spec.persistentVolumeReclaimPolicy: {what} provisioning."
    yield from fraction("spec.capacity", spec.capacity, "storage")
