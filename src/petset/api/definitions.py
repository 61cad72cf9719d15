"""CustomResourceDefinitions as objects among others: how far one is, what holds it, how versions are ordered.

What a definition says of its kind is in `petset.api.custom`, which is read only where there are definitions.
"""

from petset.api.models import apiextensions_v1

Definition = apiextensions_v1.CustomResourceDefinition
ESTABLISHED, NAMES_ACCEPTED, TERMINATING = "Established", "NamesAccepted", "Terminating"
CONFORMANT = "KubernetesAPIApprovalPolicyConformant"
APPROVED = "api-approved.kubernetes.io"
"""The annotation that says who has approved a kind in one of Kubernetes' own groups."""
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer that keeps a definition until its objects are gone."""


def is_true(definition: Definition, condition: str) -> bool:
    """Whether a condition holds."""
    conditions = (definition.status.conditions if definition.status else None) or ()
    return any(c.type == condition and c.status == "True" for c in conditions)


def is_protected(group: str) -> bool:
    """Whether the group is Kubernetes' own."""
    return any(group == each or group.endswith(f".{each}") for each in ("k8s.io", "kubernetes.io"))


def approval(annotation: str) -> tuple[str, str, str]:
    """Status, reason and message of the condition that says whether a kind in a protected group was approved."""
    must = f'protected groups must have approval annotation "{APPROVED}"'
    pull = "see https://github.com/kubernetes/enhancements/pull/1111"
    scheme, _, rest = annotation.partition("://")
    if not annotation:
        return "False", "MissingAnnotation", f"{must}, {pull}"
    if annotation.startswith("unapproved"):
        return "False", "UnapprovedAnnotation", f'not approved: "{annotation}"'
    if scheme.isalnum() and rest.partition("/")[0]:
        return "True", "ApprovedAnnotation", f"approved in {annotation}"
    return "False", "InvalidAnnotation", f'{must} with either a URL or a reason starting with "unapproved", {pull}'


def version_order(name: str) -> tuple[int, int, int, str]:
    """What sorts versions as Kubernetes prefers them: `v10`, `v2`, `v1beta2`, `v1alpha1`, then all else by name."""
    major, stage, minor = _version_parts(name)
    ranks = {"": 0, "beta": 1, "alpha": 2}
    if not major or stage not in ranks or bool(stage) != bool(minor):
        return 3, 0, 0, name
    return ranks[stage], -int(major), -int(minor or 0), name


def _version_parts(name: str) -> tuple[str, str, str]:
    """`v1beta2` → `1`, `beta`, `2`; three empty texts for what is no version of that form."""
    if not name.startswith("v"):
        return "", "", ""
    rest = name[1:]
    major = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    rest = rest[len(major) :]
    stage = rest.rstrip("0123456789")
    minor = rest[len(stage) :]
    valid = major and not major.startswith("0") and not minor.startswith("0")
    return (major, stage, minor) if valid else ("", "", "")
