"""What the published schema does not say about Kubernetes' Go types: which optional fields are pointers.

A pointer keeps what the user wrote (`replicas: 0` stays). Any other optional field loses its zero value when it
is stored (`hostNetwork: false` vanishes), a struct held by value never vanishes (`resources: {}`), and a few
fields are always written. Clients see these differences, and a StatefulSet's revision hash depends on them.

Keyed by the type's name in the schema; an entry is the JSON names of its fields. For `generate_schema.py`.
"""

POINTERS: dict[str, str] = {
    "admissionregistration.v1.MatchResources": "matchPolicy",
    "admissionregistration.v1.MutatingAdmissionPolicySpec": "failurePolicy matchConstraints paramKind",
    "admissionregistration.v1.MutatingWebhook": (
        "failurePolicy matchPolicy namespaceSelector objectSelector reinvocationPolicy sideEffects timeoutSeconds"
    ),
    "admissionregistration.v1.NamedRuleWithOperations": "scope",
    "admissionregistration.v1.ParamRef": "parameterNotFoundAction",
    "admissionregistration.v1.RuleWithOperations": "scope",
    "admissionregistration.v1.ServiceReference": "path port",
    "admissionregistration.v1.ValidatingAdmissionPolicySpec": "failurePolicy",
    "admissionregistration.v1.ValidatingWebhook": (
        "failurePolicy matchPolicy namespaceSelector objectSelector sideEffects timeoutSeconds"
    ),
    "admissionregistration.v1.Validation": "reason",
    "admissionregistration.v1.WebhookClientConfig": "service url",
    "apiextensions.v1.CustomResourceDefinitionVersion": "deprecationWarning",
    "apiextensions.v1.CustomResourceSubresourceScale": "labelSelectorPath",
    "apiextensions.v1.CustomResourceSubresources": "status",
    "apiextensions.v1.JSONSchemaProps": (
        "additionalItems additionalProperties default example items maxItems maxLength maxProperties maximum"
        " minItems minLength minProperties minimum multipleOf x-kubernetes-list-type x-kubernetes-map-type"
        " x-kubernetes-preserve-unknown-fields"
    ),
    "apiextensions.v1.ServiceReference": "path port",
    "apiextensions.v1.ValidationRule": "optionalOldSelf reason",
    "apiextensions.v1.WebhookClientConfig": "url",
    "apiregistration.v1.ServiceReference": "port",
    "apps.v1.DaemonSetSpec": "revisionHistoryLimit selector",
    "apps.v1.DaemonSetStatus": "collisionCount",
    "apps.v1.DeploymentSpec": "progressDeadlineSeconds replicas revisionHistoryLimit selector",
    "apps.v1.DeploymentStatus": "collisionCount terminatingReplicas",
    "apps.v1.ReplicaSetSpec": "replicas selector",
    "apps.v1.ReplicaSetStatus": "terminatingReplicas",
    "apps.v1.RollingUpdateDaemonSet": "maxSurge maxUnavailable",
    "apps.v1.RollingUpdateDeployment": "maxSurge maxUnavailable",
    "apps.v1.RollingUpdateStatefulSetStrategy": "partition maxUnavailable",
    "apps.v1.StatefulSetSpec": "replicas revisionHistoryLimit selector",
    "apps.v1.StatefulSetStatus": "collisionCount",
    "autoscaling.v1.HorizontalPodAutoscalerSpec": "minReplicas targetCPUUtilizationPercentage",
    "autoscaling.v1.HorizontalPodAutoscalerStatus": (
        "currentCPUUtilizationPercentage lastScaleTime observedGeneration"
    ),
    "autoscaling.v2.HPAScalingRules": "selectPolicy stabilizationWindowSeconds tolerance",
    "autoscaling.v2.HorizontalPodAutoscalerSpec": "minReplicas",
    "autoscaling.v2.HorizontalPodAutoscalerStatus": "lastScaleTime observedGeneration",
    "autoscaling.v2.MetricTarget": "averageUtilization averageValue value",
    "autoscaling.v2.MetricValueStatus": "averageUtilization averageValue value",
    "batch.v1.CronJobSpec": (
        "failedJobsHistoryLimit startingDeadlineSeconds successfulJobsHistoryLimit suspend timeZone"
    ),
    "batch.v1.CronJobStatus": "lastScheduleTime lastSuccessfulTime",
    "batch.v1.JobSpec": (
        "activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy"
        " manualSelector maxFailedIndexes parallelism podReplacementPolicy selector suspend ttlSecondsAfterFinished"
    ),
    "batch.v1.JobStatus": "completionTime failedIndexes ready startTime terminating",
    "batch.v1.PodFailurePolicyOnExitCodesRequirement": "containerName",
    "batch.v1.SuccessPolicyRule": "succeededCount succeededIndexes",
    "coordination.v1.LeaseSpec": (
        "acquireTime holderIdentity leaseDurationSeconds leaseTransitions preferredHolder renewTime strategy"
    ),
    "certificates.v1.CertificateSigningRequestSpec": "expirationSeconds",
    "core.v1.AppArmorProfile": "localhostProfile",
    "core.v1.AzureDiskVolumeSource": "cachingMode fsType readOnly kind",
    "core.v1.AzureFilePersistentVolumeSource": "secretNamespace",
    "core.v1.CSIVolumeSource": "readOnly fsType",
    "core.v1.ClientIPConfig": "timeoutSeconds",
    "core.v1.ClusterTrustBundleProjection": "name signerName optional user",
    "core.v1.ConfigMap": "immutable",
    "core.v1.ConfigMapEnvSource": "optional",
    "core.v1.ConfigMapKeySelector": "optional",
    "core.v1.ConfigMapProjection": "optional",
    "core.v1.ConfigMapVolumeSource": "defaultMode defaultUser optional",
    "core.v1.Container": "restartPolicy",
    "core.v1.ContainerStatus": "started stopSignal",
    "core.v1.DownwardAPIVolumeFile": "mode user",
    "core.v1.DownwardAPIVolumeSource": "defaultMode defaultUser",
    "core.v1.EmptyDirVolumeSource": "mode sizeLimit",
    "core.v1.EndpointAddress": "nodeName",
    "core.v1.EndpointPort": "appProtocol",
    "core.v1.EphemeralContainer": "restartPolicy",
    "core.v1.FCVolumeSource": "lun",
    "core.v1.FileKeySelector": "optional",
    "core.v1.GRPCAction": "service mode",
    "core.v1.GlusterfsPersistentVolumeSource": "endpointsNamespace",
    "core.v1.HTTPGetAction": "protocol",
    "core.v1.HostPathVolumeSource": "type",
    "core.v1.ISCSIPersistentVolumeSource": "initiatorName",
    "core.v1.ISCSIVolumeSource": "initiatorName",
    "core.v1.KeyToPath": "mode user",
    "core.v1.Lifecycle": "stopSignal",
    "core.v1.LoadBalancerIngress": "ipMode",
    "core.v1.LocalVolumeSource": "fsType",
    "core.v1.NodeFeatures": "supplementalGroupsPolicy",
    "core.v1.NodeRuntimeHandlerFeatures": "recursiveReadOnlyMounts userNamespaces",
    "core.v1.NodeSwapStatus": "capacity",
    "core.v1.NodeSystemInfo": "runningInUserNamespace",
    "core.v1.PersistentVolumeClaimSpec": "storageClassName volumeAttributesClassName volumeMode",
    "core.v1.PersistentVolumeClaimStatus": "currentVolumeAttributesClassName",
    "core.v1.PersistentVolumeSpec": "volumeAttributesClassName volumeMode",
    "core.v1.PersistentVolumeStatus": "lastPhaseTransitionTime",
    "core.v1.PodCertificateProjection": "maxExpirationSeconds user",
    "core.v1.PodDNSConfigOption": "value",
    "core.v1.PodResourceClaim": "resourceClaimName resourceClaimTemplateName",
    "core.v1.PodResourceClaimStatus": "resourceClaimName",
    "core.v1.PodSchedulingGroup": "podGroupName",
    "core.v1.PodSecurityContext": (
        "fsGroup fsGroupChangePolicy runAsGroup runAsNonRoot runAsUser seLinuxChangePolicy supplementalGroupsPolicy"
    ),
    "core.v1.PodSpec": (
        "activeDeadlineSeconds automountServiceAccountToken enableServiceLinks hostUsers hostnameOverride"
        " preemptionPolicy priority runtimeClassName setHostnameAsFQDN shareProcessNamespace"
        " terminationGracePeriodSeconds"
    ),
    "core.v1.PodStatus": "startTime",
    "core.v1.PortStatus": "error",
    "core.v1.Probe": "terminationGracePeriodSeconds",
    "core.v1.ProjectedVolumeSource": "defaultMode defaultUser",
    "core.v1.ReplicationControllerSpec": "replicas",
    "core.v1.SeccompProfile": "localhostProfile",
    "core.v1.Secret": "immutable",
    "core.v1.SecretEnvSource": "optional",
    "core.v1.SecretKeySelector": "optional",
    "core.v1.SecretProjection": "optional",
    "core.v1.SecretVolumeSource": "defaultMode defaultUser optional",
    "core.v1.SecurityContext": (
        "allowPrivilegeEscalation privileged procMount readOnlyRootFilesystem runAsGroup runAsNonRoot runAsUser"
    ),
    "core.v1.ServiceAccount": "automountServiceAccountToken",
    "core.v1.ServiceAccountTokenProjection": "expirationSeconds user",
    "core.v1.ServicePort": "appProtocol",
    "core.v1.ServiceSpec": (
        "allocateLoadBalancerNodePorts internalTrafficPolicy ipFamilyPolicy loadBalancerClass trafficDistribution"
    ),
    "core.v1.Taint": "timeAdded",
    "core.v1.Toleration": "tolerationSeconds",
    "core.v1.TopologySpreadConstraint": "minDomains nodeAffinityPolicy nodeTaintsPolicy",
    "core.v1.TypedLocalObjectReference": "apiGroup",
    "core.v1.TypedObjectReference": "apiGroup namespace",
    "core.v1.VolumeMount": "mountPropagation recursiveReadOnly",
    "core.v1.VolumeMountStatus": "recursiveReadOnly",
    "core.v1.WindowsSecurityContextOptions": (
        "gmsaCredentialSpec gmsaCredentialSpecName hostProcess runAsUserName"
    ),
    "discovery.v1.Endpoint": "hostname nodeName zone",
    "discovery.v1.EndpointConditions": "ready serving terminating",
    "discovery.v1.EndpointPort": "appProtocol name port protocol",
    "meta.v1.DeleteOptions": (
        "gracePeriodSeconds ignoreStoreReadErrorWithClusterBreakingPotential orphanDependents propagationPolicy"
    ),
    "meta.v1.ManagedFieldsEntry": "time",
    "meta.v1.ObjectMeta": "deletionGracePeriodSeconds deletionTimestamp",
    "meta.v1.OwnerReference": "blockOwnerDeletion controller",
    "meta.v1.Preconditions": "resourceVersion uid",
    "networking.v1.HTTPIngressPath": "pathType",
    "networking.v1.IngressClassParametersReference": "apiGroup namespace scope",
    "networking.v1.IngressPortStatus": "error",
    "networking.v1.IngressSpec": "ingressClassName",
    "networking.v1.NetworkPolicyPort": "endPort port protocol",
    "policy.v1.PodDisruptionBudgetSpec": "maxUnavailable minAvailable unhealthyPodEvictionPolicy",
    "scheduling.v1.PriorityClass": "preemptionPolicy",
    "storage.v1.CSIDriverSpec": (
        "attachRequired fsGroupPolicy nodeAllocatableUpdatePeriodSeconds podInfoOnMount"
        " preventPodSchedulingIfMissing requiresRepublish seLinuxMount serviceAccountTokenInSecrets storageCapacity"
    ),
    "storage.v1.CSIStorageCapacity": "capacity maximumVolumeSize",
    "storage.v1.TokenRequest": "expirationSeconds",
    "storage.v1.VolumeAttachmentSource": "persistentVolumeName",
    "storage.v1.VolumeError": "errorCode",
    "storage.v1.VolumeNodeResources": "count",
    "storage.v1.StorageClass": "allowVolumeExpansion reclaimPolicy volumeBindingMode",
}
"""Scalars that are pointers, and a required struct. Optional structs are pointers unless `VALUES` lists them."""

