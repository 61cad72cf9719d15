"""Where a pod may go: affinity, tolerations, and how its like are spread."""

from typing import Any

from petset.api import names
from petset.api.models import core_v1
from petset.api.validation.fields import Faults
from petset.api.validation.selectors import check_label_selector, check_node_selector, check_node_term

EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_NEEDS_SELECTOR = "must not be specified when labelSelector is not set"
_IN_BOTH = "exists in both matchLabelKeys and labelSelector"


def check_tolerations(path: str, tolerations: list[core_v1.Toleration], faults: Faults) -> None:
    """Which taints a pod accepts."""
    for index, toleration in enumerate(tolerations):
        here, operator = f"{path}[{index}]", toleration.operator or ""
        if toleration.key:
            faults.each(f"{here}.key", toleration.key, names.qualified_name(toleration.key))
        elif operator != "Exists":
            meaning = 'which means "match all values and all keys"'
            faults.invalid(f"{here}.operator", operator, f"operator must be Exists when `key` is empty, {meaning}")
        if toleration.tolerationSeconds is not None and toleration.effect != "NoExecute":
            what = "effect must be 'NoExecute' when `tolerationSeconds` is set"
            faults.invalid(f"{here}.effect", toleration.effect or "", what)
        _check_operator(f"{here}.operator", operator, toleration.value or "", faults)
        if toleration.effect and toleration.effect not in EFFECTS:
            faults.not_supported(f"{here}.effect", toleration.effect, EFFECTS)


def _check_operator(path: str, operator: str, value: str, faults: Faults) -> None:
    if operator in ("", "Equal"):
        complaints = names.label_value(value)
        if complaints:
            faults.invalid(path, value, ";".join(complaints))
    elif operator == "Exists":
        if value:
            faults.invalid(path, value, "value must be empty when `operator` is 'Exists'")
    elif operator not in ("Gt", "Lt"):
        faults.not_supported(path, operator, ("Equal", "Exists"))


def check_affinity(path: str, affinity: core_v1.Affinity, faults: Faults) -> None:
    """Which nodes, and the neighbourhood of which pods."""
    if affinity.nodeAffinity is not None:
        _check_node_affinity(f"{path}.nodeAffinity", affinity.nodeAffinity, faults)
    for name in ("podAffinity", "podAntiAffinity"):
        terms = getattr(affinity, name)
        if terms is not None:
            _check_neighbours(f"{path}.{name}", terms, faults)


def _check_node_affinity(path: str, affinity: core_v1.NodeAffinity, faults: Faults) -> None:
    selector = getattr(affinity, _REQUIRED)
    if selector is not None:
        check_node_selector(f"{path}.{_REQUIRED}", selector, faults)
    for index, term in enumerate(getattr(affinity, _PREFERRED) or ()):
        here = f"{path}.{_PREFERRED}[{index}]"
        _check_weight(here, term.weight, faults)
        check_node_term(f"{here}.preference", term.preference, faults, preferred=True)


def _check_neighbours(path: str, terms: Any, faults: Faults) -> None:
    for index, term in enumerate(getattr(terms, _REQUIRED) or ()):
        _check_neighbour(f"{path}.{_REQUIRED}[{index}]", term, faults)
    for index, weighted in enumerate(getattr(terms, _PREFERRED) or ()):
        here = f"{path}.{_PREFERRED}[{index}]"
        _check_weight(here, weighted.weight, faults)
        _check_neighbour(f"{here}.podAffinityTerm", weighted.podAffinityTerm, faults)


def _check_weight(path: str, weight: int, faults: Faults) -> None:
    if not 1 <= weight <= 100:
        faults.invalid(f"{path}.weight", weight, "must be in the range 1-100")


def _check_neighbour(path: str, term: core_v1.PodAffinityTerm, faults: Faults) -> None:
    check_label_selector(f"{path}.labelSelector", term.labelSelector, faults)
    check_label_selector(f"{path}.namespaceSelector", term.namespaceSelector, faults)
    for name in term.namespaces or ():
        faults.each(f"{path}.namespace", name, names.dns_label(name))
    if term.matchLabelKeys or term.mismatchLabelKeys:
        _check_label_keys(path, term, faults)
    if not term.topologyKey:
        faults.required(f"{path}.topologyKey", "can not be empty")
    faults.each(f"{path}.topologyKey", term.topologyKey, names.qualified_name(term.topologyKey))


