"""HorizontalPodAutoscalers: between how many replicas of what, by which metrics, and how quickly."""

from petset.api import names, quantity
from petset.api.models import autoscaling_v2
from petset.api.validation.fields import AT_LEAST_ZERO, Faults
from petset.api.validation.references import check_kind_and_name

LONGEST_PERIOD_SECONDS, LONGEST_WINDOW_SECONDS = 1800, 3600
_SOURCES = {
    "ContainerResource": "containerResource", "External": "external", "Object": "object", "Pods": "pods",
    "Resource": "resource",
}  # fmt: skip
_LOOKED_AT = ("object", "external", "pods", "resource", "containerResource")
_TARGETS = ("Utilization", "Value", "AverageValue")
_SELECTIONS, _POLICIES = ("Disabled", "Max", "Min"), ("Percent", "Pods")
_SAMPLES = autoscaling_v2.ObjectMetricSource | autoscaling_v2.PodsMetricSource | autoscaling_v2.ExternalMetricSource
_SHARES = autoscaling_v2.ResourceMetricSource | autoscaling_v2.ContainerResourceMetricSource


def check_autoscaler(autoscaler: autoscaling_v2.HorizontalPodAutoscaler, faults: Faults) -> None:
    """An autoscaler, new or changed."""
    spec = autoscaler.spec
    assert spec is not None
    least = spec.minReplicas
    if least is not None and least < 1:
        faults.invalid("spec.minReplicas", least, "must be greater than or equal to 1")
    if spec.maxReplicas < 1:
        faults.invalid("spec.maxReplicas", spec.maxReplicas, "must be greater than 0")
    if least is not None and spec.maxReplicas < least:
        faults.invalid("spec.maxReplicas", spec.maxReplicas, "must be greater than or equal to `minReplicas`")
    check_kind_and_name("spec.scaleTargetRef", spec.scaleTargetRef, faults)
    for index, metric in enumerate(spec.metrics or ()):
        _check_metric(f"spec.metrics[{index}]", metric, faults)
    if least == 0 and not any(metric.type in ("Object", "External") for metric in spec.metrics or ()):
        why = "must specify at least one Object or External metric to support scaling to zero replicas"
        faults.forbidden("spec.metrics", why)
    if spec.behavior is not None:
        _check_rules("spec.behavior.scaleUp", spec.behavior.scaleUp, faults)
        _check_rules("spec.behavior.scaleDown", spec.behavior.scaleDown, faults)


def check_autoscaler_status(
    new: autoscaling_v2.HorizontalPodAutoscaler, old: autoscaling_v2.HorizontalPodAutoscaler, faults: Faults
) -> None:
    """Nothing is counted below none."""
    for name in ("currentReplicas", "desiredReplicas"):
        faults.at_least_zero(f"status.{name}", getattr(new.status, name, None))


def _check_metric(path: str, metric: autoscaling_v2.MetricSpec, faults: Faults) -> None:
    """One source of its type; where several are given, the first is looked at and the others do not belong."""
    if not metric.type:
        faults.required(f"{path}.type", "must specify a metric source type")
    if metric.type not in _SOURCES:
        faults.not_supported(f"{path}.type", metric.type or "", _SOURCES)
    given = [name for name in _LOOKED_AT if getattr(metric, name) is not None]
    if given:
        source = getattr(metric, given[0])
        check = _check_share if isinstance(source, _SHARES) else _check_sample
        check(f"{path}.{given[0]}", source, faults)
    expected = _SOURCES.get(metric.type or "", "")
    if expected and expected not in given:
        faults.required(f"{path}.{expected}", "must populate information for the given metric source")
    if len(given) != 1:
        for name in given:
            if name != expected:
                faults.forbidden(f"{path}.{name}", "must populate the given metric source only")


