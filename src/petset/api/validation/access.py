"""Roles and their bindings: what a rule must say, and whom a binding may name."""

from petset.api import names
from petset.api.kinds import RBAC
from petset.api.models import rbac_v1
from petset.api.validation.fields import Faults
from petset.api.validation.selectors import check_label_selector


def check_role(role: rbac_v1.Role, faults: Faults) -> None:
    """Rules for what is in a namespace."""
    for index, rule in enumerate(role.rules or ()):
        _check_rule(f"rules[{index}]", rule, faults, namespaced=True)


def check_cluster_role(role: rbac_v1.ClusterRole, faults: Faults) -> None:
    """Rules for anything."""
    for index, rule in enumerate(role.rules or ()):
        _check_rule(f"rules[{index}]", rule, faults, namespaced=False)
    if role.aggregationRule is None:
        return
    path = "aggregationRule.clusterRoleSelectors"
    if not role.aggregationRule.clusterRoleSelectors:
        faults.required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for index, selector in enumerate(role.aggregationRule.clusterRoleSelectors or ()):
        check_label_selector(f"{path}[{index}]", selector, faults)


def check_binding(binding: rbac_v1.RoleBinding, faults: Faults) -> None:
    """A role of the namespace or of the cluster, given to somebody."""
    _check_reference(binding.roleRef, ("Role", "ClusterRole"), faults)
    for index, subject in enumerate(binding.subjects or ()):
        _check_subject(f"subjects[{index}]", subject, faults, namespaced=True)


def check_cluster_binding(binding: rbac_v1.ClusterRoleBinding, faults: Faults) -> None:
    """A role of the cluster, given to somebody."""
    _check_reference(binding.roleRef, ("ClusterRole",), faults)
    for index, subject in enumerate(binding.subjects or ()):
        _check_subject(f"subjects[{index}]", subject, faults, namespaced=False)


def check_binding_update(new: rbac_v1.RoleBinding, old: rbac_v1.RoleBinding, faults: Faults) -> None:
    """Which role is bound stays: who may give one role may not be who may give another."""
    check_binding(new, faults)
    _check_same_role(new.roleRef, old.roleRef, faults)


def check_cluster_binding_update(
    new: rbac_v1.ClusterRoleBinding, old: rbac_v1.ClusterRoleBinding, faults: Faults
) -> None:
    """The same for the whole cluster."""
    check_cluster_binding(new, faults)
    _check_same_role(new.roleRef, old.roleRef, faults)


def _check_same_role(new: rbac_v1.RoleRef, old: rbac_v1.RoleRef, faults: Faults) -> None:
    if new != old:
        faults.invalid("roleRef", new, "cannot change roleRef")


def _check_rule(path: str, rule: rbac_v1.PolicyRule, faults: Faults, *, namespaced: bool) -> None:
    if not rule.verbs:
        faults.required(f"{path}.verbs", "verbs must contain at least one value")
    if rule.nonResourceURLs:
        urls = f"{path}.nonResourceURLs"
        if namespaced:
            faults.invalid(urls, rule.nonResourceURLs, "namespaced rules cannot apply to non-resource URLs")
        if rule.apiGroups or rule.resources or rule.resourceNames:
            why = "rules cannot apply to both regular resources and non-resource URLs"
            faults.invalid(urls, rule.nonResourceURLs, why)
        return
    if not rule.apiGroups:
        faults.required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not rule.resources:
        faults.required(f"{path}.resources", "resource rules must supply at least one resource")


def _check_reference(reference: rbac_v1.RoleRef, kinds: tuple[str, ...], faults: Faults) -> None:
    if reference.apiGroup != RBAC:
        faults.not_supported("roleRef.apiGroup", reference.apiGroup, (RBAC,))
    if reference.kind not in kinds:
        faults.not_supported("roleRef.kind", reference.kind, kinds)
    if not reference.name:
        faults.required("roleRef.name")
    faults.each("roleRef.name", reference.name, names.path_segment(reference.name))


def _check_subject(path: str, subject: rbac_v1.Subject, faults: Faults, *, namespaced: bool) -> None:
    if not subject.name:
        faults.required(f"{path}.name")
    match subject.kind:
        case "ServiceAccount":
            if subject.name:
                faults.each(f"{path}.name", subject.name, names.dns_subdomain(subject.name))
            if subject.apiGroup:
                faults.not_supported(f"{path}.apiGroup", subject.apiGroup, ("",))
            if not namespaced and not subject.namespace:
                faults.required(f"{path}.namespace")
        case "User" | "Group":
            if not subject.name:
                faults.invalid(f"{path}.name", subject.name, f"{subject.kind.lower()} name cannot be empty")
            if subject.apiGroup != RBAC:
                faults.not_supported(f"{path}.apiGroup", subject.apiGroup, (RBAC,))
        case _:
            faults.not_supported(f"{path}.kind", subject.kind, ("ServiceAccount", "User", "Group"))
