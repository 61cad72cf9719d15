"""The kinds that are built in: facts only (group, version, names, struct, sub-resources), one row each.

A server adds to them the kinds that CustomResourceDefinitions define (`Kinds`, and `petset.registry.served`).
Everything that differs from kind to kind in behaviour hangs on the `Kind` as data elsewhere: defaults in
`petset.api.defaults`, validation in `petset.api.validation`, table columns in `petset.apiserver.tables`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from petset.api.models import (
    admissionregistration_v1,
    apiextensions_v1,
    apiregistration_v1,
    apps_v1,
    authentication_v1,
    authorization_v1,
    autoscaling_v1,
    autoscaling_v2,
    batch_v1,
    certificates_v1,
    coordination_v1,
    core_v1,
    discovery_v1,
    events_v1,
    networking_v1,
    node_v1,
    policy_v1,
    rbac_v1,
    scheduling_v1,
    storage_v1,
)

if TYPE_CHECKING:
    from petset.api.custom.definition import Custom


@dataclass(frozen=True)
class Kind:
    """One row of discovery. `model` is the struct, `resource` the plural in URLs.

    `custom` is there for kinds that a CustomResourceDefinition defines: all that is not known of every kind.
    """

    group: str
    version: str
    name: str
    resource: str
    model: type[Any]
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = (
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    )  # fmt: skip
    stored_as: str = ""  # the store room of another kind, whose objects this one shows in its own form
    deprecation: str = ""  # what its users are told with every answer; custom kinds say it in their definition
    custom: "Custom | None" = None

    def __hash__(self) -> int:
        """Kinds are keys of many tables that every request asks: the name tells nearly all of them apart."""
        return hash(self.name)

    @cached_property
    def api_version(self) -> str:
        """`v1` for the core group, else `group/version`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @cached_property
    def singular(self) -> str:
        """The lower-case kind, as in `kubectl get pod`."""
        return self.name.lower() if self.custom is None else self.custom.singular

    @property
    def list_name(self) -> str:
        """The kind of a list of them."""
        return f"{self.name}List" if self.custom is None else self.custom.list_name

    @cached_property
    def qualified(self) -> str:
        """`statefulsets.apps`, or `pods`: how messages name the resource."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def converts(self) -> bool:
        """Whether a webhook has to be asked for stored objects of this kind that are of another version."""
        return self.custom is not None and self.custom.conversion is not None

    @cached_property
    def store_key(self) -> str:
        """The `resource` part of this kind's keys in the store."""
        return self.stored_as or self.qualified

    @cached_property
    def is_kept(self) -> bool:
        """Whether there are objects of this kind in the store."""
        return "watch" in self.verbs

    @property
    def is_question(self) -> bool:
        """Whether it is a review, which is answered and forgotten."""
        return self.verbs == ANSWERED


ANSWERED = ("create",)
"""The verbs of a kind that is a question."""