def _check_label_keys(path: str, term: core_v1.PodAffinityTerm, faults: Faults) -> None:
    """Labels whose value in the pod itself makes part of the choice."""
    matched, mismatched = term.matchLabelKeys or [], term.mismatchLabelKeys or []
    for field, keys in (("matchLabelKeys", matched), ("mismatchLabelKeys", mismatched)):
        if keys and term.labelSelector is None:
            faults.forbidden(f"{path}.{field}", _NEEDS_SELECTOR)
            continue
        for index, key in enumerate(keys):
            faults.each(f"{path}.{field}[{index}]", key, names.qualified_name(key))
    seen = set((term.labelSelector.matchLabels if term.labelSelector else None) or ())
    for expression in (term.labelSelector.matchExpressions if term.labelSelector else None) or ():
        if expression.key in seen and expression.key in matched:
            faults.invalid(f"{path}[{matched.index(expression.key)}]", expression.key, _IN_BOTH)
        seen.add(expression.key)
    for index, key in enumerate(matched):
        if key in mismatched:
            what = "exists in both matchLabelKeys and mismatchLabelKeys"
            faults.invalid(f"{path}.matchLabelKeys[{index}]", key, what)


def check_spreads(path: str, spreads: list[core_v1.TopologySpreadConstraint], faults: Faults) -> None:
    """How evenly pods are to stand; one rule for each kind of place and what follows when it cannot be kept."""
    pairs = [(each.topologyKey, each.whenUnsatisfiable) for each in spreads]
    for index, spread in enumerate(spreads):
        here = f"{path}[{index}]"
        if spread.maxSkew <= 0:
            faults.invalid(f"{here}.maxSkew", spread.maxSkew, "must be greater than zero")
        if not spread.topologyKey:
            faults.required(f"{here}.topologyKey", "can not be empty")
        if spread.whenUnsatisfiable not in ("DoNotSchedule", "ScheduleAnyway"):
            known = ("DoNotSchedule", "ScheduleAnyway")
            faults.not_supported(f"{here}.whenUnsatisfiable", spread.whenUnsatisfiable, known)
        if pairs[index] in pairs[index + 1 :]:
            shown = f"{{{spread.topologyKey}, {spread.whenUnsatisfiable}}}"
            faults.duplicate(f"{here}.{{topologyKey, whenUnsatisfiable}}", shown)
        _check_spread_details(here, spread, faults)


def _check_spread_details(path: str, spread: core_v1.TopologySpreadConstraint, faults: Faults) -> None:
    domains, action = spread.minDomains, spread.whenUnsatisfiable
    if domains is not None and domains <= 0:
        faults.invalid(f"{path}.minDomains", domains, "must be greater than zero")
    if domains is not None and action != "DoNotSchedule":
        what = f"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}"
        faults.invalid(f"{path}.minDomains", domains, what)
    for name in ("nodeAffinityPolicy", "nodeTaintsPolicy"):
        policy = getattr(spread, name)
        if policy is not None and policy not in ("Honor", "Ignore"):
            faults.not_supported(f"{path}.{name}", policy, ("Honor", "Ignore"))
    if spread.matchLabelKeys:
        _check_spread_keys(f"{path}.matchLabelKeys", spread, faults)
    check_label_selector(f"{path}.labelSelector", spread.labelSelector, faults)


def _check_spread_keys(path: str, spread: core_v1.TopologySpreadConstraint, faults: Faults) -> None:
    selector = spread.labelSelector
    if selector is None:
        faults.forbidden(path, _NEEDS_SELECTOR)
    used = set((selector.matchLabels if selector else None) or ())
    used.update(each.key for each in (selector.matchExpressions if selector else None) or ())
    for index, key in enumerate(spread.matchLabelKeys or ()):
        faults.each(f"{path}[{index}]", key, names.qualified_name(key))
        if key in used:
            faults.invalid(f"{path}[{index}]", key, _IN_BOTH)
