"""What `kubectl get` shows: for each kind its columns and how an object becomes a row, as real Kubernetes has them.

The server makes the cells, so every kubectl and every dashboard shows the same texts. `of_kind` gives a kind's
printer; a kind without one of its own shows its name and age.
"""

from petset.api.kinds import Kind
from petset.apiserver.tables import (
    access,
    batch,
    cluster,
    configuration,
    events,
    network,
    pods,
    policies,
    storage,
    workloads,
)
from petset.apiserver.tables.columns import AGE, NAME, Printer, age_of, name_of

PRINTERS: dict[str, Printer] = {
    "apiservices.apiregistration.k8s.io": configuration.API_SERVICES,
    "certificatesigningrequests.certificates.k8s.io": access.SIGNING_REQUESTS,
    "clusterrolebindings.rbac.authorization.k8s.io": access.BINDINGS,
    "clusterroles.rbac.authorization.k8s.io": access.ROLES,
    "componentstatuses": cluster.COMPONENTS,
    "configmaps": configuration.CONFIG_MAPS,
    "controllerrevisions.apps": workloads.CONTROLLER_REVISIONS,
    "horizontalpodautoscalers.autoscaling": policies.AUTOSCALERS,
    "ingressclasses.networking.k8s.io": policies.INGRESS_CLASSES,
    "limitranges": policies.LIMIT_RANGES,
    "resourcequotas": policies.QUOTAS,
    "ingresses.networking.k8s.io": policies.INGRESSES,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": configuration.WEBHOOKS,
    "networkpolicies.networking.k8s.io": policies.NETWORK_POLICIES,
    "poddisruptionbudgets.policy": policies.BUDGETS,
    "priorityclasses.scheduling.k8s.io": policies.PRIORITY_CLASSES,
    "runtimeclasses.node.k8s.io": policies.RUNTIME_CLASSES,
    "cronjobs.batch": batch.CRON_JOBS,
    "customresourcedefinitions.apiextensions.k8s.io": configuration.DEFINITIONS,
    "daemonsets.apps": workloads.DAEMON_SETS,
    "deployments.apps": workloads.DEPLOYMENTS,
    "endpoints": network.ENDPOINTS,
    "endpointslices.discovery.k8s.io": network.ENDPOINT_SLICES,
    "events": events.EVENTS,
    "jobs.batch": batch.JOBS,
    "leases.coordination.k8s.io": cluster.LEASES,
    "namespaces": cluster.NAMESPACES,
    "nodes": cluster.NODES,
    "persistentvolumeclaims": storage.CLAIMS,
    "persistentvolumes": storage.VOLUMES,
    "pods": pods.PODS,
    "podtemplates": workloads.POD_TEMPLATES,
    "replicasets.apps": workloads.REPLICA_SETS,
    "replicationcontrollers": workloads.REPLICA_SETS,
    "rolebindings.rbac.authorization.k8s.io": access.BINDINGS,
    "roles.rbac.authorization.k8s.io": access.ROLES,
    "scales.autoscaling": workloads.SCALES,
    "secrets": configuration.SECRETS,
    "serviceaccounts": configuration.SERVICE_ACCOUNTS,
    "services": network.SERVICES,
    "mutatingadmissionpolicies.admissionregistration.k8s.io": configuration.MUTATING_POLICIES,
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io": configuration.POLICY_BINDINGS,
    "validatingadmissionpolicies.admissionregistration.k8s.io": configuration.POLICIES,
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": configuration.POLICY_BINDINGS,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": configuration.WEBHOOKS,
    "statefulsets.apps": workloads.STATEFUL_SETS,
    "csidrivers.storage.k8s.io": storage.DRIVERS,
    "csinodes.storage.k8s.io": storage.DRIVERS_OF_NODES,
    "csistoragecapacities.storage.k8s.io": storage.CAPACITIES,
    "storageclasses.storage.k8s.io": storage.CLASSES,
    "volumeattachments.storage.k8s.io": storage.ATTACHMENTS,
    "volumeattributesclasses.storage.k8s.io": storage.ATTRIBUTES_CLASSES,
}
"""By the room in the store: kinds that share one have the same cells."""

_BARE = Printer((NAME, AGE), lambda obj, now: [name_of(obj), age_of(obj, now)])


def of_kind(kind: Kind) -> Printer:
    """The kind's printer."""
    if kind.custom is not None:
        from petset.apiserver.tables import custom  # only where there are definitions

        return custom.printer(kind.custom)
    return PRINTERS.get(kind.store_key, _BARE)