DEFINITIONS = "apiextensions.k8s.io"
REGISTRATION = "apiregistration.k8s.io"
CERTIFICATES = "certificates.k8s.io"
ADMISSION, _AUTHENTICATION, _AUTHORIZATION, RBAC = (
    "admissionregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "rbac.authorization.k8s.io",
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "", "v1", "ComponentStatus", "componentstatuses", core_v1.ComponentStatus, namespaced=False,
        short_names=("cs",), verbs=("get", "list"), deprecation="v1 ComponentStatus is deprecated in v1.19+",
    ),
    Kind("", "v1", "ConfigMap", "configmaps", core_v1.ConfigMap, short_names=("cm",)),
    Kind(
        "", "v1", "Endpoints", "endpoints", core_v1.Endpoints, short_names=("ep",),
        deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    Kind("", "v1", "Event", "events", core_v1.Event, short_names=("ev",)),
    Kind(
        "", "v1", "Namespace", "namespaces", core_v1.Namespace, namespaced=False, short_names=("ns",),
        subresources=("status", "finalize"),
        verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    ),
    Kind(
        "", "v1", "Node", "nodes", core_v1.Node, namespaced=False, short_names=("no",),
        subresources=("status", "proxy"),
    ),
    Kind(
        "", "v1", "PersistentVolume", "persistentvolumes", core_v1.PersistentVolume, namespaced=False,
        short_names=("pv",), subresources=("status",),
    ),
    Kind(
        "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", core_v1.PersistentVolumeClaim,
        short_names=("pvc",), subresources=("status",),
    ),
    Kind(
        "", "v1", "Pod", "pods", core_v1.Pod, short_names=("po",), categories=("all",),
        subresources=(
            "status", "binding", "ephemeralcontainers", "eviction", "log", "exec", "attach", "portforward", "proxy",
            "resize",
        ),
    ),
    Kind("", "v1", "PodTemplate", "podtemplates", core_v1.PodTemplate),
    Kind(
        "", "v1", "ReplicationController", "replicationcontrollers", core_v1.ReplicationController,
        short_names=("rc",), categories=("all",), subresources=("status", "scale"),
    ),
    Kind("", "v1", "LimitRange", "limitranges", core_v1.LimitRange, short_names=("limits",)),
    Kind(
        "", "v1", "ResourceQuota", "resourcequotas", core_v1.ResourceQuota, short_names=("quota",),
        subresources=("status",),
    ),
    Kind("", "v1", "Secret", "secrets", core_v1.Secret),
    Kind(
        "", "v1", "Service", "services", core_v1.Service, short_names=("svc",), categories=("all",),
        subresources=("status", "proxy"),
    ),
    Kind(
        "", "v1", "ServiceAccount", "serviceaccounts", core_v1.ServiceAccount, short_names=("sa",),
        subresources=("token",),
    ),
    Kind(
        ADMISSION, "v1", "MutatingAdmissionPolicy", "mutatingadmissionpolicies",
        admissionregistration_v1.MutatingAdmissionPolicy, namespaced=False, categories=("api-extensions",),
    ),
    Kind(
        ADMISSION, "v1", "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings",
        admissionregistration_v1.MutatingAdmissionPolicyBinding, namespaced=False, categories=("api-extensions",),
    ),
    Kind(
        ADMISSION, "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations",
        admissionregistration_v1.MutatingWebhookConfiguration, namespaced=False, categories=("api-extensions",),
    ),
    Kind(
        ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies",
        admissionregistration_v1.ValidatingAdmissionPolicy, namespaced=False, categories=("api-extensions",),
        subresources=("status",),
    ),
    Kind(
        ADMISSION, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
        admissionregistration_v1.ValidatingAdmissionPolicyBinding, namespaced=False, categories=("api-extensions",),
    ),
    Kind(
        ADMISSION, "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
        admissionregistration_v1.ValidatingWebhookConfiguration, namespaced=False, categories=("api-extensions",),
    ),
    Kind(
        DEFINITIONS, "v1", "CustomResourceDefinition", "customresourcedefinitions",
        apiextensions_v1.CustomResourceDefinition, namespaced=False, short_names=("crd", "crds"),
        categories=("api-extensions",), subresources=("status",),
    ),
    Kind(
        REGISTRATION, "v1", "APIService", "apiservices", apiregistration_v1.APIService, namespaced=False,
        categories=("api-extensions",), subresources=("status",),
    ),
    Kind("apps", "v1", "ControllerRevision", "controllerrevisions", apps_v1.ControllerRevision),
    Kind(
        "apps", "v1", "DaemonSet", "daemonsets", apps_v1.DaemonSet, short_names=("ds",),
        categories=("all",), subresources=("status",),
    ),
    Kind(
        "apps", "v1", "Deployment", "deployments", apps_v1.Deployment, short_names=("deploy",),
        categories=("all",), subresources=("status", "scale"),
    ),
    Kind(
        "apps", "v1", "ReplicaSet", "replicasets", apps_v1.ReplicaSet, short_names=("rs",),
        categories=("all",), subresources=("status", "scale"),
    ),
    Kind(
        "apps", "v1", "StatefulSet", "statefulsets", apps_v1.StatefulSet, short_names=("sts",),
        categories=("all",), subresources=("status", "scale"),
    ),
    Kind(
        _AUTHENTICATION, "v1", "SelfSubjectReview", "selfsubjectreviews", authentication_v1.SelfSubjectReview,
        namespaced=False, verbs=ANSWERED,
    ),
    Kind(
        _AUTHENTICATION, "v1", "TokenReview", "tokenreviews", authentication_v1.TokenReview,
        namespaced=False, verbs=ANSWERED,
    ),
    Kind(
        _AUTHORIZATION, "v1", "LocalSubjectAccessReview", "localsubjectaccessreviews",
        authorization_v1.LocalSubjectAccessReview, verbs=ANSWERED,
    ),
    Kind(
        _AUTHORIZATION, "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews",
        authorization_v1.SelfSubjectAccessReview, namespaced=False, verbs=ANSWERED,
    ),
    Kind(
        _AUTHORIZATION, "v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews",
        authorization_v1.SelfSubjectRulesReview, namespaced=False, verbs=ANSWERED,
    ),
    Kind(
        _AUTHORIZATION, "v1", "SubjectAccessReview", "subjectaccessreviews",
        authorization_v1.SubjectAccessReview, namespaced=False, verbs=ANSWERED,
    ),
    Kind(
        "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers",
        autoscaling_v2.HorizontalPodAutoscaler, short_names=("hpa",), categories=("all",), subresources=("status",),
    ),
    Kind(
        "autoscaling", "v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers",
        autoscaling_v1.HorizontalPodAutoscaler, short_names=("hpa",), categories=("all",), subresources=("status",),
        stored_as="horizontalpodautoscalers.autoscaling",
    ),
    Kind(
        "batch", "v1", "CronJob", "cronjobs", batch_v1.CronJob, short_names=("cj",), categories=("all",),
        subresources=("status",),
    ),
    Kind(
        "batch", "v1", "Job", "jobs", batch_v1.Job, categories=("all",), subresources=("status",),
    ),
    Kind(
        CERTIFICATES, "v1", "CertificateSigningRequest", "certificatesigningrequests",
        certificates_v1.CertificateSigningRequest, namespaced=False, short_names=("csr",),
        subresources=("approval", "status"),
    ),
    Kind("coordination.k8s.io", "v1", "Lease", "leases", coordination_v1.Lease),
    Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", discovery_v1.EndpointSlice),
    Kind(
        "events.k8s.io", "v1", "Event", "events", events_v1.Event, short_names=("ev",), stored_as="events",
    ),
    Kind(RBAC, "v1", "ClusterRole", "clusterroles", rbac_v1.ClusterRole, namespaced=False),
    Kind(
        RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", rbac_v1.ClusterRoleBinding, namespaced=False,
    ),
    Kind(RBAC, "v1", "Role", "roles", rbac_v1.Role),
    Kind(RBAC, "v1", "RoleBinding", "rolebindings", rbac_v1.RoleBinding),
    Kind(
        "networking.k8s.io", "v1", "Ingress", "ingresses", networking_v1.Ingress, short_names=("ing",),
        subresources=("status",),
    ),
    Kind(
        "networking.k8s.io", "v1", "IngressClass", "ingressclasses", networking_v1.IngressClass, namespaced=False,
    ),
    Kind(
        "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", networking_v1.NetworkPolicy,
        short_names=("netpol",),
    ),
    Kind(
        "node.k8s.io", "v1", "RuntimeClass", "runtimeclasses", node_v1.RuntimeClass, namespaced=False,
    ),
    Kind(
        "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", policy_v1.PodDisruptionBudget,
        short_names=("pdb",), subresources=("status",),
    ),
    Kind(
        "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", scheduling_v1.PriorityClass,
        namespaced=False, short_names=("pc",),
    ),
    Kind("storage.k8s.io", "v1", "CSIDriver", "csidrivers", storage_v1.CSIDriver, namespaced=False),
    Kind("storage.k8s.io", "v1", "CSINode", "csinodes", storage_v1.CSINode, namespaced=False),
    Kind("storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities", storage_v1.CSIStorageCapacity),
    Kind(
        "storage.k8s.io", "v1", "StorageClass", "storageclasses", storage_v1.StorageClass, namespaced=False,
        short_names=("sc",),
    ),
    Kind(
        "storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", storage_v1.VolumeAttachment,
        namespaced=False, subresources=("status",),
    ),
    Kind(
        "storage.k8s.io", "v1", "VolumeAttributesClass", "volumeattributesclasses",
        storage_v1.VolumeAttributesClass, namespaced=False, short_names=("vac",),
    ),
)  # fmt: skip
"""Every kind built in, in the order of discovery."""


