"""Ephemeral containers: they come to a pod that runs, stay as they came, and are no part of its work."""

from petset.api.models import core_v1
from petset.api.objects import meta
from petset.api.validation.containers import Around, check_common, check_image_spelling
from petset.api.validation.fields import Faults
from petset.api.validation.pod_annotations import check_annotation_changes, is_mirror
from petset.api.validation.pods import check_whole_pod

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
    if is_mirror(meta(old).annotations):
        faults.forbidden("", "static pods do not support ephemeral containers")
        return
    check_whole_pod(new, faults)
    check_annotation_changes("metadata.annotations", meta(new).annotations, meta(old).annotations, faults)
    found = {container.name: container for container in new.spec.ephemeralContainers or ()}
    for container in old.spec.ephemeralContainers or ():
        same = found.get(container.name)
        if same is None:
            faults.forbidden(_PATH, f'existing ephemeral containers "{container.name}" may not be removed\n')
        elif same != container:
            faults.forbidden(_PATH, f'existing ephemeral containers "{container.name}" may not be changed\n')


def check_ephemeral_containers(path: str, spec: core_v1.PodSpec, around: Around, faults: Faults) -> None:
    """The ephemeral containers of a pod; `around` is what its other containers are judged by too."""
    containers = spec.ephemeralContainers or []
    others = {container.name for container in (*spec.containers, *(spec.initContainers or ()))}
    taken = set(others)
    for index, container in enumerate(containers):
        here = f"{path}[{index}]"
        check_common(here, container, around, faults)
        if container.name in taken:
            faults.duplicate(f"{here}.name", container.name)
        taken.add(container.name)
        if container.targetContainerName and container.targetContainerName not in others:
            faults.not_found(f"{here}.targetContainerName", container.targetContainerName)
        for field in container.__struct_fields__:
            if field not in _ALLOWED and getattr(container, field) not in _NOTHING:
                faults.forbidden(f"{here}.{field}", _NOT_HERE)
        for number, mount in enumerate(container.volumeMounts or ()):
            for field in ("subPath", "subPathExpr"):
                if getattr(mount, field):
                    faults.forbidden(f"{here}.volumeMounts[{number}].{field}", _NOT_HERE)
    check_image_spelling(path, containers, faults)
