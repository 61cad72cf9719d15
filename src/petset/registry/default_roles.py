"""The roles and bindings that every cluster starts with, as in Kubernetes 1.37: facts only, one line a rule.

A rule is `verbs | groups | resources`, with a fourth part where it is about certain names; the core group is
written `core`. A rule without groups is `verbs | paths`. `read` and `write` stand for the usual verbs. The roles of
the controllers stand in `controller_roles`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from petset.api.models import core_v1, meta_v1, rbac_v1
from petset.registry import controller_roles
from petset.registry.controller_roles import EVENTS as _EVENTS
from petset.registry.controller_roles import HOME

_VERBS = {
    "read": ("get", "list", "watch"),
    "write": ("create", "delete", "deletecollection", "patch", "update"),
}
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
AUTO_UPDATE = "rbac.authorization.kubernetes.io/autoupdate"

_WORKLOADS = (
    "daemonsets deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale"
)
_HEALTH = "/healthz /livez /readyz /version /version/"

RULES: Mapping[str, Sequence[str]] = {
    "cluster-admin": ("* | * | *", "* | *"),
    "system:aggregate-to-admin": (
        "create | authorization.k8s.io | localsubjectaccessreviews",
        "read write | rbac.authorization.k8s.io | rolebindings roles",
    ),
    "system:aggregate-to-edit": (
        "read | core | pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy",
        "impersonate | core | serviceaccounts",
        "write | core | pods pods/attach pods/exec pods/portforward pods/proxy",
        "create | core | pods/eviction",
        "write | core | configmaps events persistentvolumeclaims replicationcontrollers"
        " replicationcontrollers/scale secrets serviceaccounts services services/proxy",
        "create | core | serviceaccounts/token",
        f"write | apps | {_WORKLOADS} deployments/rollback",
        "write | autoscaling | horizontalpodautoscalers",
        "write | batch | cronjobs jobs",
        "write | policy | poddisruptionbudgets",
        "write | networking.k8s.io | ingresses networkpolicies",
        "read write | coordination.k8s.io | leases",
    ),
    "system:aggregate-to-view": (
        "read | core | configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods"
        " replicationcontrollers replicationcontrollers/scale serviceaccounts services services/status",
        "read | core | bindings events limitranges namespaces/status pods/log pods/status"
        " replicationcontrollers/status resourcequotas resourcequotas/status",
        "read | core | namespaces",
        "read | discovery.k8s.io | endpointslices",
        f"read | apps | controllerrevisions {_WORKLOADS} daemonsets/status deployments/status"
        " replicasets/status statefulsets/status",
        "read | autoscaling | horizontalpodautoscalers horizontalpodautoscalers/status",
        "read | batch | cronjobs cronjobs/status jobs jobs/status",
        "read | policy | poddisruptionbudgets poddisruptionbudgets/status",
        "read | networking.k8s.io | ingresses ingresses/status networkpolicies",
    ),
    "system:auth-delegator": (
        "create | authentication.k8s.io | tokenreviews",
        "create | authorization.k8s.io | subjectaccessreviews",
    ),
    "system:basic-user": (
        "create | authorization.k8s.io | selfsubjectaccessreviews selfsubjectrulesreviews",
        "create | authentication.k8s.io | selfsubjectreviews",
    ),
    "system:discovery": (f"get | {_HEALTH} /api /api/* /apis /apis/* /openapi /openapi/*",),
    "system:kube-controller-manager": (
        _EVENTS,
        "create | coordination.k8s.io | leases",
        "get update | coordination.k8s.io | leases | kube-controller-manager",
        "create update | core | secrets serviceaccounts",
        "delete | core | secrets",
        "get | core | configmaps namespaces secrets serviceaccounts",
        "create | authentication.k8s.io | tokenreviews",
        "create | authorization.k8s.io | subjectaccessreviews",
        "list watch | * | *",
        "create | core | serviceaccounts/token",
    ),
    "system:kube-dns": ("list watch | core | endpoints services",),
    "system:kube-scheduler": (
        _EVENTS,
        "create | coordination.k8s.io | leases",
        "get update | coordination.k8s.io | leases | kube-scheduler",
        "read | core | nodes namespaces",
        "read delete | core | pods",
        "create | core | bindings pods/binding",
        "patch update | core | pods/status",
        "read | core | replicationcontrollers services",
        "read | apps | replicasets statefulsets",
        "read | policy | poddisruptionbudgets",
        "read patch update | core | persistentvolumeclaims persistentvolumes",
        "read | storage.k8s.io | storageclasses csidrivers csinodes csistoragecapacities",
        "create | authentication.k8s.io | tokenreviews",
        "create | authorization.k8s.io | subjectaccessreviews",
    ),
    "system:kubelet-api-admin": (
        "read proxy | core | nodes",
        "* | core | nodes/healthz nodes/log nodes/metrics nodes/pods nodes/proxy nodes/stats",
    ),
    "system:monitoring": ("get | /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*",),
    "system:node": (
        "create | authentication.k8s.io | tokenreviews",
        "create | authorization.k8s.io | localsubjectaccessreviews subjectaccessreviews",
        "read | core | services pods secrets configmaps",
        "read create patch update | core | nodes",
        "patch update | core | nodes/status pods/status",
        "create patch update | core | events",
        "create delete | core | pods",
        "create | core | pods/eviction serviceaccounts/token",
        "get | core | persistentvolumeclaims persistentvolumes endpoints",
        "get patch update | core | persistentvolumeclaims/status",
        "get create delete patch update | coordination.k8s.io | leases",
        "read | storage.k8s.io | csidrivers",
        "get create delete patch update | storage.k8s.io | csinodes",
        "get | storage.k8s.io | volumeattachments",
        "read | node.k8s.io | runtimeclasses",
    ),
    "system:node-problem-detector": (
        "get | core | nodes",
        "patch | core | nodes/status",
        _EVENTS,
    ),
    "system:node-proxier": (
        "list watch | core | endpoints services",
        "read | core | nodes",
        "list watch | discovery.k8s.io | endpointslices",
        _EVENTS,
    ),
    "system:persistent-volume-provisioner": (
        "read create delete | core | persistentvolumes",
        "read update | core | persistentvolumeclaims",
        "read | storage.k8s.io | storageclasses",
        "watch | core | events",
        _EVENTS,
    ),
    "system:public-info-viewer": (f"get | {_HEALTH}",),
    "system:service-account-issuer-discovery": (
        "get | /.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks"
        " /openid/v1/jwks/",
    ),
    "system:volume-scheduler": (
        "read patch update | core | persistentvolumes persistentvolumeclaims",
        "read | storage.k8s.io | storageclasses",
    ),
    **controller_roles.RULES,
}
"""A role's rules by its name."""