def _check_sample(path: str, source: _SAMPLES, faults: Faults) -> None:
    """What pods, an object or the world say."""
    if isinstance(source, autoscaling_v2.ObjectMetricSource):
        check_kind_and_name(f"{path}.describedObject", source.describedObject, faults)
    if not source.metric.name:
        faults.required(f"{path}.metric.name", "must specify a metric name")
    faults.each(f"{path}.metric.name", source.metric.name, names.path_segment(source.metric.name))
    target = source.target
    _check_target(f"{path}.target", target, faults)
    missing = target.value is None and target.averageValue is None
    if isinstance(source, autoscaling_v2.PodsMetricSource):
        if target.averageValue is None:
            faults.required(f"{path}.target.averageValue", "must specify a positive target averageValue")
    elif isinstance(source, autoscaling_v2.ObjectMetricSource):
        if missing:
            faults.required(f"{path}.target.averageValue", "must set either a target value or averageValue")
    elif missing:
        why = "must set either a target value for metric or a per-pod target"
        faults.required(f"{path}.target.averageValue", why)
    elif target.value is not None and target.averageValue is not None:
        why = "may not set both a target value for metric and a per-pod target"
        faults.forbidden(f"{path}.target.value", why)


def _check_share(path: str, source: _SHARES, faults: Faults) -> None:
    """How much of a resource pods, or one container of them, use."""
    if not source.name:
        faults.required(f"{path}.name", "must specify a resource name")
    if isinstance(source, autoscaling_v2.ContainerResourceMetricSource):
        if source.container:
            faults.each(f"{path}.container", source.container, names.dns_label(source.container))
        else:
            faults.required(f"{path}.container", "must specify a container")
    target = source.target
    _check_target(f"{path}.target", target, faults)
    if target.averageUtilization is None and target.averageValue is None:
        why = "must set either a target raw value or a target utilization"
        faults.required(f"{path}.target.averageUtilization", why)
    if target.averageUtilization is not None and target.averageValue is not None:
        why = "may not set both a target raw value and a target utilization"
        faults.forbidden(f"{path}.target.averageValue", why)


def _check_target(path: str, target: autoscaling_v2.MetricTarget, faults: Faults) -> None:
    if not target.type:
        faults.required(f"{path}.type", "must specify a metric target type")
    if target.type not in _TARGETS:
        faults.invalid(f"{path}.type", target.type or "", "must be either Utilization, Value, or AverageValue")
    for name in ("value", "averageValue"):
        amount = getattr(target, name)
        if amount is not None and quantity.parse(amount).nanos <= 0:
            faults.invalid(f"{path}.{name}", amount, "must be positive")
    if target.averageUtilization is not None and target.averageUtilization < 1:
        faults.invalid(f"{path}.averageUtilization", target.averageUtilization, "must be greater than 0")


def _check_rules(path: str, rules: autoscaling_v2.HPAScalingRules | None, faults: Faults) -> None:
    """How quickly pods come, or go."""
    if rules is None:
        return
    window = rules.stabilizationWindowSeconds
    if window is not None and window < 0:
        faults.invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > LONGEST_WINDOW_SECONDS:
        why = f"must be less than or equal to {LONGEST_WINDOW_SECONDS}"
        faults.invalid(f"{path}.stabilizationWindowSeconds", window, why)
    if rules.selectPolicy is not None and rules.selectPolicy not in _SELECTIONS:
        faults.not_supported(f"{path}.selectPolicy", rules.selectPolicy, _SELECTIONS)
    if rules.tolerance is not None and quantity.parse(rules.tolerance).nanos < 0:
        faults.invalid(f"{path}.tolerance", rules.tolerance, AT_LEAST_ZERO)
    if not rules.policies:
        faults.required(f"{path}.policies", "must specify at least one Policy")
    for index, policy in enumerate(rules.policies or ()):
        _check_policy(f"{path}.policies[{index}]", policy, faults)


def _check_policy(path: str, policy: autoscaling_v2.HPAScalingPolicy, faults: Faults) -> None:
    if policy.type not in _POLICIES:
        faults.not_supported(f"{path}.type", policy.type, _POLICIES)
    for name in ("value", "periodSeconds"):
        if getattr(policy, name) <= 0:
            faults.invalid(f"{path}.{name}", getattr(policy, name), "must be greater than zero")
    if policy.periodSeconds > LONGEST_PERIOD_SECONDS:
        why = f"must be less than or equal to {LONGEST_PERIOD_SECONDS}"
        faults.invalid(f"{path}.periodSeconds", policy.periodSeconds, why)
