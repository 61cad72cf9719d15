"""The downward API: what a pod may learn of itself, as text, for its environment and its files."""

import re
from collections.abc import Mapping

from petset.api import quantity
from petset.api.models import core_v1
from petset.node.failures import ConfigError

_SUBSCRIPT = re.compile(r"(metadata\.(?:labels|annotations))\['(.*)'\]")


def field_value(pod: core_v1.Pod, path: str, host_ip: str, pod_ips: tuple[str, ...]) -> str:
    """The pod's field at `path` as text. ConfigError where the path is none that pods may ask for."""
    meta, spec = pod.metadata, pod.spec
    assert meta is not None
    assert spec is not None
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript:
        table = meta.labels if subscript[1] == "metadata.labels" else meta.annotations
        return str((table or {}).get(subscript[2], ""))
    simple = {
        "metadata.name": meta.name,
        "metadata.namespace": meta.namespace,
        "metadata.uid": meta.uid,
        "spec.nodeName": spec.nodeName,
        "spec.serviceAccountName": spec.serviceAccountName,
        "status.hostIP": host_ip,
        "status.hostIPs": host_ip,
        "status.podIP": pod_ips[0] if pod_ips else "",
        "status.podIPs": ",".join(pod_ips),
    }
    if path in simple:
        return simple[path] or ""
    if path == "metadata.labels":
        return _table(meta.labels)
    if path == "metadata.annotations":
        return _table(meta.annotations)
    raise ConfigError(f"unsupported fieldPath: {path}")


def _table(entries: Mapping[str, str] | None) -> str:
    """Sorted `key="value"` lines, escaped as Go quotes strings."""
    return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted((entries or {}).items()))


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'


def resource_value(
    container: core_v1.Container, selector: core_v1.ResourceFieldSelector, allocatable: Mapping[str, str]
) -> str:
    """A limit or request in units of the divisor, rounded up. Without a limit it is what the node can give."""
    kind, _, resource = selector.resource.partition(".")
    if kind not in ("limits", "requests") or not resource:
        raise ConfigError(f"unsupported container resource: {selector.resource}")
    wanted = container.resources or core_v1.ResourceRequirements()
    amounts = wanted.limits if kind == "limits" else wanted.requests
    text = (amounts or {}).get(resource)
    if text is None:
        text = allocatable.get(resource, "0") if kind == "limits" else "0"
    amount = quantity.parse(str(text)).nanos
    divisor = quantity.parse(str(selector.divisor)).nanos if selector.divisor else 0
    return str(-(-amount // (divisor or 10**9)))
