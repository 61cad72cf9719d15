"""When a Job counts as failed or as successful: its policies, with Kubernetes' messages."""

import re

from petset.api import names
from petset.api.models import batch_v1
from petset.api.validation.fields import Faults

_ACTIONS = ("Count", "FailIndex", "FailJob", "Ignore")
_OPERATORS = ("In", "NotIn")
_STATUSES = ("False", "True", "Unknown")
_REPLACEMENTS = ("Failed", "TerminatingOrFailed")
_MOST_RULES = 20
_MOST_CODES = 255
_MOST_PATTERNS = 20
_MOST_FAILED_INDEXES = 100_000
_MANY_COMPLETIONS = 100_000
_FEW_OF_MANY = 10_000
_LONGEST_INDEXES = 64 * 1024
_NUMBER = re.compile(r"[+-]?[0-9]+")


def check_policies(path: str, spec: batch_v1.JobSpec, faults: Faults) -> None:
    """Limits for each index, podFailurePolicy, successPolicy and podReplacementPolicy."""
    _check_limits(path, spec, faults)
    if spec.podFailurePolicy is not None:
        _check_failure_policy(f"{path}.podFailurePolicy", spec, faults)
    if spec.successPolicy is not None:
        _check_success_policy(f"{path}.successPolicy", spec, spec.successPolicy, faults)
    replacement = spec.podReplacementPolicy
    if replacement is not None:
        supported = _REPLACEMENTS if spec.podFailurePolicy is None else ("Failed",)
        if replacement not in supported:
            faults.not_supported(f"{path}.podReplacementPolicy", replacement, supported)


def _check_limits(path: str, spec: batch_v1.JobSpec, faults: Faults) -> None:
    limits = {name: getattr(spec, name) for name in ("backoffLimitPerIndex", "maxFailedIndexes")}
    if spec.maxFailedIndexes is not None and spec.backoffLimitPerIndex is None:
        faults.required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    if spec.completionMode != "Indexed":
        for name, value in limits.items():
            if value is not None:
                faults.invalid(f"{path}.{name}", value, "requires indexed completion mode")
        return
    here, most, completions = f"{path}.maxFailedIndexes", spec.maxFailedIndexes, spec.completions or 0
    if most is not None and spec.completions is not None and most > completions:
        faults.invalid(here, most, "must be less than or equal to completions")
    if most is not None and most > _MOST_FAILED_INDEXES:
        faults.invalid(here, most, f"must be less than or equal to {_MOST_FAILED_INDEXES}")
    if completions > _MANY_COMPLETIONS and spec.backoffLimitPerIndex is not None:
        _check_many(path, spec, faults)


def _check_many(path: str, spec: batch_v1.JobSpec, faults: Faults) -> None:
    """What a Job of very many indexes has to keep within."""
    if spec.maxFailedIndexes is None:
        faults.required(
            f"{path}.maxFailedIndexes", f"must be specified when completions is above {_MANY_COMPLETIONS}"
        )
    for name in ("parallelism", "maxFailedIndexes"):
        value = getattr(spec, name)
        if value is not None and value > _FEW_OF_MANY:
            text = f"must be less than or equal to {_FEW_OF_MANY} when completions are above {_MANY_COMPLETIONS}"
            faults.invalid(f"{path}.{name}", value, f"{text} and used with backoff limit per index")


def _check_failure_policy(path: str, spec: batch_v1.JobSpec, faults: Faults) -> None:
    rules = (spec.podFailurePolicy.rules if spec.podFailurePolicy else None) or []
    if len(rules) > _MOST_RULES:
        faults.too_many(f"{path}.rules", len(rules), _MOST_RULES)
    pod = spec.template.spec
    containers = (*((pod.initContainers if pod else None) or ()), *(pod.containers if pod else ()))
    known = {container.name for container in containers}
    for number, rule in enumerate(rules):
        here = f"{path}.rules[{number}]"
        _check_action(f"{here}.action", rule.action, spec, faults)
        if rule.onExitCodes is not None:
            _check_exit_codes(f"{here}.onExitCodes", rule.onExitCodes, known, faults)
        if rule.onPodConditions:
            _check_conditions(f"{here}.onPodConditions", rule.onPodConditions, faults)
        if rule.onExitCodes is not None and rule.onPodConditions:
            faults.broken(here, "specifying both OnExitCodes and OnPodConditions is not supported")
        if rule.onExitCodes is None and not rule.onPodConditions:
            faults.broken(here, "specifying one of OnExitCodes and OnPodConditions is required")


def _check_action(path: str, action: str | None, spec: batch_v1.JobSpec, faults: Faults) -> None:
    if not action:
        faults.required(path, f"valid values: {_listed(_ACTIONS)}")
    elif action not in _ACTIONS:
        faults.not_supported(path, action, _ACTIONS)
    elif action == "FailIndex" and spec.backoffLimitPerIndex is None:
        faults.invalid(path, action, "requires the backoffLimitPerIndex to be set")