AGGREGATED = ("admin", "edit", "view")
"""Roles whose rules are gathered from those with the label of their name."""

FEEDS = {
    "edit": "admin",
    "view": "edit",
    "system:aggregate-to-admin": "admin",
    "system:aggregate-to-edit": "edit",
    "system:aggregate-to-view": "view",
}
"""Which role goes into which."""

BINDINGS: Mapping[str, Sequence[str]] = {
    "cluster-admin": ("Group system:masters",),
    "system:basic-user": ("Group system:authenticated",),
    "system:discovery": ("Group system:authenticated",),
    "system:kube-controller-manager": ("User system:kube-controller-manager",),
    "system:kube-dns": ("ServiceAccount kube-system/kube-dns",),
    "system:kube-scheduler": ("User system:kube-scheduler",),
    "system:monitoring": ("Group system:monitoring",),
    "system:node": (),
    "system:node-proxier": ("User system:kube-proxy",),
    "system:public-info-viewer": ("Group system:authenticated", "Group system:unauthenticated"),
    "system:service-account-issuer-discovery": ("Group system:serviceaccounts",),
    "system:volume-scheduler": ("User system:kube-scheduler",),
    **{role: (f"ServiceAccount {HOME}/{name}",) for role, name in controller_roles.ACCOUNTS.items()},
}
"""Whom a role is given to, by the name that role and binding share."""


def cluster_roles() -> list[rbac_v1.ClusterRole]:
    """Every role, those that gather others without rules as yet."""
    plain = [_role(name, rules=rules_of(name)) for name in RULES]
    return plain + [_role(name, aggregationRule=_gathering(name)) for name in AGGREGATED]


def rules_of(role: str) -> list[rbac_v1.PolicyRule]:
    """The rules of one role by its name."""
    return [_rule(line) for line in RULES[role]]


def cluster_role_bindings() -> list[rbac_v1.ClusterRoleBinding]:
    """Every binding."""
    return [
        rbac_v1.ClusterRoleBinding(
            metadata=_metadata(name, LABELS),
            roleRef=rbac_v1.RoleRef(apiGroup="rbac.authorization.k8s.io", kind="ClusterRole", name=name),
            subjects=[_subject(text) for text in subjects] or None,
        )
        for name, subjects in BINDINGS.items()
    ]


def accounts() -> list[core_v1.ServiceAccount]:
    """The service accounts that controllers act as."""
    names = controller_roles.ACCOUNTS.values()
    return [core_v1.ServiceAccount(metadata=meta_v1.ObjectMeta(name=name, namespace=HOME)) for name in names]


def _role(name: str, **fields: Any) -> rbac_v1.ClusterRole:
    feeds = {f"{_AGGREGATE}{FEEDS[name]}": "true"} if name in FEEDS else {}
    return rbac_v1.ClusterRole(metadata=_metadata(name, {**LABELS, **feeds}), **fields)


def _metadata(name: str, labels: dict[str, str]) -> meta_v1.ObjectMeta:
    return meta_v1.ObjectMeta(name=name, labels=dict(labels), annotations={AUTO_UPDATE: "true"})


def _gathering(name: str) -> rbac_v1.AggregationRule:
    selector = meta_v1.LabelSelector(matchLabels={f"{_AGGREGATE}{name}": "true"})
    return rbac_v1.AggregationRule(clusterRoleSelectors=[selector])


def _rule(line: str) -> rbac_v1.PolicyRule:
    verbs, *about = (part.split() for part in line.split("|"))
    spelled = list(_spelled(verbs))
    if len(about) == 1:
        return rbac_v1.PolicyRule(verbs=spelled, nonResourceURLs=about[0])
    groups = ["" if group == "core" else group for group in about[0]]
    names = about[2] if len(about) > 2 else None
    return rbac_v1.PolicyRule(verbs=spelled, apiGroups=groups, resources=about[1], resourceNames=names)


def _spelled(verbs: Iterable[str]) -> Iterable[str]:
    for verb in verbs:
        yield from _VERBS.get(verb, (verb,))


def _subject(text: str) -> rbac_v1.Subject:
    kind, name = text.split()
    if kind == "ServiceAccount":
        namespace, _, name = name.partition("/")
        return rbac_v1.Subject(kind=kind, name=name, namespace=namespace)
    return rbac_v1.Subject(kind=kind, name=name, apiGroup="rbac.authorization.k8s.io")
