"""Which level a namespace asks for, what keeps pods out and what is only warned of."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from petset.api.models import apps_v1, batch_v1, core_v1
from petset.api.pod_security.checks import LEVELS

PREFIX = "pod-security.kubernetes.io/"
MODES = ("enforce", "audit", "warn")
_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]*)")
_OF_TEMPLATE = (
    core_v1.ReplicationController, apps_v1.DaemonSet, apps_v1.Deployment, apps_v1.ReplicaSet, apps_v1.StatefulSet,
    batch_v1.Job, batch_v1.CronJob,
)  # fmt: skip


class Level(NamedTuple):
    """A level, and the release whose idea of it is meant. All releases have the present one's here."""

    name: str
    version: str

    def complaints(self, spec: core_v1.PodSpec) -> str:
        """All that a pod does beyond the level, as one text; empty where there is nothing."""
        return ", ".join(filter(None, (check(spec) for check in LEVELS[self.name])))

    def __str__(self) -> str:
        return f'"{self.name}:{self.version}"'


def level_of(labels: Mapping[str, str], mode: str) -> Level:
    """What a namespace with these labels wants. What cannot be read counts as the strictest."""
    name = labels.get(PREFIX + mode, "privileged")
    return Level(name if name in LEVELS else "restricted", labels.get(f"{PREFIX}{mode}-version", "latest"))


def refusal(labels: Mapping[str, str], spec: core_v1.PodSpec) -> str:
    """Why a pod may not come into a namespace with these labels; empty where it may."""
    return _told("violates", level_of(labels, "enforce"), spec)


def warning(labels: Mapping[str, str], spec: core_v1.PodSpec) -> str:
    """What is odd about a pod, or a template of pods, in such a namespace."""
    return _told("would violate", level_of(labels, "warn"), spec)


def pod_spec_of(obj: Any) -> core_v1.PodSpec | None:
    """The pods that an object is or will make."""
    if isinstance(obj, core_v1.Pod):
        return obj.spec
    if isinstance(obj, core_v1.PodTemplate):
        return obj.template.spec if obj.template else None
    if not isinstance(obj, _OF_TEMPLATE):
        return None
    spec: Any = obj.spec.jobTemplate.spec if isinstance(obj, batch_v1.CronJob) and obj.spec else obj.spec
    template: core_v1.PodTemplateSpec | None = spec.template if spec else None
    return template.spec if template else None


def faults_of_labels(labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Labels that say nothing: the key, the value, what it must be."""
    found = []
    for mode in MODES:
        level, version = labels.get(PREFIX + mode), labels.get(f"{PREFIX}{mode}-version")
        if level is not None and level not in LEVELS:
            found.append((PREFIX + mode, level, f"must be one of {', '.join(LEVELS)}"))
        if version is not None and not _VERSION.fullmatch(version):
            found.append((f"{PREFIX}{mode}-version", version, 'must be "latest" or "v1.x"'))
    return found


def _told(verb: str, level: Level, spec: core_v1.PodSpec) -> str:
    complaints = level.complaints(spec)
    return f"{verb} PodSecurity {level}: {complaints}" if complaints else ""
