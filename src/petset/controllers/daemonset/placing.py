"""Which nodes are meant, and how a pod is bound to the node that it is made for.

The scheduler still places the pod: its node affinity leaves it no choice. The set adds tolerations, so that its
pods come and stay where other pods would not: daemons are what makes a node work.
"""

from petset.api import affinity, taints
from petset.api.models import apps_v1, core_v1
from petset.api.objects import copy, meta, name_of
from petset.controllers.daemonset.model import REVISION_LABEL
from petset.ownership.pods import pod_of

_ENDURED = (
    (taints.NOT_READY, "NoExecute"),
    (taints.UNREACHABLE, "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    (taints.UNSCHEDULABLE, "NoSchedule"),
)
_NETWORK = ("node.kubernetes.io/network-unavailable", "NoSchedule")


def tolerations_of(spec: core_v1.PodSpec) -> list[core_v1.Toleration]:
    """The template's own and those that every daemon has."""
    endured = [*_ENDURED, *([_NETWORK] if spec.hostNetwork else [])]
    own = spec.tolerations or []
    added = (core_v1.Toleration(key=key, operator="Exists", effect=effect) for key, effect in endured)
    return [*own, *(toleration for toleration in added if toleration not in own)]


def is_meant(daemon_set: apps_v1.DaemonSet, node: core_v1.Node, effects: tuple[str, ...]) -> bool:
    """The node has what the template asks for, and no taint with one of `effects` that its pods do not endure."""
    spec = daemon_set.spec.template.spec if daemon_set.spec else None
    assert spec is not None
    labels = meta(node).labels or {}
    if spec.nodeName and spec.nodeName != name_of(node):
        return False
    if any(labels.get(key) != value for key, value in (spec.nodeSelector or {}).items()):
        return False
    wanted = spec.affinity.nodeAffinity if spec.affinity else None
    required = wanted.requiredDuringSchedulingIgnoredDuringExecution if wanted else None
    if required is not None and not affinity.selects(required, node):
        return False
    stated = (node.spec.taints if node.spec else None) or ()
    return taints.first_untolerated(stated, tolerations_of(spec), effects) is None


def pod_for(daemon_set: apps_v1.DaemonSet, node: str, revision: str) -> core_v1.Pod:
    """A new pod that can run on this node alone."""
    assert daemon_set.spec is not None
    pod = pod_of(daemon_set.spec.template, daemon_set)
    meta(pod).labels = {**(meta(pod).labels or {}), REVISION_LABEL: revision}
    spec = pod.spec = copy(pod.spec)
    assert spec is not None
    spec.tolerations = tolerations_of(spec)
    spec.affinity = spec.affinity or core_v1.Affinity()
    spec.affinity.nodeAffinity = spec.affinity.nodeAffinity or core_v1.NodeAffinity()
    field = core_v1.NodeSelectorRequirement(key="metadata.name", operator="In", values=[node])
    only = core_v1.NodeSelector(nodeSelectorTerms=[core_v1.NodeSelectorTerm(matchFields=[field])])
    spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution = only
    return pod


def node_of(pod: core_v1.Pod) -> str:
    """Where the pod runs, or is bound to run; empty for a pod that was not made for a node."""
    if pod.spec is not None and pod.spec.nodeName:
        return pod.spec.nodeName
    wanted = pod.spec.affinity.nodeAffinity if pod.spec and pod.spec.affinity else None
    required = wanted.requiredDuringSchedulingIgnoredDuringExecution if wanted else None
    for term in required.nodeSelectorTerms if required else ():
        for field in term.matchFields or ():
            if field.key == "metadata.name" and field.operator == "In" and len(field.values or ()) == 1:
                return (field.values or [""])[0]
    return ""
