"""Ephemeral containers: they come to a pod that runs, stay as they came, and are no part of its work."""

from petset.api.models import core_v1
from petset.api.validation.containers import check_containers
from petset.api.validation.fields import Faults

_ALLOWED = frozenset(
    (
        "name", "image", "command", "args", "workingDir", "envFrom", "env", "volumeMounts", "volumeDevices",
        "terminationMessagePath", "terminationMessagePolicy", "imagePullPolicy", "securityContext", "stdin",
        "stdinOnce", "tty", "targetContainerName",
    )
)  # fmt: skip
_NOT_HERE = "cannot be set for an Ephemeral Container"
_NOTHING: tuple[object, ...] = (None, [], core_v1.ResourceRequirements())
_PATH = "spec.ephemeralContainers"


def check_ephemeral_update(new: core_v1.Pod, old: core_v1.Pod, faults: Faults) -> None:
    """New ones must be right; those that are there may neither change nor go."""
    assert new.spec is not None and old.spec is not None
    after = new.spec.ephemeralContainers or []
    _check_list(new.spec, after, faults)
    found = {container.name: container for container in after}
    for container in old.spec.ephemeralContainers or ():
        same = found.get(container.name)
        if same is None:
            faults.forbidden(_PATH, f'existing ephemeral containers "{container.name}" may not be removed\n')
        elif same != container:
            faults.forbidden(_PATH, f'existing ephemeral containers "{container.name}" may not be changed\n')


def _check_list(spec: core_v1.PodSpec, containers: list[core_v1.EphemeralContainer], faults: Faults) -> None:
    check_containers(_PATH, containers, {volume.name for volume in spec.volumes or ()}, faults)
    others = {container.name for container in (*spec.containers, *(spec.initContainers or ()))}
    for index, container in enumerate(containers):
        here = f"{_PATH}[{index}]"
        if container.name in others:
            faults.duplicate(f"{here}.name", container.name)
        target = container.targetContainerName
        if target and target not in others:
            faults.not_found(f"{here}.targetContainerName", target)
        for field in container.__struct_fields__:
            if field not in _ALLOWED and getattr(container, field) not in _NOTHING:
                faults.forbidden(f"{here}.{field}", _NOT_HERE)
        for number, mount in enumerate(container.volumeMounts or ()):
            for field in ("subPath", "subPathExpr"):
                if getattr(mount, field):
                    faults.forbidden(f"{here}.volumeMounts[{number}].{field}", _NOT_HERE)
