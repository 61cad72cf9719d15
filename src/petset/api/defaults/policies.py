"""Defaults of the kinds that say how much, how many, or who may: kept for those who read them."""

from petset.api.models import autoscaling_v2, core_v1, networking_v1, scheduling_v1

CPU_PERCENT = 80
_NOTED = ("metrics", "current-metrics", "conditions", "behavior", "scale-up-tolerance", "scale-down-tolerance")
ROUND_TRIPS = tuple(f"autoscaling.alpha.kubernetes.io/{name}" for name in _NOTED)
"""Annotations in which older versions of an autoscaler carry what they have no fields for: never stored."""


def by_processor(share: int) -> autoscaling_v2.MetricSpec:
    """By how much of the processor that they asked for the pods use, in percent."""
    target = autoscaling_v2.MetricTarget(type="Utilization", averageUtilization=share)
    return autoscaling_v2.MetricSpec(
        type="Resource", resource=autoscaling_v2.ResourceMetricSource(name="cpu", target=target)
    )


def default_autoscaler(autoscaler: autoscaling_v2.HorizontalPodAutoscaler) -> None:
    """One replica at least; by the load of the processor where no metric is named."""
    spec = autoscaler.spec
    assert spec is not None, "stored form has a spec"
    if spec.minReplicas is None:
        spec.minReplicas = 1
    if not spec.metrics:
        spec.metrics = [by_processor(CPU_PERCENT)]
    if spec.behavior is not None:
        spec.behavior.scaleUp = _rules(spec.behavior.scaleUp, 0, (("Pods", 4), ("Percent", 100)))
        spec.behavior.scaleDown = _rules(spec.behavior.scaleDown, None, (("Percent", 100),))
    if autoscaler.metadata is not None:
        autoscaler.metadata.annotations = without_notes(autoscaler.metadata.annotations)


def without_notes(annotations: dict[str, str] | None) -> dict[str, str] | None:
    """The annotations without those that are never stored; the same where there are none of them."""
    if not annotations or not any(name in annotations for name in ROUND_TRIPS):
        return annotations
    return {name: text for name, text in annotations.items() if name not in ROUND_TRIPS} or None


def _rules(
    given: autoscaling_v2.HPAScalingRules | None, window: int | None, policies: tuple[tuple[str, int], ...]
) -> autoscaling_v2.HPAScalingRules:
    """What is given, and for the rest what holds where nothing is."""
    rules = given or autoscaling_v2.HPAScalingRules()
    rules.selectPolicy = rules.selectPolicy or "Max"
    if rules.stabilizationWindowSeconds is None:
        rules.stabilizationWindowSeconds = window
    if not rules.policies:
        rules.policies = [
            autoscaling_v2.HPAScalingPolicy(type=each, value=value, periodSeconds=15) for each, value in policies
        ]
    return rules


def default_priority_class(priority_class: scheduling_v1.PriorityClass) -> None:
    """Pods of a class go before others, unless it says Never."""
    priority_class.preemptionPolicy = priority_class.preemptionPolicy or "PreemptLowerPriority"


def default_network_policy(policy: networking_v1.NetworkPolicy) -> None:
    """A policy is about what comes in, and about what goes out where it has rules for that."""
    spec = policy.spec
    if spec is None:
        return
    if not spec.policyTypes:
        spec.policyTypes = ["Ingress", *(["Egress"] if spec.egress else [])]
    for rule in (*(spec.ingress or ()), *(spec.egress or ())):
        for port in rule.ports or ():
            port.protocol = port.protocol or "TCP"


def default_ingress_class(ingress_class: networking_v1.IngressClass) -> None:
    """Parameters are of the whole cluster, unless they name a namespace."""
    parameters = ingress_class.spec.parameters if ingress_class.spec else None
    if parameters is not None:
        parameters.scope = parameters.scope or "Cluster"


def default_limit_range(limits: core_v1.LimitRange) -> None:
    """For containers: what is the most is the default, and what is the default or the least is asked for."""
    for item in (limits.spec.limits if limits.spec else None) or ():
        if item.type == "Container":
            item.default = {**(item.max or {}), **(item.default or {})} or None
            item.defaultRequest = {
                **(item.min or {}), **(item.default or {}), **(item.defaultRequest or {}),
            } or None  # fmt: skip
