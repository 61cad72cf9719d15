"""Rows of roles and bindings."""

from datetime import datetime

from petset.api.models import rbac_v1
from petset.api.objects import meta
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of, wide


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


ROLES = Printer((NAME, Column("Created At")), role)
BINDINGS = Printer((NAME, Column("Role"), AGE, wide("Users"), wide("Groups"), wide("ServiceAccounts")), binding)