def _check_exit_codes(
    path: str, codes: batch_v1.PodFailurePolicyOnExitCodesRequirement, known: set[str], faults: Faults
) -> None:
    if not codes.operator:
        faults.required(f"{path}.operator", f"valid values: {_listed(_OPERATORS)}")
    elif codes.operator not in _OPERATORS:
        faults.not_supported(f"{path}.operator", codes.operator, _OPERATORS)
    if codes.containerName is not None and codes.containerName not in known:
        text = "must be one of the container or initContainer names in the pod template"
        faults.invalid(f"{path}.containerName", codes.containerName, text)
    values = codes.values or []
    if not values:
        faults.invalid(f"{path}.values", values, "at least one value is required")
    elif len(values) > _MOST_CODES:
        faults.too_many(f"{path}.values", len(values), _MOST_CODES)
    for number, value in enumerate(values):
        if codes.operator == "In" and value == 0:
            faults.invalid(f"{path}.values[{number}]", value, "must not be 0 for the In operator")
        if value in values[:number]:
            faults.duplicate(f"{path}.values[{number}]", value)
    if list(values) != sorted(values):
        faults.invalid(f"{path}.values", values, "must be ordered")


def _check_conditions(
    path: str, patterns: list[batch_v1.PodFailurePolicyOnPodConditionsPattern], faults: Faults
) -> None:
    if len(patterns) > _MOST_PATTERNS:
        faults.too_many(path, len(patterns), _MOST_PATTERNS)
    for number, pattern in enumerate(patterns):
        here = f"{path}[{number}]"
        faults.each(f"{here}.type", pattern.type, names.qualified_name(pattern.type))
        if not pattern.status:
            faults.required(f"{here}.status", f"valid values: {_listed(_STATUSES)}")
        elif pattern.status not in _STATUSES:
            faults.not_supported(f"{here}.status", pattern.status, _STATUSES)


def _check_success_policy(
    path: str, spec: batch_v1.JobSpec, policy: batch_v1.SuccessPolicy, faults: Faults
) -> None:
    if spec.completionMode != "Indexed":
        faults.invalid(path, policy, "requires indexed completion mode")
        return
    rules = policy.rules or []
    if not rules:
        faults.required(f"{path}.rules", "at least one rules must be specified when the successPolicy is specified")
    if len(rules) > _MOST_RULES:
        faults.too_many(f"{path}.rules", len(rules), _MOST_RULES)
    for number, rule in enumerate(rules):
        _check_success_rule(f"{path}.rules[{number}]", rule, spec.completions or 0, faults)


def _check_success_rule(path: str, rule: batch_v1.SuccessPolicyRule, completions: int, faults: Faults) -> None:
    named, count = None, rule.succeededCount
    if count is None and rule.succeededIndexes is None:
        faults.required(path, "at least one of succeededCount or succeededIndexes must be specified")
    if rule.succeededIndexes is not None:
        here = f"{path}.succeededIndexes"
        if len(rule.succeededIndexes) > _LONGEST_INDEXES:
            faults.too_long(here, _LONGEST_INDEXES)
        try:
            named = count_indexes(rule.succeededIndexes, completions)
        except ValueError as error:
            faults.invalid(here, rule.succeededIndexes, f"error parsing succeededIndexes: {error}")
            named = 0
    if count is None:
        return
    here, limit = f"{path}.succeededCount", "must be less than or equal to"
    faults.at_least_zero(here, count)
    if count > completions:
        faults.invalid(here, count, f"{limit} {completions} (the number of specified completions)")
    if named is not None and count > named:
        what = "the number of indexes in the specified succeededIndexes field"
        faults.invalid(here, count, f"{limit} {named} ({what})")


def count_indexes(text: str, end: int) -> int:
    """How many indexes below `end` a text such as `0,2-4` names. Raises ValueError with Kubernetes' reasons."""
    total, last = 0, -1
    for part in text.split(",") if text else ():
        limits = part.split("-")
        if len(limits) > 2:
            raise ValueError(
                f'the fragment "{part}" violates the requirement that an index interval can have at most two parts '
                "separated by '-'"
            )
        ends = [_index(limit, end) for limit in limits]
        for current in ends:
            if current <= last:
                raise ValueError(f"non-increasing order, previous: {last}, current: {current}")
            last = current
        total += ends[-1] - ends[0] + 1
    return total


def _index(text: str, end: int) -> int:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f'cannot convert string to integer for index: "{text}"')
    if (index := int(text)) >= end:
        raise ValueError(f'too large index: "{text}"')
    return index


def _listed(values: tuple[str, ...]) -> str:
    return "[" + " ".join(f'"{value}"' for value in values) + "]"
