"""How the kinds differ in what a write may touch, as data: one row a kind that is not like the rest.

What holds for all: a client of the object itself cannot write its status, a client of `/status` cannot write its
spec, and the generation counts changes of the spec where the kind counts at all (rule 8).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from petset.api import objects
from petset.api.equality import same_meaning
from petset.api.kinds import Kind
from petset.api.models import (
    admissionregistration_v1,
    apiextensions_v1,
    apiregistration_v1,
    apps_v1,
    autoscaling_v2,
    batch_v1,
    certificates_v1,
    coordination_v1,
    core_v1,
    discovery_v1,
    meta_v1,
    networking_v1,
    policy_v1,
    storage_v1,
)
from petset.registry import api_services, binding, custom, definitions, neighbours, signing_requests

BINDING = "binding"  # the server's own change of spec and status at once; it does not count as a new wish


def _no_status(obj: Any, now: datetime) -> Any:
    return None


@dataclass(frozen=True)
class Strategy:
    """`first_status`: what a new object's status is, whatever the client sent; None keeps the client's.

    `counts`: the top-level fields whose change of meaning raises the generation. `status_spares`: metadata that a
    status write leaves alone. `counts_annotations`: a change of annotations raises the generation too.
    """

    first_status: Callable[[Any, datetime], Any] | None = _no_status
    counts: tuple[str, ...] = ()
    counts_annotations: bool = False
    unconditional_update: bool = True
    create_on_update: bool = False
    status_spares: tuple[str, ...] = ()

    def ignored(self, kind: Kind, subresource: str) -> tuple[str, ...]:
        """The fields that a write does not touch, whatever the client sends: nobody comes to own them by it."""
        if subresource == "status":
            return ("spec", *(f"metadata.{field}" for field in self.status_spares))
        return ("status",) if "status" in kind.subresources else ()


_STRATEGIES: Mapping[type, Strategy] = {
    admissionregistration_v1.MutatingAdmissionPolicy: Strategy(counts=("spec",)),
    admissionregistration_v1.MutatingAdmissionPolicyBinding: Strategy(counts=("spec",)),
    admissionregistration_v1.MutatingWebhookConfiguration: Strategy(counts=("webhooks",)),
    admissionregistration_v1.ValidatingAdmissionPolicy: Strategy(
        first_status=lambda _, __: admissionregistration_v1.ValidatingAdmissionPolicyStatus(), counts=("spec",)
    ),
    admissionregistration_v1.ValidatingAdmissionPolicyBinding: Strategy(counts=("spec",)),
    admissionregistration_v1.ValidatingWebhookConfiguration: Strategy(counts=("webhooks",)),
    apiextensions_v1.CustomResourceDefinition: Strategy(
        first_status=lambda _, __: definitions.first_status(), counts=("spec",), unconditional_update=False
    ),
    apiregistration_v1.APIService: Strategy(
        first_status=api_services.status_of,
        unconditional_update=False,
        status_spares=("labels", "annotations", "finalizers", "ownerReferences"),
    ),
    core_v1.Pod: Strategy(
        first_status=binding.first_status,
        counts=("spec",),
        status_spares=("ownerReferences",),
    ),
    apps_v1.DaemonSet: Strategy(
        first_status=lambda _, __: apps_v1.DaemonSetStatus(
            currentNumberScheduled=0, numberMisscheduled=0, desiredNumberScheduled=0, numberReady=0
        ),
        counts=("spec",),
    ),
    apps_v1.Deployment: Strategy(
        first_status=lambda _, __: apps_v1.DeploymentStatus(),
        counts=("spec",),
        counts_annotations=True,
        status_spares=("labels",),
    ),
    apps_v1.ReplicaSet: Strategy(
        first_status=lambda _, __: apps_v1.ReplicaSetStatus(replicas=0),
        counts=("spec",),
    ),
    apps_v1.StatefulSet: Strategy(
        first_status=lambda _, __: apps_v1.StatefulSetStatus(replicas=0, availableReplicas=0),
        counts=("spec",),
    ),
    core_v1.PodTemplate: Strategy(counts=("template",)),
    core_v1.ReplicationController: Strategy(
        first_status=lambda _, __: core_v1.ReplicationControllerStatus(replicas=0),
        counts=("spec",),
    ),
    storage_v1.VolumeAttachment: Strategy(
        first_status=lambda _, __: storage_v1.VolumeAttachmentStatus(attached=False)
    ),
    certificates_v1.CertificateSigningRequest: Strategy(
        first_status=lambda _, __: certificates_v1.CertificateSigningRequestStatus()
    ),
    networking_v1.Ingress: Strategy(counts=("spec",)),
    networking_v1.IngressClass: Strategy(counts=("spec",)),
    networking_v1.NetworkPolicy: Strategy(counts=("spec",)),
    policy_v1.PodDisruptionBudget: Strategy(
        first_status=lambda _, __: policy_v1.PodDisruptionBudgetStatus(
            currentHealthy=0, desiredHealthy=0, disruptionsAllowed=0, expectedPods=0
        ),
        counts=("spec",),
    ),
    autoscaling_v2.HorizontalPodAutoscaler: Strategy(
        first_status=lambda _, __: autoscaling_v2.HorizontalPodAutoscalerStatus(desiredReplicas=0)
    ),
    batch_v1.CronJob: Strategy(first_status=lambda _, __: batch_v1.CronJobStatus(), counts=("spec",)),
    batch_v1.Job: Strategy(first_status=lambda _, __: batch_v1.JobStatus(), counts=("spec",)),
    core_v1.Namespace: Strategy(first_status=lambda _, __: core_v1.NamespaceStatus(phase="Active")),
    core_v1.Node: Strategy(first_status=None),  # a node agent registers with the status it has
    core_v1.PersistentVolume: Strategy(
        first_status=lambda _, now: core_v1.PersistentVolumeStatus(phase="Pending", lastPhaseTransitionTime=now)
    ),
    core_v1.PersistentVolumeClaim: Strategy(
        first_status=lambda _, __: core_v1.PersistentVolumeClaimStatus(phase="Pending")
    ),
    core_v1.ResourceQuota: Strategy(first_status=lambda _, __: core_v1.ResourceQuotaStatus()),
    core_v1.Service: Strategy(
        first_status=lambda _, __: core_v1.ServiceStatus(loadBalancer=core_v1.LoadBalancerStatus()),
        create_on_update=True,
    ),
    core_v1.Endpoints: Strategy(create_on_update=True),
    core_v1.Event: Strategy(create_on_update=True),
    core_v1.ServiceAccount: Strategy(unconditional_update=False),
    coordination_v1.Lease: Strategy(unconditional_update=False, create_on_update=True),
    discovery_v1.EndpointSlice: Strategy(counts=("endpoints", "ports", "addressType")),
}
_LIKE_THE_REST = Strategy()
_CUSTOM = Strategy(unconditional_update=False)


def strategy_of(kind: Kind) -> Strategy:
    """How this kind behaves."""
    if kind.custom is not None:
        return _CUSTOM
    return _STRATEGIES.get(kind.model, _LIKE_THE_REST)


def prepare_create(kind: Kind, obj: Any, now: datetime) -> None:
    """Discard the status that the client sent and start counting generations."""
    if kind.custom is not None:
        custom.prepare_create(kind.custom, obj)
        return
    strategy = strategy_of(kind)
    if strategy.first_status is not None and hasattr(obj, "status"):
        obj.status = strategy.first_status(obj, now)
    if strategy.counts:
        objects.meta(obj).generation = 1
    if kind.model is core_v1.Pod:
        neighbours.name_values(obj)
    elif kind.model is core_v1.Namespace:
        _hold_for_content(obj)
    elif kind.model is apiextensions_v1.CustomResourceDefinition:
        definitions.note_stored_version(obj)
    elif kind.model is batch_v1.Job:
        _select_own_pods(obj)


def _select_own_pods(job: batch_v1.Job) -> None:
    """A Job knows its pods by its own uid, under the present and the older names of the labels."""
    if job.spec is None or job.spec.manualSelector:
        return
    uid, name = objects.uid_of(job), objects.name_of(job)
    template = job.spec.template
    metadata = template.metadata = template.metadata or meta_v1.ObjectMeta()
    own = {"controller-uid": uid, "job-name": name}
    metadata.labels = {**(metadata.labels or {}), **own, **{f"batch.kubernetes.io/{k}": v for k, v in own.items()}}
    if job.spec.selector is None:
        job.spec.selector = meta_v1.LabelSelector(matchLabels={"batch.kubernetes.io/controller-uid": uid})


def prepare_update(kind: Kind, subresource: str, new: Any, old: Any, now: datetime) -> None:
    """Keep of `old` what this way of writing may not touch, and raise the generation where the wishes changed."""
    if subresource == BINDING:
        return
    if kind.custom is not None:
        custom.prepare_update(kind.custom, subresource, new, old)
        return
    if kind.model is certificates_v1.CertificateSigningRequest:
        signing_requests.prepare_update(subresource, new, old, now)
        return
    if subresource == "status":
        _prepare_status(kind, new, old, now)
        return
    if hasattr(new, "status") and kind.subresources:
        new.status = old.status
    if kind.model is core_v1.Namespace and subresource != "finalize":
        new.spec = old.spec
    elif kind.model is apiextensions_v1.CustomResourceDefinition:
        definitions.note_stored_version(new)
    elif kind.model is apiregistration_v1.APIService and api_services.moved(new, old):
        new.status = api_services.status_of(new, now)
    if _wishes_changed(strategy_of(kind), new, old):
        metadata: meta_v1.ObjectMeta = new.metadata
        metadata.generation = (metadata.generation or 0) + 1


def _wishes_changed(strategy: Strategy, new: Any, old: Any) -> bool:
    if strategy.counts_annotations and new.metadata.annotations != old.metadata.annotations:
        return True
    return any(not same_meaning(getattr(new, part), getattr(old, part)) for part in strategy.counts)


def _prepare_status(kind: Kind, new: Any, old: Any, now: datetime) -> None:
    new.spec = old.spec
    for field in strategy_of(kind).status_spares:
        setattr(new.metadata, field, getattr(old.metadata, field))
    if kind.model is core_v1.Pod and new.status is not None and not new.status.qosClass:
        new.status.qosClass = old.status.qosClass if old.status else None
    if kind.model is core_v1.PersistentVolume and new.status and new.status.phase != old.status.phase:
        new.status.lastPhaseTransitionTime = now


def _hold_for_content(namespace: core_v1.Namespace) -> None:
    """A namespace stays until its content is gone: the namespace controller takes this finalizer away."""
    spec = namespace.spec = namespace.spec or core_v1.NamespaceSpec()
    if "kubernetes" not in (spec.finalizers or ()):
        spec.finalizers = [*(spec.finalizers or ()), "kubernetes"]
