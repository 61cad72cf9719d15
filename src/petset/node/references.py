"""The objects beside itself that a pod names: what must be read before it starts, what may change under it."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from petset.api.models import core_v1

ReferencedKind = Literal["ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume"]


class Reference(Struct, frozen=True):
    """An object by kind and name, in the pod's own namespace (a PersistentVolume has none)."""

    kind: ReferencedKind
    name: str


Referenced = core_v1.ConfigMap | core_v1.Secret | core_v1.PersistentVolumeClaim | core_v1.PersistentVolume
Objects = Mapping[Reference, Referenced]
"""What was found; a reference that is missing here has no object."""


def config_map(objects: Objects, name: str) -> core_v1.ConfigMap | None:
    """The ConfigMap of this name, if there is one."""
    found = objects.get(Reference("ConfigMap", name))
    assert found is None or isinstance(found, core_v1.ConfigMap)
    return found


def secret(objects: Objects, name: str) -> core_v1.Secret | None:
    """The Secret of this name, if there is one."""
    found = objects.get(Reference("Secret", name))
    assert found is None or isinstance(found, core_v1.Secret)
    return found


def of_environment(container: core_v1.Container) -> list[Reference]:
    """What the container's environment is made from."""
    found: list[Reference] = []
    for source in container.envFrom or ():
        if source.configMapRef and source.configMapRef.name:
            found.append(Reference("ConfigMap", source.configMapRef.name))
        if source.secretRef and source.secretRef.name:
            found.append(Reference("Secret", source.secretRef.name))
    for variable in container.env or ():
        taken_from = variable.valueFrom
        if taken_from and taken_from.configMapKeyRef and taken_from.configMapKeyRef.name:
            found.append(Reference("ConfigMap", taken_from.configMapKeyRef.name))
        if taken_from and taken_from.secretKeyRef and taken_from.secretKeyRef.name:
            found.append(Reference("Secret", taken_from.secretKeyRef.name))
    return found


def of_volume(volume: core_v1.Volume) -> list[Reference]:
    """What the volume's content comes from."""
    found: list[Reference] = []
    if volume.configMap and volume.configMap.name:
        found.append(Reference("ConfigMap", volume.configMap.name))
    if volume.secret and volume.secret.secretName:
        found.append(Reference("Secret", volume.secret.secretName))
    if volume.persistentVolumeClaim:
        found.append(Reference("PersistentVolumeClaim", volume.persistentVolumeClaim.claimName))
    for source in (volume.projected and volume.projected.sources) or ():
        if source.configMap and source.configMap.name:
            found.append(Reference("ConfigMap", source.configMap.name))
        if source.secret and source.secret.name:
            found.append(Reference("Secret", source.secret.name))
    return found


def of_volumes(pod: core_v1.Pod) -> list[Reference]:
    """What the pod's volumes name, each once."""
    volumes = (pod.spec and pod.spec.volumes) or ()
    found: dict[Reference, None] = {}
    for volume in volumes:
        found.update(dict.fromkeys(of_volume(volume)))
    return list(found)


def of_pod(pod: core_v1.Pod) -> frozenset[Reference]:
    """Everything the pod names, through its volumes and the environment of its containers."""
    if pod.spec is None:
        return frozenset()
    found = set(of_volumes(pod))
    for container in (*(pod.spec.initContainers or ()), *pod.spec.containers):
        if container.env or container.envFrom:
            found.update(of_environment(container))
    return frozenset(found)
