"""What an API server accepts and yet warns of: texts for the HTTP `Warning` header (rule 10).

The texts are Kubernetes' own, of those cases that it finds by looking at one object: values that mean something
else than they seem to. Our own are those about annotations under `petset.dev/`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from petset.api import options, quantity
from petset.api.definitions import Definition
from petset.api.encode import to_document
from petset.api.models import apps_v1, core_v1
from petset.api.objects import meta

_NEGATIVE_HISTORY = (
    "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
)
_NODE_LABELS = {  # since which version, and what to use instead
    "beta.kubernetes.io/arch": ("v1.14", "kubernetes.io/arch"),
    "beta.kubernetes.io/os": ("v1.14", "kubernetes.io/os"),
    "failure-domain.beta.kubernetes.io/region": ("v1.17", "topology.kubernetes.io/region"),
    "failure-domain.beta.kubernetes.io/zone": ("v1.17", "topology.kubernetes.io/zone"),
    "beta.kubernetes.io/instance-type": ("v1.17", "node.kubernetes.io/instance-type"),
}


def warnings_for(obj: Any) -> list[str]:
    """All warnings about an object in stored form, in the order of its fields."""
    if isinstance(obj, apps_v1.StatefulSet):
        return list(_of_set(obj))
    if isinstance(obj, Definition):
        return list(_of_definition(obj))
    if isinstance(obj, core_v1.Pod) and obj.spec is not None:
        return list(_of_pod("spec", obj.spec))
    if isinstance(obj, core_v1.PersistentVolumeClaim) and obj.spec is not None:
        return list(_of_claim("spec", obj.spec))
    return []


def _of_definition(definition: Definition) -> Iterator[str]:
    from petset.api.custom.formats import unrecognized  # only where there are definitions

    for version in definition.spec.versions:
        schema = version.schema.openAPIV3Schema if version.schema is not None else None
        if schema is not None:
            yield from (f'unrecognized format "{name}"' for name in unrecognized(to_document(schema)))


def _of_set(stateful_set: apps_v1.StatefulSet) -> Iterator[str]:
    yield from options.complaints(meta(stateful_set).annotations)
    spec = stateful_set.spec
    if spec.template.spec is not None:
        yield from _of_pod("spec.template.spec", spec.template.spec)
    for index, template in enumerate(spec.volumeClaimTemplates or ()):
        if template.spec is not None:
            yield from _of_claim(f"spec.volumeClaimTemplates[{index}].spec", template.spec)
    if (spec.revisionHistoryLimit or 0) < 0:
        yield _NEGATIVE_HISTORY


def _of_pod(path: str, spec: core_v1.PodSpec) -> Iterator[str]:
    for label in spec.nodeSelector or ():
        if label in _NODE_LABELS:
            since, instead = _NODE_LABELS[label]
            yield f'{path}.nodeSelector[{label}]: deprecated since {since}; use "{instead}" instead'
    for index, secret in enumerate(spec.imagePullSecrets or ()):
        if not secret.name:
            yield f'{path}.imagePullSecrets[{index}].name: invalid empty name ""'
    if (spec.terminationGracePeriodSeconds or 0) < 0:
        what = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{path}.terminationGracePeriodSeconds: {what}"
    for index, container in enumerate(spec.initContainers or ()):
        yield from _of_container(f"{path}.initContainers[{index}]", container)
    for index, container in enumerate(spec.containers):
        yield from _of_container(f"{path}.containers[{index}]", container)


def _of_container(path: str, container: core_v1.Container) -> Iterator[str]:
    resources = container.resources
    for where in ("limits", "requests"):
        amounts = getattr(resources, where) if resources else None
        for name in ("memory", "ephemeral-storage"):
            yield from _fraction(f"{path}.resources.{where}", amounts, name)
    yield from _hidden_variables(path, container.env or [])
    yield from _repeated_ports(path, container.ports or [])


def _hidden_variables(path: str, env: list[core_v1.EnvVar]) -> Iterator[str]:
    """A variable that is set twice; one that goes on from what it was, `$(PATH):/more`, is meant so."""
    seen: set[str] = set()
    for index, variable in enumerate(env):
        value, reference = variable.value or "", f"$({variable.name})"
        extends = reference in value and value != reference and variable.valueFrom is None
        if variable.name in seen and not extends:
            what = f'hides previous definition of "{variable.name}", which may be dropped when using apply'
            yield f"{path}.env[{index}]: {what}"
        seen.add(variable.name)


def _repeated_ports(path: str, ports: list[core_v1.ContainerPort]) -> Iterator[str]:
    seen: dict[tuple[object, ...], int] = {}
    for index, port in enumerate(ports):
        what = (port.containerPort, port.protocol, port.hostIP, port.hostPort)
        if what in seen:
            yield f"{path}.ports[{index}]: duplicate port definition with {path}.ports[{seen[what]}]"
        seen.setdefault(what, index)


def _of_claim(path: str, spec: core_v1.PersistentVolumeClaimSpec) -> Iterator[str]:
    resources = spec.resources
    for where in ("requests", "limits"):
        yield from _fraction(
            f"{path}.resources.{where}", getattr(resources, where) if resources else None, "storage"
        )


def _fraction(path: str, amounts: Mapping[str, str] | None, name: str) -> Iterator[str]:
    text = (amounts or {}).get(name)
    if text is not None and quantity.to_millis(text) % 1000:
        yield f'{path}[{name}]: fractional byte value "{text}" is invalid, must be an integer'
