"""Defaults of role bindings."""

from petset.api.kinds import RBAC
from petset.api.models import rbac_v1


def default_binding(binding: rbac_v1.RoleBinding | rbac_v1.ClusterRoleBinding) -> None:
    """Roles, users and groups are RBAC's own; service accounts are of the core group, which has no name."""
    binding.roleRef.apiGroup = binding.roleRef.apiGroup or RBAC
    for subject in binding.subjects or ():
        if subject.kind in ("User", "Group"):
            subject.apiGroup = subject.apiGroup or RBAC
