"""Quotas and limit ranges: names that mean something, amounts that can be met together."""

from collections.abc import Iterable, Mapping, Sequence

from petset.api import amounts, names, quantity
from petset.api.models import core_v1
from petset.api.quantity import Quantity
from petset.api.quotas.names import COUNTED_BY_NAME, STANDARD, is_extended
from petset.api.validation.fields import AT_LEAST_ZERO, IMMUTABLE, Faults

_COMPUTE = frozenset(f"{of}{name}" for of in ("", "requests.", "limits.") for name in ("cpu", "memory"))
_WHOLE = COUNTED_BY_NAME | {"services.nodeports", "services.loadbalancers"}
_OPPOSITES = ({"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"})
_OF_THE_POD = frozenset().union(*_OPPOSITES)
_SCOPES = _OF_THE_POD | {"PriorityClass", "CrossNamespacePodAffinity", "VolumeAttributesClass"}
_ONE = quantity.parse("1")
_HUGE = ("hugepages-", "requests.hugepages-")
_TYPES = ("Container", "Pod", "PersistentVolumeClaim")


def check_resource_quota(quota: core_v1.ResourceQuota, faults: Faults) -> None:
    """Limits on what is counted, and scopes in which it can be."""
    spec = quota.spec
    if spec is None:
        return
    for name, text in sorted((spec.hard or {}).items()):
        here = f"spec.hard[{name}]"
        _check_name(here, name, faults)
        _check_amount(here, name, text, faults)
    hard = sorted(spec.hard or ())
    if spec.scopes:
        _check_scopes("spec.scopes", spec.scopes, hard, spec.scopes, faults)
    if spec.scopeSelector is not None:
        _check_selector(spec.scopeSelector, hard, faults)


def check_resource_quota_update(new: core_v1.ResourceQuota, old: core_v1.ResourceQuota, faults: Faults) -> None:
    """What a quota is about stays as it is; how much it allows may change."""
    check_resource_quota(new, faults)
    scopes = [(quota.spec.scopes if quota.spec else None) or [] for quota in (new, old)]
    if set(scopes[0]) != set(scopes[1]):
        faults.invalid("spec.scopes", scopes[0], IMMUTABLE)


def check_limit_range(limit_range: core_v1.LimitRange, faults: Faults) -> None:
    """Each type once, with bounds that leave room between them."""
    seen: set[str] = set()
    for index, item in enumerate((limit_range.spec.limits if limit_range.spec else None) or ()):
        here = f"spec.limits[{index}]"
        _check_type(f"{here}.type", item.type, faults)
        if item.type in seen:
            faults.duplicate(f"{here}.type", item.type)
        seen.add(item.type)
        if item.type == "Pod":
            for name in ("default", "defaultRequest"):
                if getattr(item, name):
                    faults.forbidden(f"{here}.{name}", "may not be specified when `type` is 'Pod'")
        elif item.type == "PersistentVolumeClaim" and "storage" not in {*(item.min or ()), *(item.max or ())}:
            detail = "either minimum or maximum storage value is required, but neither was provided"
            faults.required(f"{here}.limits", detail)
        _check_bounds(here, item, faults)


def _check_name(path: str, name: str, faults: Faults) -> None:
    complaints = names.qualified_name(name)
    faults.each(path, name, complaints)
    if not complaints and "/" not in name and name not in STANDARD and not name.startswith(_HUGE):
        faults.invalid(path, name, "must be a standard resource type or fully qualified")
        faults.invalid(path, name, "must be a standard resource for quota")


def _check_amount(path: str, name: str, text: str, faults: Faults) -> None:
    amount = quantity.parse(text)
    if amount.nanos < 0:
        faults.invalid(path, text, AT_LEAST_ZERO)
    if (name in _WHOLE or is_extended(f"requests.{name}")) and amount.nanos % 10**9:
        faults.invalid(path, text, "must be an integer")


def _check_scopes(
    path: str, scopes: Sequence[str], hard: Sequence[str], shown: object, faults: Faults, of_one: str = ""
) -> None:
    for scope in scopes:
        if scope not in _SCOPES:
            faults.invalid(path + of_one, scope if of_one else shown, "unsupported scope")
        for name in hard:
            if (name in STANDARD or name.startswith(_HUGE)) and not _fits(scope, name):
                faults.invalid(path, shown, "unsupported scope applied to resource")
    if any(pair <= set(scopes) for pair in _OPPOSITES):
        faults.invalid(path, shown, "conflicting scopes")


def _fits(scope: str, name: str) -> bool:
    """Whether what the name counts can be told apart by the scope."""
    if scope == "BestEffort":
        return name == "pods"
    if scope in _SCOPES and scope != "VolumeAttributesClass":
        return name == "pods" or name in _COMPUTE
    return True


def _check_selector(selector: core_v1.ScopeSelector, hard: Sequence[str], faults: Faults) -> None:
    path = "spec.scopeSelector.matchExpressions"
    expressions = selector.matchExpressions or []
    _check_scopes(path, [each.scopeName for each in expressions], hard, selector, faults, ".scopeName")
    for each in expressions:
        if each.scopeName in _OF_THE_POD and each.operator != "Exists":
            detail = (
                "must be 'Exist' only operator when scope is any of ResourceQuotaScopeTerminating, "
                "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort and ResourceQuotaScopeNotBestEffort"
            )
            faults.invalid(f"{path}.operator", each.operator, detail)
        if each.operator in ("In", "NotIn"):
            if not each.values:
                detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
                faults.required(f"{path}.values", detail)
        elif each.operator not in ("Exists", "DoesNotExist"):
            faults.invalid(f"{path}.operator", each.operator, "not a valid selector operator")
        elif each.values:
            detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
            faults.invalid(f"{path}.values", each.values, detail)


def _check_type(path: str, name: str, faults: Faults) -> None:
    complaints = names.qualified_name(name)
    faults.each(path, name, complaints)
    if not complaints and "/" not in name and name not in _TYPES:
        faults.invalid(path, name, "must be a standard limit type or fully qualified")


def _check_bounds(path: str, item: core_v1.LimitRangeItem, faults: Faults) -> None:
    least, most = amounts.parsed(item.min), amounts.parsed(item.max)
    default, request = amounts.parsed(item.default), amounts.parsed(item.defaultRequest)
    ordered: Iterable[tuple[str, str, Mapping[str, Quantity], str, Mapping[str, Quantity]]] = (
        ("min", "min", least, "max", most),
        ("defaultRequest", "min", least, "default request", request),
        ("defaultRequest", "default request", request, "max", most),
        ("defaultRequest", "default request", request, "default limit", default),
        ("default", "min", least, "default", default),
        ("default", "default", default, "max", most),
    )
    for where, lower_name, lower, upper_name, upper in ordered:
        for name in sorted(lower.keys() & upper.keys()):
            if lower[name] > upper[name]:
                shown = getattr(item, where)[name]
                detail = f"{lower_name} value {lower[name]} is greater than {upper_name} value {upper[name]}"
                faults.invalid(f"{path}.{where}[{name}]", shown, detail)
    for name, ratio in sorted(amounts.parsed(item.maxLimitRequestRatio).items()):
        here = f"{path}.maxLimitRequestRatio[{name}]"
        if ratio < _ONE:
            faults.invalid(here, str(ratio), f"ratio {ratio} is less than 1")
        if name in least and name in most and ratio.nanos * least[name].nanos > most[name].nanos * 10**9:
            room = f"{most[name].nanos / least[name].nanos:f}" if least[name].nanos else "-Inf"
            faults.invalid(here, str(ratio), f"ratio {ratio} is greater than max/min = {room}")