class Kinds(Protocol):
    """The kinds that a server serves at the moment: the built-in ones, and those that definitions have added."""

    @property
    def version(self) -> int:
        """Another number whenever what is served has changed."""
        ...

    def custom(self) -> Sequence[Kind]:
        """The added kinds, each version of each, those of a group together with the preferred version first."""
        ...

    def every(self) -> Sequence[Kind]:
        """All kinds, in the order of discovery."""
        ...

    def by_type(self, api_version: str, name: str) -> Kind | None: ...

    def by_resource(self, group: str, version: str, resource: str) -> Kind | None: ...

    def by_model(self, model: type[Any]) -> Kind:
        """The kind of a struct; of a custom kind in several versions the one that is stored.

        Raises NotFound for a custom kind that is no longer there.
        """
        ...


class BuiltIn:
    """The built-in kinds alone."""

    version = 0

    def custom(self) -> Sequence[Kind]:
        return ()

    def every(self) -> Sequence[Kind]:
        return KINDS

    def by_type(self, api_version: str, name: str) -> Kind | None:
        return by_type(api_version, name)

    def by_resource(self, group: str, version: str, resource: str) -> Kind | None:
        return by_resource(group, version, resource)

    def by_model(self, model: type[Any]) -> Kind:
        return by_model(model)


_by_type = {(k.api_version, k.name): k for k in KINDS}
_by_resource = {(k.group, k.version, k.resource): k for k in KINDS}
_by_model = {k.model: k for k in KINDS}


def by_type(api_version: str, name: str) -> Kind | None:
    """The built-in kind with this `apiVersion` and `kind`, or None."""
    return _by_type.get((api_version, name))


def by_resource(group: str, version: str, resource: str) -> Kind | None:
    """The kind behind a URL such as `/apis/apps/v1/statefulsets`, or None."""
    return _by_resource.get((group, version, resource))


built_in: Callable[[type[Any]], Kind | None] = _by_model.get
"""The built-in kind of a struct, or None for any other type."""


def by_model(model: type[Any]) -> Kind:
    """The kind of a struct. Raises KeyError for a struct that is no kind: a mistake in our own code."""
    return _by_model[model]
