"""Rows of roles and bindings, and of requests for certificates."""

from datetime import datetime, timedelta

from petset.api.models import certificates_v1, rbac_v1
from petset.api.objects import meta
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of, wide
from petset.apiserver.tables.durations import human


def role(obj: rbac_v1.Role | rbac_v1.ClusterRole, now: datetime) -> list[Cell]:
    """Name, and the moment it was made: roles show no age."""
    created = meta(obj).creationTimestamp
    return [name_of(obj), created.strftime("%Y-%m-%dT%H:%M:%SZ") if created else ""]


def binding(obj: rbac_v1.RoleBinding | rbac_v1.ClusterRoleBinding, now: datetime) -> list[Cell]:
    """The role, and to whom it is given."""
    subjects = obj.subjects or []
    named = {kind: [s.name for s in subjects if s.kind == kind] for kind in ("User", "Group")}
    accounts = [f"{s.namespace or ''}/{s.name}" for s in subjects if s.kind == "ServiceAccount"]
    return [
        name_of(obj),
        f"{obj.roleRef.kind}/{obj.roleRef.name}",
        age_of(obj, now),
        ", ".join(named["User"]),
        ", ".join(named["Group"]),
        ", ".join(accounts),
    ]


def signing_request(obj: certificates_v1.CertificateSigningRequest, now: datetime) -> list[Cell]:
    """Who asks whom, for how long, and what came of it."""
    spec, status = obj.spec, obj.status or certificates_v1.CertificateSigningRequestStatus()
    kinds = {condition.type for condition in status.conditions or ()}
    verdict = "Denied" if "Denied" in kinds else "Approved" if "Approved" in kinds else "Pending"
    further = (",Failed" if "Failed" in kinds else "") + (",Issued" if status.certificate else "")
    seconds = spec.expirationSeconds
    lasting = "<none>" if seconds is None else human(timedelta(seconds=seconds))
    return [name_of(obj), age_of(obj, now), spec.signerName, spec.username or "", lasting, verdict + further]


SIGNING_REQUESTS = Printer(
    (NAME, AGE, Column("SignerName"), Column("Requestor"), Column("RequestedDuration"), Column("Condition")),
    signing_request,
)
ROLES = Printer((NAME, Column("Created At")), role)
BINDINGS = Printer((NAME, Column("Role"), AGE, wide("Users"), wide("Groups"), wide("ServiceAccounts")), binding)
