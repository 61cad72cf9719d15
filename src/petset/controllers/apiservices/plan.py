"""Which APIServices are missing, and which tell of something that is no longer served.

What the server is built with is registered when it starts: whoever deletes it later has it back at the next start.
What definitions add is registered for as long as it is served. APIServices that others have made are never touched.
"""

from petset.api.models import apiregistration_v1, meta_v1
from petset.api.objects import meta, name_of, uid_of
from petset.controllers.apiservices.model import MANAGED, APIService, Deregister, Plan, Register, Served, Snapshot

PRIORITIES = {
    "": 18000,
    "apps": 17800,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "autoscaling": 17500,
    "batch": 17400,
    "certificates.k8s.io": 17300,
    "networking.k8s.io": 17200,
    "policy": 17100,
    "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800,
    "apiextensions.k8s.io": 16700,
    "admissionregistration.k8s.io": 16700,
    "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500,
    "node.k8s.io": 16300,
    "discovery.k8s.io": 16200,
}
"""Kubernetes' own, by group: the higher is preferred."""
_VERSIONS = {("", "v1"): 1, ("autoscaling", "v2"): 30}
_USUAL_VERSION = 15
_DEFINED, _DEFINED_VERSION = 1000, 100


def plan(snapshot: Snapshot) -> Plan:
    """Guarantee: after its steps everything that must be registered is, and nothing else that is labelled so."""
    present = {name_of(each) for each in snapshot.present}
    served = {each.name for each in snapshot.served}
    missing = [
        Register(_api_service(each))
        for each in snapshot.served
        if each.name not in present and (each.defined or snapshot.starts)
    ]
    stale = [
        Deregister(name_of(each), uid_of(each))
        for each in snapshot.present
        if name_of(each) not in served and (meta(each).labels or {}).get(MANAGED) == "true"
    ]
    return Plan((*missing, *stale))


def _api_service(served: Served) -> APIService:
    group, version = served.group, served.version
    spec = apiregistration_v1.APIServiceSpec(
        group=group,
        version=version,
        groupPriorityMinimum=_DEFINED if served.defined else PRIORITIES[group],
        versionPriority=_DEFINED_VERSION if served.defined else _VERSIONS.get((group, version), _USUAL_VERSION),
    )
    labels = {MANAGED: "true" if served.defined else "onstart"}
    return APIService(metadata=meta_v1.ObjectMeta(name=served.name, labels=labels), spec=spec)
