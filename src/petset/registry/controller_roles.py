"""The roles of Kubernetes' controllers, each given to the service account of its name: facts alone.

Only of those whose work is done here. `coredns` has its role from the tools that install clusters, under a name of
its own.
"""

from collections.abc import Mapping, Sequence

HOME = "kube-system"
"""The namespace of the accounts."""
PREFIX = "system:controller:"
EVENTS = "create patch update | core events.k8s.io | events"

CONTROLLER_RULES: Mapping[str, Sequence[str]] = {
    "certificate-controller": (
        "read delete | certificates.k8s.io | certificatesigningrequests",
        "update | certificates.k8s.io | certificatesigningrequests/status",
        "approve | certificates.k8s.io | signers | kubernetes.io/kube-apiserver-client-kubelet",
        "sign | certificates.k8s.io | signers | kubernetes.io/kube-apiserver-client",
        "create | authorization.k8s.io | subjectaccessreviews",
        EVENTS,
    ),
    "clusterrole-aggregation-controller": (
        "escalate read patch update | rbac.authorization.k8s.io | clusterroles",
    ),
    "cronjob-controller": (
        "read update | batch | cronjobs",
        "read create update delete patch | batch | jobs",
        "update | batch | cronjobs/status cronjobs/finalizers",
        "list watch delete | core | pods",
        EVENTS,
    ),
    "daemon-set-controller": (
        "read | extensions apps | daemonsets",
        "update | extensions apps | daemonsets/status daemonsets/finalizers",
        "list watch | core | nodes",
        "list watch create delete patch | core | pods",
        "create | core | pods/binding",
        "read create delete update patch | apps | controllerrevisions",
        EVENTS,
    ),
    "deployment-controller": (
        "read update | extensions apps | deployments",
        "update | extensions apps | deployments/status deployments/finalizers",
        "read create update patch delete | apps extensions | replicasets",
        "read update | core | pods",
        EVENTS,
    ),
    "disruption-controller": (
        "read | extensions apps | deployments replicasets",
        "read | core | replicationcontrollers",
        "read | policy | poddisruptionbudgets",
        "read | apps | statefulsets",
        "update | policy | poddisruptionbudgets/status",
        "patch update | core | pods/status",
        "get | * | */scale",
        EVENTS,
    ),
    "endpoint-controller": (
        "read | core | services pods",
        "read create update delete | core | endpoints",
        "create | core | endpoints/restricted",
        EVENTS,
    ),
    "endpointslice-controller": (
        "read | core | services pods nodes",
        "update | core | services/finalizers",
        "read create update delete | discovery.k8s.io | endpointslices",
        EVENTS,
    ),
    "endpointslicemirroring-controller": (
        "read | core | endpoints services",
        "update | core | services/finalizers endpoints/finalizers",
        "read create update delete | discovery.k8s.io | endpointslices",
        EVENTS,
    ),
    "generic-garbage-collector": ("read patch update delete | * | *", EVENTS),
    "job-controller": (
        "read update patch | batch | jobs",
        "update | batch | jobs/status jobs/finalizers",
        "list watch create delete patch | core | pods",
        EVENTS,
    ),
    "namespace-controller": (
        "read delete | core | namespaces",
        "update | core | namespaces/finalize namespaces/status",
        "read delete deletecollection | * | *",
    ),
    "node-controller": (
        "read update delete patch | core | nodes",
        "patch update | core | nodes/status pods/status",
        "read delete | core | pods",
        EVENTS,
    ),
    "persistent-volume-binder": (
        "read update create delete | core | persistentvolumes",
        "update | core | persistentvolumes/status persistentvolumeclaims/status",
        "read update | core | persistentvolumeclaims",
        "read create delete | core | pods",
        "read | storage.k8s.io | storageclasses",
        "list watch | core | nodes",
        "watch | core | events",
        "get | core | services",
        EVENTS,
    ),
    "pod-garbage-collector": (
        "list watch delete | core | pods",
        "read | core | nodes",
        "patch | core | pods/status",
    ),
    "pv-protection-controller": ("read update | core | persistentvolumes", EVENTS),
    "pvc-protection-controller": (
        "read update | core | persistentvolumeclaims",
        "read | core | pods",
        EVENTS,
    ),
    "replicaset-controller": (
        "read update | apps extensions | replicasets",
        "update | apps extensions | replicasets/status replicasets/finalizers",
        "list watch patch create delete | core | pods",
        EVENTS,
    ),
    "replication-controller": (
        "read update | core | replicationcontrollers",
        "update | core | replicationcontrollers/status replicationcontrollers/finalizers",
        "list watch patch create delete | core | pods",
        EVENTS,
    ),
    "resourcequota-controller": (
        "list watch | * | *",
        "update | core | resourcequotas/status",
        EVENTS,
    ),
    "root-ca-cert-publisher": ("create update | core | configmaps", EVENTS),
    "service-account-controller": ("create | core | serviceaccounts", EVENTS),
    "statefulset-controller": (
        "list watch | core | pods",
        "read | apps | statefulsets",
        "update | apps | statefulsets/status statefulsets/finalizers",
        "get create delete update patch | core | pods",
        "read create delete update patch | apps | controllerrevisions",
        "read create update delete | core | persistentvolumeclaims",
        "update | core | pods/finalizers",
        EVENTS,
    ),
    "ttl-after-finished-controller": ("read delete | batch | jobs", EVENTS),
    "validatingadmissionpolicy-status-controller": (
        "read | admissionregistration.k8s.io | validatingadmissionpolicies",
        "get patch update | admissionregistration.k8s.io | validatingadmissionpolicies/status",
        EVENTS,
    ),
}
"""A controller's rules by the name of its account."""

DNS_ROLE, DNS_ACCOUNT = "system:coredns", "coredns"
DNS_RULES = (
    "list watch | core | endpoints services pods namespaces",
    "list watch | discovery.k8s.io | endpointslices",
)

RULES: Mapping[str, Sequence[str]] = {
    **{f"{PREFIX}{name}": rules for name, rules in CONTROLLER_RULES.items()},
    DNS_ROLE: DNS_RULES,
}
ACCOUNTS: Mapping[str, str] = {
    **{f"{PREFIX}{name}": name for name in CONTROLLER_RULES},
    DNS_ROLE: DNS_ACCOUNT,
}
"""To which account of `kube-system` each role is given."""
