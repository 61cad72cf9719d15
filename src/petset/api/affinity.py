"""Which nodes a node selector means: the rule that pods, volumes and classes share.

Terms are alternatives; the requirements inside a term must all hold. An empty or absent term selects nothing, as in
Kubernetes: a selector that says nothing about any node is a mistake, not a wildcard.
"""

from collections.abc import Mapping, Sequence

from petset.api.models import core_v1
from petset.api.objects import meta, name_of


def selects(selector: core_v1.NodeSelector, node: core_v1.Node) -> bool:
    """Whether at least one term of `selector` holds for the node."""
    return any(term_selects(term, node) for term in selector.nodeSelectorTerms)


def term_selects(term: core_v1.NodeSelectorTerm, node: core_v1.Node) -> bool:
    """Whether every requirement of one term holds; a term without requirements never does."""
    expressions, fields = term.matchExpressions or (), term.matchFields or ()
    if not expressions and not fields:
        return False
    labels = meta(node).labels or {}
    return _all_hold(expressions, labels) and _all_hold(fields, {"metadata.name": name_of(node)})


def _all_hold(requirements: Sequence[core_v1.NodeSelectorRequirement], values: Mapping[str, str]) -> bool:
    return all(_holds(requirement, values) for requirement in requirements)


def _holds(requirement: core_v1.NodeSelectorRequirement, values: Mapping[str, str]) -> bool:
    value, wanted = values.get(requirement.key), requirement.values or []
    match requirement.operator:
        case "In":
            return value is not None and value in wanted
        case "NotIn":
            return value is None or value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt":
            return _compares(requirement.operator, value, wanted)
        case _:
            return False


def _compares(operator: str, value: str | None, wanted: Sequence[str]) -> bool:
    """`Gt` and `Lt` compare whole numbers; what is not a number never matches."""
    try:
        here, limit = int(value or ""), int(wanted[0])
    except (ValueError, IndexError):
        return False
    return here > limit if operator == "Gt" else here < limit
