"""A container's environment and command line, from its pod and the objects the pod names.

Later sources win over earlier ones: services of the namespace, `envFrom` in its order, `env` in its order.
`$(NAME)` in a value, in the command and in the arguments means a variable defined by then; an unknown one stays as
it is written, and `$$` writes a single dollar sign.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field

from petset.api.models import core_v1
from petset.node.downward import field_value, resource_value
from petset.node.failures import ConfigError
from petset.node.references import Objects, config_map, secret
from petset.node.wishes import Wish

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


class Surroundings(Struct, frozen=True):
    """What the environment depends on beside the pod: its addresses, the objects it names, services, the node."""

    host_ip: str = ""
    pod_ips: tuple[str, ...] = ()
    objects: Objects = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)  # the variables of services
    allocatable: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[Wish, str] = field(default_factory=dict)


def environment(pod: core_v1.Pod, container: core_v1.Container, around: Surroundings) -> dict[str, str]:
    """The container's variables. ConfigError names what is missing, in the kubelet's words."""
    variables = dict(around.links)
    for source in container.envFrom or ():
        variables |= _from_source(pod, source, around.objects)
    for variable in container.env or ():
        value = _value(pod, container, variable, around, variables)
        if value is not None:
            variables[variable.name] = value
    return variables


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by the variable's value."""
    if "$" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[0])

    return _REFERENCE.sub(one, text)


def expand_all(words: Iterable[str] | None, variables: Mapping[str, str]) -> tuple[str, ...]:
    """`expand` for a command line."""
    return tuple(expand(word, variables) for word in words) if words else ()


def service_variables(services: Iterable[core_v1.Service]) -> dict[str, str]:
    """`REDIS_SERVICE_HOST` and its kin for every service that has an address of its own."""
    variables: dict[str, str] = {}
    for service in services:
        meta, spec = service.metadata, service.spec
        if meta is None or spec is None or not spec.clusterIP or spec.clusterIP == "None" or not spec.ports:
            continue
        prefix = (meta.name or "").upper().replace("-", "_")
        variables[f"{prefix}_SERVICE_HOST"] = spec.clusterIP
        variables[f"{prefix}_SERVICE_PORT"] = str(spec.ports[0].port)
        for port in spec.ports:
            if port.name:
                variables[f"{prefix}_SERVICE_PORT_{port.name.upper().replace('-', '_')}"] = str(port.port)
        variables |= _link_variables(prefix, spec.clusterIP, spec.ports)
    return variables


def _link_variables(prefix: str, address: str, ports: Sequence[core_v1.ServicePort]) -> dict[str, str]:
    """The variables that container links once had; the first port also stands without its number."""
    variables: dict[str, str] = {}
    for number, port in enumerate(ports):
        protocol = (port.protocol or "TCP").lower()
        url = f"{protocol}://{address}:{port.port}"
        if number == 0:
            variables[f"{prefix}_PORT"] = url
        stem = f"{prefix}_PORT_{port.port}_{protocol.upper()}"
        variables |= {
            stem: url,
            f"{stem}_PROTO": protocol,
            f"{stem}_PORT": str(port.port),
            f"{stem}_ADDR": address,
        }
    return variables


def _from_source(pod: core_v1.Pod, source: core_v1.EnvFromSource, objects: Objects) -> dict[str, str]:
    prefix = source.prefix or ""
    if source.configMapRef is not None:
        name, optional = source.configMapRef.name or "", source.configMapRef.optional
        found = config_map(objects, name)
        if found is None and not optional:
            raise ConfigError(f'configmap "{name}" not found')
        data: Mapping[str, str] = (found and found.data) or {}
    elif source.secretRef is not None:
        name, optional = source.secretRef.name or "", source.secretRef.optional
        hidden = secret(objects, name)
        if hidden is None and not optional:
            raise ConfigError(f'secret "{name}" not found')
        data = {key: secret_text(value) for key, value in ((hidden and hidden.data) or {}).items()}
    else:
        data = {}
    return {prefix + key: value for key, value in data.items()}


def _value(
    pod: core_v1.Pod,
    container: core_v1.Container,
    variable: core_v1.EnvVar,
    around: Surroundings,
    variables: Mapping[str, str],
) -> str | None:
    """One variable's value, None where an optional source has none."""
    source = variable.valueFrom
    if variable.value or source is None:
        return expand(variable.value or "", variables)
    if source.fieldRef is not None:
        return field_value(pod, source.fieldRef.fieldPath, around.host_ip, around.pod_ips)
    if source.resourceFieldRef is not None:
        return resource_value(container, source.resourceFieldRef, around.allocatable)
    namespace = (pod.metadata and pod.metadata.namespace) or ""
    if source.configMapKeyRef is not None:
        return _config_map_value(namespace, source.configMapKeyRef, around.objects)
    if source.secretKeyRef is not None:
        return _secret_value(namespace, source.secretKeyRef, around.objects)
    return None


def _config_map_value(namespace: str, key: core_v1.ConfigMapKeySelector, objects: Objects) -> str | None:
    found = config_map(objects, key.name or "")
    return _entry("ConfigMap", namespace, key, None if found is None else found.data or {})


def _secret_value(namespace: str, key: core_v1.SecretKeySelector, objects: Objects) -> str | None:
    found = secret(objects, key.name or "")
    encoded = _entry("Secret", namespace, key, None if found is None else found.data or {})
    return None if encoded is None else secret_text(encoded)


def _entry(
    kind: str,
    namespace: str,
    key: core_v1.ConfigMapKeySelector | core_v1.SecretKeySelector,
    data: Mapping[str, str] | None,
) -> str | None:
    """The value under the key; None where it may be missing, and is. ConfigError where it may not."""
    value = None if data is None else data.get(key.key)
    if value is not None or key.optional:
        return value
    if data is None:
        raise ConfigError(f'{kind.lower()} "{key.name}" not found')
    raise ConfigError(f"couldn't find key {key.key} in {kind} {namespace}/{key.name}")


def secret_text(encoded: str) -> str:
    """A secret's value as an environment variable carries it."""
    return base64.b64decode(encoded).decode("utf-8", "surrogateescape")
