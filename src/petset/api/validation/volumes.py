"""Volumes of a pod: one source each, and that one complete."""

from collections.abc import Mapping, Sequence

from petset.api import names, objects, quantity
from petset.api.models import core_v1
from petset.api.validation.claims import check_claim_spec
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_template_metadata
from petset.api.validation.projections import check_downward, check_keys, check_projected
from petset.api.validation.volume_backends import check_backend

ONE_TYPE = "may not specify more than 1 volume type"
_SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi",
    "glusterfs", "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc",
    "flexVolume", "configMap", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk",
    "storageos", "projected", "scaleIO", "csi", "ephemeral", "image",
)  # fmt: skip
_sources_of = objects.given(*_SOURCES)
_SECOND_SHOWN_AS = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
_FIRST_SHOWN_AS = {"gcePersistentDisk": "persistentDisk"}
"""Names by which Kubernetes' messages have always called some sources."""

Volumes = Mapping[str, core_v1.Volume]


def check_volumes(
    path: str, volumes: list[core_v1.Volume] | None, faults: Faults, *, pod_name: str = "", is_pod: bool = False
) -> dict[str, core_v1.Volume]:
    """All volumes of a pod; returns those in order, by name. `pod_name` tells what claims it will make."""
    found: dict[str, core_v1.Volume] = {}
    if not volumes:
        return found
    made = {f"{pod_name}-{volume.name}" for volume in volumes if pod_name and volume.ephemeral is not None}
    for index, volume in enumerate(volumes):
        here, before = f"{path}[{index}]", len(faults.causes)
        check_volume_source(here, volume, faults, pod_name=pod_name, is_pod=is_pod)
        if not volume.name:
            faults.required(f"{here}.name")
        else:
            faults.each(f"{here}.name", volume.name, names.dns_label(volume.name))
        if volume.name in found:
            faults.duplicate(f"{here}.name", volume.name)
        if len(faults.causes) == before:
            found[volume.name] = volume
        claim = volume.persistentVolumeClaim
        if claim is not None and claim.claimName in made:
            what = "must not reference a PVC that gets created for an ephemeral volume"
            faults.invalid(f"{here}.persistentVolumeClaim.claimName", claim.claimName, what)
    return found


def check_volume_source(
    path: str, volume: core_v1.Volume, faults: Faults, *, pod_name: str = "", is_pod: bool = False
) -> None:
    """The one source of a volume."""
    name = only_source(path, _sources_of(volume), faults)
    if not name:
        return
    source, here = getattr(volume, name), f"{path}.{_FIRST_SHOWN_AS.get(name, name)}"
    match name:
        case "emptyDir":
            if source.sizeLimit is not None and quantity.parse(source.sizeLimit).nanos < 0:
                faults.forbidden(f"{here}.sizeLimit", "SizeLimit field must be a valid resource quantity")
        case "secret":
            check_keys(here, source, source.secretName, "secretName", faults)
        case "configMap":
            check_keys(here, source, source.name, "name", faults)
        case "downwardAPI":
            check_downward(here, source, faults)
        case "projected":
            check_projected(here, source, faults)
        case "ephemeral":
            _check_ephemeral(path, volume.name, source, pod_name, faults)
        case "image":
            _check_image(here, source, faults, is_pod=is_pod)
        case _:
            check_backend(here, name, source, faults)
    if name == "iscsi" and source.initiatorName is not None:
        check_portal(f"{path}.name", volume.name, f"{volume.name}:{source.targetPortal}", faults)


def check_portal(path: str, value: str, both: str, faults: Faults) -> None:
    """Together they name a directory on the node, which has a limit."""
    if len(both) > 64:
        what = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters"
        faults.invalid(path, value, f"{what} if iscsi.initiatorName is specified.")


def only_source(path: str, given: Sequence[str], faults: Faults) -> str:
    """The one source given, empty where there is none; each further one is a fault."""
    for name in given[1:]:
        faults.forbidden(f"{path}.{_SECOND_SHOWN_AS.get(name, name)}", ONE_TYPE)
    if given:
        return given[0]
    faults.required(path, "must specify a volume type")
    return ""


def _check_ephemeral(
    path: str, name: str, source: core_v1.EphemeralVolumeSource, pod_name: str, faults: Faults
) -> None:
    """A claim that the pod makes for itself, and whose name follows from both of theirs."""
    here, template = f"{path}.ephemeral.volumeClaimTemplate", source.volumeClaimTemplate
    if template is None:
        faults.required(here)
    else:
        check_template_metadata(f"{here}.metadata", template.metadata, faults)
        check_claim_spec(f"{here}.spec", template.spec, faults)
    if pod_name and name:
        claim = f"{pod_name}-{name}"
        for complaint in names.dns_subdomain(claim):
            faults.invalid(f"{path}.name", name, f'PVC name "{claim}": {complaint}')


def _check_image(path: str, source: core_v1.ImageVolumeSource, faults: Faults, *, is_pod: bool) -> None:
    if is_pod and not source.reference:
        faults.required(f"{path}.reference")
    faults.one_of(f"{path}.pullPolicy", source.pullPolicy, ("Always", "IfNotPresent", "Never"))
