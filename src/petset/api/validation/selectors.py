"""Choices of objects by their labels, and of nodes."""

from typing import Any

from petset.api import names
from petset.api.models import core_v1, meta_v1
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_labels

_NODE_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_LABEL_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_NO_OPERATOR = "not a valid selector operator"


def check_label_selector(path: str, selector: meta_v1.LabelSelector | None, faults: Faults) -> None:
    """A choice of objects by their labels."""
    if selector is None:
        return
    check_labels(f"{path}.matchLabels", selector.matchLabels, faults)
    for index, expression in enumerate(selector.matchExpressions or ()):
        here = f"{path}.matchExpressions[{index}]"
        _check_values(here, expression, faults)
        if expression.operator not in _LABEL_OPERATORS:
            faults.invalid(f"{here}.operator", expression.operator, _NO_OPERATOR)
        faults.each(f"{here}.key", expression.key, names.qualified_name(expression.key))
        for number, value in enumerate(expression.values or ()):
            faults.each(f"{here}.values[{number}]", value, names.label_value(value))


def check_node_selector(path: str, selector: core_v1.NodeSelector, faults: Faults) -> None:
    """A choice of nodes by their labels and fields."""
    if not selector.nodeSelectorTerms:
        faults.required(f"{path}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(selector.nodeSelectorTerms or ()):
        check_node_term(f"{path}.nodeSelectorTerms[{index}]", term, faults)


def check_node_term(path: str, term: core_v1.NodeSelectorTerm, faults: Faults, *, preferred: bool = False) -> None:
    """Requirements that a node must all meet; the values of a mere preference are not looked at."""
    for index, requirement in enumerate(term.matchExpressions or ()):
        here = f"{path}.matchExpressions[{index}]"
        _check_values(here, requirement, faults)
        if requirement.operator in ("Gt", "Lt"):
            if len(requirement.values or ()) != 1:
                faults.required(f"{here}.values", "must be specified single value when `operator` is 'Lt' or 'Gt'")
        elif requirement.operator not in _NODE_OPERATORS:
            faults.invalid(f"{here}.operator", requirement.operator, _NO_OPERATOR)
        faults.each(f"{here}.key", requirement.key, names.qualified_name(requirement.key))
        for number, value in enumerate(() if preferred else requirement.values or ()):
            faults.each(f"{here}.values[{number}]", value, names.label_value(value))
    for index, requirement in enumerate(term.matchFields or ()):
        _check_field(f"{path}.matchFields[{index}]", requirement, faults)


def _check_field(path: str, requirement: core_v1.NodeSelectorRequirement, faults: Faults) -> None:
    """Of a node's fields only its name can be asked for."""
    if requirement.operator not in ("In", "NotIn"):
        faults.invalid(f"{path}.operator", requirement.operator, _NO_OPERATOR)
    elif len(requirement.values or ()) != 1:
        what = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
        faults.required(f"{path}.values", what)
    if requirement.key != "metadata.name":
        faults.invalid(f"{path}.key", requirement.key, "not a valid field selector key")
        return
    for number, value in enumerate(requirement.values or ()):
        faults.each(f"{path}.values[{number}]", value, names.dns_subdomain(value))


def _check_values(path: str, expression: Any, faults: Faults) -> None:
    """In and NotIn have values, Exists and DoesNotExist have none."""
    if expression.operator in ("In", "NotIn") and not expression.values:
        faults.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    if expression.operator in ("Exists", "DoesNotExist") and expression.values:
        faults.forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
