"""What an API server fills in: a value for every field that a user may leave out.

Rule 7: the same defaults as Kubernetes, exactly, in embedded templates too, because clients see them and a
StatefulSet's revision is a hash over them.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from petset.api.canonical import settle
from petset.api.defaults import (
    access,
    batch,
    claims,
    definitions,
    drivers,
    objects,
    pods,
    policies,
    replicated,
    services,
    statefulsets,
    webhooks,
)
from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import ADMISSION, REGISTRATION, Kind

T = TypeVar("T")

_DEFAULTS: dict[tuple[str, str], Callable[[Any], None]] = {
    ("", "Endpoints"): services.default_endpoints,
    ("", "Namespace"): objects.default_namespace,
    ("", "Node"): objects.default_node,
    ("", "PersistentVolume"): claims.default_volume,
    ("", "PersistentVolumeClaim"): claims.default_claim,
    ("", "Pod"): pods.default_pod,
    ("", "Secret"): objects.default_secret,
    ("", "Service"): services.default_service,
    ("apps", "DaemonSet"): replicated.default_daemon_set,
    ("apps", "Deployment"): replicated.default_deployment,
    ("", "PodTemplate"): replicated.default_pod_template,
    ("", "ReplicationController"): replicated.default_replication_controller,
    ("apps", "ReplicaSet"): replicated.default_replica_set,
    (ADMISSION, "MutatingWebhookConfiguration"): webhooks.default_mutating,
    (ADMISSION, "MutatingAdmissionPolicy"): webhooks.default_policy,
    (ADMISSION, "MutatingAdmissionPolicyBinding"): webhooks.default_policy_binding,
    (ADMISSION, "ValidatingAdmissionPolicy"): webhooks.default_policy,
    (ADMISSION, "ValidatingAdmissionPolicyBinding"): webhooks.default_policy_binding,
    (ADMISSION, "ValidatingWebhookConfiguration"): webhooks.default_validating,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definitions.default_definition,
    (REGISTRATION, "APIService"): definitions.default_api_service,
    ("", "LimitRange"): policies.default_limit_range,
    ("autoscaling", "HorizontalPodAutoscaler"): policies.default_autoscaler,
    ("networking.k8s.io", "IngressClass"): policies.default_ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): policies.default_network_policy,
    ("scheduling.k8s.io", "PriorityClass"): policies.default_priority_class,
    ("batch", "CronJob"): batch.default_cron_job,
    ("batch", "Job"): batch.default_job,
    ("discovery.k8s.io", "EndpointSlice"): services.default_endpoint_slice,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): access.default_binding,
    ("rbac.authorization.k8s.io", "RoleBinding"): access.default_binding,
    ("storage.k8s.io", "CSIDriver"): drivers.default_csi_driver,
    ("storage.k8s.io", "StorageClass"): objects.default_storage_class,
}
_GATED: dict[tuple[str, str], Callable[[Any, Gates], None]] = {
    ("apps", "StatefulSet"): statefulsets.default_statefulset,
}


def has_defaults(kind: Kind) -> bool:
    """Whether there is anything that `fill_defaults` could do."""
    return (kind.group, kind.name) in _DEFAULTS or (kind.group, kind.name) in _GATED


def apply_defaults(kind: Kind, obj: T, gates: Gates = DEFAULT) -> T:
    """Bring an object into stored form and fill in its defaults, in place; returns it.

    The object must be the caller's own: pass a `petset.api.objects.copy` of a shared one. Doing it twice changes
    nothing. Raises `canonical.Misfit` for a value that its type cannot hold, which `decode` never lets through.
    """
    return fill_defaults(kind, settle(obj), gates)


def fill_defaults(kind: Kind, obj: T, gates: Gates = DEFAULT) -> T:
    """The same for an object that is in stored form, as `petset.api.decode` leaves it."""
    if kind.custom is not None:
        return obj  # its schema has filled it in when it was read
    fill = _DEFAULTS.get((kind.group, kind.name))
    if fill is not None:
        fill(obj)
    fill_gated = _GATED.get((kind.group, kind.name))
    if fill_gated is not None:
        fill_gated(obj, gates)
    return obj
