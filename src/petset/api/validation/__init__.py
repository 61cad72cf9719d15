"""Whether an object may be stored: every broken rule is named with its field, in Kubernetes' words.

Objects must be in stored form with their defaults filled in (`petset.api.defaults`). The tables below say which
checks a kind has besides those on metadata; a kind that is absent has no rules of its own.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import ADMISSION, DEFINITIONS, RBAC, REGISTRATION, Kind
from petset.api.objects import meta
from petset.api.validation import (
    access,
    admission_policies,
    api_services,
    autoscalers,
    batch,
    claims,
    definitions,
    drivers,
    endpoints,
    ephemeral,
    ingresses,
    network_policies,
    objects,
    persistent_volumes,
    pod_status,
    pod_updates,
    pods,
    policies,
    quotas,
    replicated,
    resizing,
    runtime_classes,
    services,
    signing_requests,
    statefulsets,
    webhooks,
)
from petset.api.validation.conditions import check_conditions_of
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_metadata, check_metadata_update

if TYPE_CHECKING:
    from petset.api.custom.definition import Custom

Check = Callable[[Any, Faults], None]
Compare = Callable[[Any, Any, Faults], None]

_CREATE: dict[tuple[str, str], Check] = {
    ("", "ConfigMap"): objects.check_config_map,
    ("", "Endpoints"): endpoints.check_endpoints,
    ("", "Event"): objects.check_event,
    ("", "LimitRange"): quotas.check_limit_range,
    ("", "Namespace"): objects.check_namespace,
    ("", "Node"): objects.check_node,
    ("", "PersistentVolume"): persistent_volumes.check_volume,
    ("", "PersistentVolumeClaim"): claims.check_claim,
    ("", "Pod"): pods.check_pod,
    ("", "ResourceQuota"): quotas.check_resource_quota,
    ("", "Secret"): objects.check_secret,
    ("", "Service"): services.check_service,
    (DEFINITIONS, "CustomResourceDefinition"): definitions.check_definition,
    (REGISTRATION, "APIService"): api_services.check_api_service,
    (ADMISSION, "MutatingWebhookConfiguration"): webhooks.check_mutating,
    (ADMISSION, "MutatingAdmissionPolicy"): admission_policies.check_mutating_policy,
    (ADMISSION, "MutatingAdmissionPolicyBinding"): admission_policies.check_mutating_policy_binding,
    (ADMISSION, "ValidatingAdmissionPolicy"): admission_policies.check_policy,
    (ADMISSION, "ValidatingAdmissionPolicyBinding"): admission_policies.check_policy_binding,
    (ADMISSION, "ValidatingWebhookConfiguration"): webhooks.check_validating,
    ("apps", "ControllerRevision"): statefulsets.check_revision,
    ("apps", "DaemonSet"): replicated.check_daemon_set,
    ("apps", "Deployment"): replicated.check_deployment,
    ("", "PodTemplate"): replicated.check_pod_template,
    ("", "ReplicationController"): replicated.check_replication_controller,
    ("apps", "ReplicaSet"): replicated.check_replica_set,
    ("apps", "StatefulSet"): statefulsets.check_statefulset,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscalers.check_autoscaler,
    ("certificates.k8s.io", "CertificateSigningRequest"): signing_requests.check_request,
    ("networking.k8s.io", "Ingress"): ingresses.check_ingress,
    ("networking.k8s.io", "IngressClass"): ingresses.check_ingress_class,
    ("networking.k8s.io", "NetworkPolicy"): network_policies.check_network_policy,
    ("node.k8s.io", "RuntimeClass"): runtime_classes.check_runtime_class,
    ("policy", "PodDisruptionBudget"): policies.check_disruption_budget,
    ("scheduling.k8s.io", "PriorityClass"): policies.check_priority_class,
    ("batch", "CronJob"): batch.check_cron_job,
    ("batch", "Job"): batch.check_job,
    ("coordination.k8s.io", "Lease"): objects.check_lease,
    ("discovery.k8s.io", "EndpointSlice"): endpoints.check_endpoint_slice,
    (RBAC, "ClusterRole"): access.check_cluster_role,
    (RBAC, "ClusterRoleBinding"): access.check_cluster_binding,
    (RBAC, "Role"): access.check_role,
    (RBAC, "RoleBinding"): access.check_binding,
    ("storage.k8s.io", "CSIDriver"): drivers.check_csi_driver,
    ("storage.k8s.io", "CSINode"): drivers.check_csi_node,
    ("storage.k8s.io", "CSIStorageCapacity"): drivers.check_storage_capacity,
    ("storage.k8s.io", "VolumeAttachment"): drivers.check_volume_attachment,
    ("storage.k8s.io", "VolumeAttributesClass"): drivers.check_attributes_class,
    ("storage.k8s.io", "StorageClass"): persistent_volumes.check_storage_class,
}
_UPDATE: dict[tuple[str, str], Compare] = {
    ("", "ConfigMap"): objects.check_config_map_update,
    ("", "Node"): objects.check_node_update,
    ("", "PersistentVolume"): persistent_volumes.check_volume_update,
    ("", "PersistentVolumeClaim"): claims.check_claim_update,
    ("", "Pod"): pod_updates.check_pod_update,
    ("", "ResourceQuota"): quotas.check_resource_quota_update,
    ("", "Secret"): objects.check_secret_update,
    ("", "Service"): services.check_service_update,
    (DEFINITIONS, "CustomResourceDefinition"): definitions.check_definition_update,
    ("apps", "ControllerRevision"): statefulsets.check_revision_update,
    ("apps", "DaemonSet"): replicated.check_daemon_set_update,
    ("apps", "Deployment"): replicated.check_deployment_update,
    ("apps", "ReplicaSet"): replicated.check_replica_set_update,
    ("apps", "StatefulSet"): statefulsets.check_statefulset_update,
    ("networking.k8s.io", "Ingress"): ingresses.check_ingress_update,
    ("networking.k8s.io", "IngressClass"): ingresses.check_ingress_class_update,
    ("networking.k8s.io", "NetworkPolicy"): network_policies.check_network_policy_update,
    ("node.k8s.io", "RuntimeClass"): runtime_classes.check_runtime_class_update,
    ("scheduling.k8s.io", "PriorityClass"): policies.check_priority_class_update,
    ("batch", "Job"): batch.check_job_update,
    ("discovery.k8s.io", "EndpointSlice"): endpoints.check_endpoint_slice_update,
    (RBAC, "ClusterRoleBinding"): access.check_cluster_binding_update,
    (RBAC, "RoleBinding"): access.check_binding_update,
    ("storage.k8s.io", "CSIDriver"): drivers.check_csi_driver_update,
    ("storage.k8s.io", "CSIStorageCapacity"): drivers.check_storage_capacity_update,
    ("storage.k8s.io", "VolumeAttachment"): drivers.check_volume_attachment_update,
    ("storage.k8s.io", "VolumeAttributesClass"): drivers.check_attributes_class_update,
    ("storage.k8s.io", "StorageClass"): persistent_volumes.check_storage_class_update,
}
_STATUS: dict[tuple[str, str], Compare] = {
    ("", "PersistentVolumeClaim"): claims.check_claim_status,
    ("", "Pod"): pod_status.check_pod_status,
    ("", "Service"): services.check_service_status,
    (DEFINITIONS, "CustomResourceDefinition"): definitions.check_definition_status,
    (REGISTRATION, "APIService"): api_services.check_api_service_status,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscalers.check_autoscaler_status,
    ("networking.k8s.io", "Ingress"): ingresses.check_ingress_status,
    ("certificates.k8s.io", "CertificateSigningRequest"): signing_requests.check_status,
    ("apps", "DaemonSet"): replicated.check_daemon_set_status,
    ("apps", "Deployment"): replicated.check_deployment_status,
    ("", "ReplicationController"): replicated.check_replica_set_status,
    ("apps", "ReplicaSet"): replicated.check_replica_set_status,
    ("apps", "StatefulSet"): statefulsets.check_statefulset_status,
    ("policy", "PodDisruptionBudget"): policies.check_disruption_budget_status,
}

_SERVICE = ("", "Service")
"""The one kind with conditions of the shared form that Kubernetes does not look at."""
_PARTS: dict[str, Compare] = {
    "ephemeralcontainers": ephemeral.check_ephemeral_update,
    "resize": resizing.check_resize,
    "approval": signing_requests.check_approval,
}
"""Sub-resources with rules of their own for the part that they change."""


def check_create(kind: Kind, obj: Any, gates: Gates = DEFAULT) -> None:
    """Raises Invalid where a new object breaks a rule."""
    faults = Faults(gates)
    check_metadata(kind, obj, faults)
    if kind.custom is not None:
        _check_custom(kind.custom, obj, None, faults)
    check = _CREATE.get((kind.group, kind.name))
    if check is not None:
        check(obj, faults)
    faults.raise_if_any(kind, meta(obj).name or "")


def _check_custom(custom: "Custom", new: Any, old: Any, faults: Faults) -> None:
    from petset.api.custom.checking import check  # only where there are definitions

    check(custom, new, old, faults)


def check_update(kind: Kind, new: Any, old: Any, gates: Gates = DEFAULT, subresource: str = "") -> None:
    """Raises Invalid where the change from `old` to `new`, by way of a sub-resource or not, breaks a rule."""
    faults = Faults(gates)
    check_metadata_update(kind, new, old, faults)
    if subresource in _PARTS:
        _PARTS[subresource](new, old, faults)
        faults.raise_if_any(kind, meta(new).name or "")
        return
    if kind.custom is not None:
        _check_custom(kind.custom, new, old, faults)
    compare, check = _UPDATE.get((kind.group, kind.name)), _CREATE.get((kind.group, kind.name))
    if compare is not None:
        compare(new, old, faults)
    elif check is not None:
        check(new, faults)
    faults.raise_if_any(kind, meta(new).name or "")


def check_status_update(kind: Kind, new: Any, old: Any) -> None:
    """The same for a write through the `status` sub-resource, which changes nothing but status and metadata."""
    faults = Faults()
    check_metadata_update(kind, new, old, faults)
    if kind.custom is not None:
        from petset.api.custom.checking import check_status  # only where there are definitions

        check_status(kind.custom, new, old, faults)
    if (kind.group, kind.name) != _SERVICE:
        check_conditions_of(getattr(new, "status", None), faults)
    compare = _STATUS.get((kind.group, kind.name))
    if compare is not None:
        compare(new, old, faults)
    faults.raise_if_any(kind, meta(new).name or "")
