"""What is odd about a pod or a pod template and yet accepted, in Kubernetes' words and order.

`path` is where the pod or the template stands: empty for a pod of its own, `spec.template` for most templates.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from petset.api import names, quantity
from petset.api.containers import AnyContainer, placed_containers
from petset.api.models import core_v1, meta_v1

_CRITICAL = "scheduler.alpha.kubernetes.io/critical-pod"
_ANNOTATIONS = {
    _CRITICAL: 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP = "container.seccomp.security.alpha.kubernetes.io/"
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_USE_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead'
_USE_APP_ARMOR = 'deprecated since v1.30; use the "appArmorProfile" field instead'
_FORMER_PLACE = "failure-domain.beta.kubernetes.io"
_NODE_LABELS = {
    "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
    f"{_FORMER_PLACE}/region": 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    f"{_FORMER_PLACE}/zone": 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    "beta.kubernetes.io/instance-type": 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
    "app.kubernetes.io/created-by": "deprecated since v1.9",
    "scheduler.alpha.kubernetes.io/preferAvoidPods": "deprecated since v1.22; use Taints and Tolerations instead",
    "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
}
OLD_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NO_SELECTOR = "a null labelSelector results in matching no pod"


def of_pod(pod: core_v1.Pod) -> Iterator[str]:
    """About a pod of its own, its name among them: it is the host name that its containers see."""
    name = (pod.metadata.name if pod.metadata else "") or ""
    complaints = names.dns_label(name)
    if complaints:
        what = "this is used in the Pod's hostname, which can result in surprising behavior"
        yield f"metadata.name: {what}; a DNS label is recommended: {as_go_list(complaints)}"
    if pod.spec is not None:
        yield from _of_spec("", pod.metadata, pod.spec)


def of_template(path: str, template: core_v1.PodTemplateSpec | None) -> Iterator[str]:
    """About a template."""
    if template is not None and template.spec is not None:
        yield from _of_spec(f"{path}.", template.metadata, template.spec)


def as_go_list(texts: Iterable[str]) -> str:
    """Texts as Go prints a list of them."""
    return f"[{' '.join(texts)}]"


def _of_spec(path: str, metadata: meta_v1.ObjectMeta | None, spec: core_v1.PodSpec) -> Iterator[str]:
    annotations, here = (metadata.annotations if metadata else None) or {}, f"{path}spec"
    yield from _of_placement(here, spec)
    for key, what in _ANNOTATIONS.items():
        if key in annotations:
            yield f"{path}metadata.annotations[{key}]: {what}"
    yield from _of_volumes(f"{here}.volumes", spec.volumes or [])
    yield from _repeated(f"{here}.hostAliases", "ip", [alias.ip for alias in spec.hostAliases or ()])
    secrets = [secret.name or "" for secret in spec.imagePullSecrets or ()]
    yield from _repeated(f"{here}.imagePullSecrets", "name", secrets)
    for index, name in enumerate(secrets):
        if not name:
            yield f'{here}.imagePullSecrets[{index}].name: invalid empty name ""'
    for resource in ("memory", "ephemeral-storage"):
        yield from fraction(f"{here}.overhead", spec.overhead, resource)
    yield from _of_profiles(path, annotations, spec)
    for place, container in placed_containers(here, spec):
        yield from _of_container(place, container)
    yield from _of_ports(here, spec)
    if (spec.terminationGracePeriodSeconds or 0) < 0:
        what = "must be >= 0; negative values are invalid and will be treated as 1"
        yield f"{here}.terminationGracePeriodSeconds: {what}"
    if spec.affinity is not None:
        yield from _of_neighbours(f"{here}.affinity", spec.affinity)


def _repeated(path: str, field: str, values: list[str]) -> Iterator[str]:
    for index, value in enumerate(values):
        if value in values[:index]:
            yield f'{path}[{index}].{field}: duplicate {field} "{value}"'


def _of_placement(path: str, spec: core_v1.PodSpec) -> Iterator[str]:
    for label in spec.nodeSelector or ():
        if label in _NODE_LABELS:
            yield f"{path}.nodeSelector[{label}]: {_NODE_LABELS[label]}"
    if spec.affinity is not None and spec.affinity.nodeAffinity is not None:
        affinity, here = spec.affinity.nodeAffinity, f"{path}.affinity.nodeAffinity"
        required = getattr(affinity, _REQUIRED)
        if required is not None:
            yield from of_node_terms(f"{here}.{_REQUIRED}.nodeSelectorTerms", required.nodeSelectorTerms)
        for index, term in enumerate(getattr(affinity, _PREFERRED) or ()):
            yield from _of_node_term(f"{here}.{_PREFERRED}[{index}].preference", term.preference, preferred=True)
    for index, spread in enumerate(spec.topologySpreadConstraints or ()):
        here = f"{path}.topologySpreadConstraints[{index}]"
        if spread.topologyKey in _NODE_LABELS:
            yield f"{here}.topologyKey: {spread.topologyKey} is {_NODE_LABELS[spread.topologyKey]}"
        if spread.labelSelector is None:
            yield f"{here}.labelSelector: {_NO_SELECTOR}"


def of_node_terms(path: str, terms: Iterable[core_v1.NodeSelectorTerm] | None) -> Iterator[str]:
    """About choices of nodes by labels that nodes will not have for ever."""
    for index, term in enumerate(terms or ()):
        yield from _of_node_term(f"{path}[{index}]", term)


def _of_node_term(path: str, term: core_v1.NodeSelectorTerm, *, preferred: bool = False) -> Iterator[str]:
    """What a preference asks for is not checked, but told of."""
    for index, requirement in enumerate(term.matchExpressions or ()):
        here = f"{path}.matchExpressions[{index}]"
        if requirement.key in _NODE_LABELS:
            yield f"{here}.key: {requirement.key} is {_NODE_LABELS[requirement.key]}"
        for number, value in enumerate((requirement.values if preferred else None) or ()):
            for complaint in names.label_value(value):
                yield f"{here}.values[{number}]: {value} is invalid, {complaint}"


def _of_volumes(path: str, volumes: list[core_v1.Volume]) -> Iterator[str]:
    for index, volume in enumerate(volumes):
        for name, what in OLD_VOLUMES.items():
            if getattr(volume, name) is not None:
                yield f"{path}[{index}].{'storageOS' if name == 'storageos' else name}: {what}"
        claim = volume.ephemeral.volumeClaimTemplate if volume.ephemeral is not None else None
        if claim is not None:
            yield from of_claim(f"{path}[{index}].ephemeral.volumeClaimTemplate.spec", claim.spec)
    sources = [
        (index, part) for index, v in enumerate(volumes) if v.projected for part in v.projected.sources or ()
    ]
    tokens = {part.serviceAccountToken.path for _, part in sources if part.serviceAccountToken is not None}
    for index, part in sources if tokens else ():
        yield from _hidden_by_token(f"{path}[{index}].projected.sources", part, tokens)


def _hidden_by_token(path: str, part: core_v1.VolumeProjection, tokens: set[str]) -> Iterator[str]:
    for name, shown in (("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI")):
        source: Any = getattr(part, name)
        for index, item in enumerate((source.items if source is not None else None) or ()):
            if item.path in tokens:
                yield f'{path}.{shown}[{index}]: has duplicated path with ServiceAccountToken "{item.path}"'
    bundle = part.clusterTrustBundle
    if bundle is not None and bundle.path in tokens:
        yield f'{path}.ClusterTrustBundle: has duplicated path with ServiceAccountToken "{bundle.path}"'


def _of_profiles(path: str, annotations: Mapping[str, str], spec: core_v1.PodSpec) -> Iterator[str]:
    """Annotations that fields have come after: those of seccomp mean nothing any more."""
    if not annotations:
        return
    here, context = f"{path}metadata.annotations", spec.securityContext
    if _SECCOMP_POD in annotations and (context is None or context.seccompProfile is None):
        yield f"{here}[{_SECCOMP_POD}]: {_USE_SECCOMP}"
    for _, container in placed_containers("", spec):
        own = container.securityContext
        key = _SECCOMP + container.name
        if key in annotations and (own is None or own.seccompProfile is None):
            yield f"{here}[{key}]: {_USE_SECCOMP}"
        key = _APP_ARMOR + container.name
        said = any(each is not None and each.appArmorProfile is not None for each in (context, own))
        if path and key in annotations and not said:
            yield f"{here}[{key}]: {_USE_APP_ARMOR}"


def _of_container(path: str, container: AnyContainer) -> Iterator[str]:
    resources = container.resources
    for name in ("memory", "ephemeral-storage"):
        for where in ("limits", "requests"):
            yield from fraction(f"{path}.resources.{where}", getattr(resources, where, None), name)
    yield from _hidden_variables(path, container.env or [])


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


def _of_ports(path: str, spec: core_v1.PodSpec) -> Iterator[str]:
    """Ports that several containers name, or one names twice: of all containers, for they share one address."""
    seen: dict[tuple[int, str | None], list[tuple[str, core_v1.ContainerPort]]] = {}
    for place, container in placed_containers(path, spec):
        for index, port in enumerate(container.ports or ()):
            here = f"{place}.ports[{index}]"
            if port.hostIP and not port.hostPort:
                yield f"{here}: hostIP set without hostPort: {_as_go(port)}"
            others = seen.setdefault((port.containerPort, port.protocol), [])
            for elsewhere, other in others:
                kind = _clash(port, other)
                if kind:
                    yield f"{here}: {kind} port definition with {elsewhere}"
            others.append((here, port))


def _clash(port: core_v1.ContainerPort, other: core_v1.ContainerPort) -> str:
    """How two definitions of one port stand to each other; empty where they do not meet."""
    if (port.hostIP or "", port.hostPort or 0) == (other.hostIP or "", other.hostPort or 0):
        return "duplicate"
    if not port.hostPort or not other.hostPort:
        return "overlapping"
    same = port.hostPort == other.hostPort
    return "dangerously ambiguous" if same and bool(port.hostIP) != bool(other.hostIP) else ""


def _as_go(port: core_v1.ContainerPort) -> str:
    name, host_port, address = port.name or "", port.hostPort or 0, port.hostIP or ""
    return (
        f"{{Name:{name} HostPort:{host_port} ContainerPort:{port.containerPort} "
        f"Protocol:{port.protocol} HostIP:{address}}}"
    )


def _of_neighbours(path: str, affinity: core_v1.Affinity) -> Iterator[str]:
    for name in ("podAffinity", "podAntiAffinity"):
        terms = getattr(affinity, name)
        for index, term in enumerate((getattr(terms, _REQUIRED) if terms else None) or ()):
            if term.labelSelector is None:
                yield f"{path}.{name}.{_REQUIRED}[{index}].labelSelector: {_NO_SELECTOR}"
        for index, weighted in enumerate((getattr(terms, _PREFERRED) if terms else None) or ()):
            if weighted.podAffinityTerm.labelSelector is None:
                yield f"{path}.{name}.{_PREFERRED}[{index}].podAffinityTerm.labelSelector: {_NO_SELECTOR}"


def of_claim(path: str, spec: core_v1.PersistentVolumeClaimSpec | None) -> Iterator[str]:
    """About a claim, on its own or as a template."""
    resources = spec.resources if spec is not None else None
    for where in ("requests", "limits"):
        yield from fraction(f"{path}.resources.{where}", getattr(resources, where, None), "storage")


def fraction(path: str, amounts: Mapping[str, str] | None, name: str) -> Iterator[str]:
    """An amount of bytes that is not a whole number."""
    text = (amounts or {}).get(name)
    if text is not None and quantity.to_millis(text) % 1000:
        yield f'{path}[{name}]: fractional byte value "{text}" is invalid, must be an integer'