VALUES: dict[str, str] = {
    "*": "metadata spec status",
    "apiextensions.v1.CustomResourceDefinitionStatus": "acceptedNames",
    "apps.v1.DaemonSetSpec": "updateStrategy",
    "apps.v1.DeploymentSpec": "strategy",
    "apps.v1.ReplicaSetSpec": "template",
    "apps.v1.StatefulSetSpec": "updateStrategy",
    "core.v1.Container": "resources",
    "core.v1.ContainerStatus": "lastState state",
    "core.v1.EphemeralContainer": "resources",
    "core.v1.Event": "source",
    "core.v1.NodeDaemonEndpoints": "kubeletEndpoint",
    "core.v1.NodeStatus": "daemonEndpoints nodeInfo",
    "core.v1.PersistentVolumeClaimSpec": "resources",
    "core.v1.PodTemplate": "template",
    "core.v1.ResourceFieldSelector": "divisor",
    "core.v1.ServicePort": "targetPort",
    "core.v1.ServiceStatus": "loadBalancer",
    "discovery.v1.Endpoint": "conditions",
    "events.v1.Event": "deprecatedSource regarding",
    "networking.v1.IngressServiceBackend": "port",
    "networking.v1.IngressStatus": "loadBalancer",
    "networking.v1.NetworkPolicySpec": "podSelector",
}
"""Structs (and quantities) held by value: always written, empty when nobody set them."""

ALWAYS: dict[str, str] = {
    "apps.v1.DaemonSetCondition": "status type",
    "apps.v1.DeploymentCondition": "status type",
    "apps.v1.ReplicaSetCondition": "status type",
    "apps.v1.StatefulSetCondition": "status type",
    "apps.v1.StatefulSetOrdinals": "start",
    "apps.v1.StatefulSetSpec": "serviceName",
    "apps.v1.StatefulSetStatus": "availableReplicas",
    "core.v1.Event": "reportingComponent reportingInstance",
    "core.v1.NodeRuntimeHandler": "name",
    "core.v1.ReplicationControllerCondition": "status type",
    "core.v1.ResourceHealth": "message",
    "policy.v1.PodDisruptionBudgetStatus": "currentHealthy desiredHealthy disruptionsAllowed expectedPods",
    "scheduling.v1.PriorityClass": "value",
}
"""Optional scalars that are written even when they are zero.

A few required ones (`ContainerRestartRule.action`, …) are not, in Go; a struct that is read back needs them, and a
zero value there means nothing.
"""
