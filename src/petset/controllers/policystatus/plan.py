"""When a policy is looked at: once for each state of its spec, as Kubernetes does it."""

from petset.api import objects
from petset.api.models import admissionregistration_v1 as admission
from petset.api.objects import meta
from petset.api.type_checking import warnings_for
from petset.controllers.policystatus.model import Plan, ReportStatus, Snapshot

Status = admission.ValidatingAdmissionPolicyStatus


def plan(snapshot: Snapshot) -> Plan:
    """Guarantee: after its step the status tells of the spec that is there, and conditions of others are kept."""
    policy = snapshot.policy
    status = policy.status or Status()
    generation = meta(policy).generation or 0
    if generation <= (status.observedGeneration or 0):
        return Plan()
    found = warnings_for(policy, snapshot.kinds, snapshot.params)
    checked = admission.TypeChecking(expressionWarnings=found or None)
    told = objects.replace(status, observedGeneration=generation, typeChecking=checked)
    return Plan((ReportStatus(objects.replace(policy, status=told)),))
