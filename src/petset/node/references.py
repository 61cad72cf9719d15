"""The objects beside itself that a pod names: what must be read before it starts, what may change under it."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from petset.api.models import core_v1

ReferencedKind = Literal["ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume"]


class Reference(NamedTuple):
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


def of_environment(container: core_v1.Container) -> Iterator[Reference]:
    """What the container's environment is made from."""
    for source in container.envFrom or ():
        if source.configMapRef and source.configMapRef.name:
            yield Reference("ConfigMap", source.configMapRef.name)
        if source.secretRef and source.secretRef.name:
            yield Reference("Secret", source.secretRef.name)
    for variable in container.env or ():
        taken_from = variable.valueFrom
        if taken_from and taken_from.configMapKeyRef and taken_from.configMapKeyRef.name:
            yield Reference("ConfigMap", taken_from.configMapKeyRef.name)
        if taken_from and taken_from.secretKeyRef and taken_from.secretKeyRef.name:
            yield Reference("Secret", taken_from.secretKeyRef.name)


def of_volume(volume: core_v1.Volume) -> Iterator[Reference]:
    """What the volume's content comes from."""
    if volume.configMap and volume.configMap.name:
        yield Reference("ConfigMap", volume.configMap.name)
    if volume.secret and volume.secret.secretName:
        yield Reference("Secret", volume.secret.secretName)
    if volume.persistentVolumeClaim:
        yield Reference("PersistentVolumeClaim", volume.persistentVolumeClaim.claimName)
    for source in (volume.projected and volume.projected.sources) or ():
        if source.configMap and source.configMap.name:
            yield Reference("ConfigMap", source.configMap.name)
        if source.secret and source.secret.name:
            yield Reference("Secret", source.secret.name)


def of_pod(pod: core_v1.Pod) -> frozenset[Reference]:
    """Everything the pod names, through its volumes and the environment of its containers."""
    if pod.spec is None:
        return frozenset()
    containers = (*(pod.spec.initContainers or ()), *pod.spec.containers)
    found = {reference for volume in pod.spec.volumes or () for reference in of_volume(volume)}
    return frozenset(found | {reference for c in containers for reference in of_environment(c)})
