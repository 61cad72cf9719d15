"""Which container of which pod a stream is about, and the node agent that has it."""

from collections.abc import Mapping, Sequence
from typing import Any

from petset.api.errors import BadRequest, Unavailable
from petset.api.models import core_v1
from petset.api.objects import meta, name_of
from petset.apiserver.routes import Request
from petset.node.streams import NodeStreams
from petset.registry.port import Registry

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def load(request: Request, registry: Registry) -> core_v1.Pod:
    """The pod that the request names. Raises NotFound."""
    pod: Any = registry.decode(request.kind, registry.get(request.kind, request.namespace, request.name))
    assert isinstance(pod, core_v1.Pod)
    return pod


def node_of(pod: core_v1.Pod) -> str:
    """The pod's node, empty while it has none."""
    return (pod.spec.nodeName if pod.spec else "") or ""


def agent_of(pod: core_v1.Pod, streams: Mapping[str, NodeStreams]) -> NodeStreams:
    """Its node's agent. Raises BadRequest before the pod is scheduled, Unavailable where none serves the node."""
    node = node_of(pod)
    if not node:
        raise BadRequest(f"pod {name_of(pod)} does not have a host assigned")
    agent = streams.get(node)
    if agent is None:
        raise Unavailable(f'no node agent of this server serves node "{node}": is the node running?')
    return agent


def choose_container(pod: core_v1.Pod, asked: str) -> str:
    """The container that is meant: the one named, the only one, or the one the pod's annotation names."""
    if asked:
        return _known(pod, asked)
    containers = _names(pod.spec.containers if pod.spec else ())
    if len(containers) == 1:
        return containers[0]
    default: str = (meta(pod).annotations or {}).get(DEFAULT_CONTAINER, "")
    if default in containers:
        return default
    message = f"a container name must be specified for pod {name_of(pod)}, choose one of: [{' '.join(containers)}]"
    initial = _names((pod.spec.initContainers if pod.spec else ()) or ())
    if initial:
        message += f" or one of the init containers: [{' '.join(initial)}]"
    raise BadRequest(message)


def _known(pod: core_v1.Pod, name: str) -> str:
    spec = pod.spec or core_v1.PodSpec(containers=[])
    if name not in _names([*spec.containers, *(spec.initContainers or ()), *(spec.ephemeralContainers or ())]):
        raise BadRequest(f"container {name} is not valid for pod {name_of(pod)}")
    return name


def _names(containers: Sequence[core_v1.Container | core_v1.EphemeralContainer]) -> list[str]:
    return [container.name for container in containers]
