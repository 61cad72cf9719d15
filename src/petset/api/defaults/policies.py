"""Defaults of the kinds that say how much, how many, or who may: kept for those who read them."""

from petset.api.models import autoscaling_v2, core_v1, networking_v1, scheduling_v1

CPU_PERCENT = 80


def default_autoscaler(autoscaler: autoscaling_v2.HorizontalPodAutoscaler) -> None:
    """One replica at least; by the load of the processor where no metric is named."""
    spec = autoscaler.spec
    assert spec is not None, "stored form has a spec"
    if spec.minReplicas is None:
        spec.minReplicas = 1
    if not spec.metrics:
        target = autoscaling_v2.MetricTarget(type="Utilization", averageUtilization=CPU_PERCENT)
        resource = autoscaling_v2.ResourceMetricSource(name="cpu", target=target)
        spec.metrics = [autoscaling_v2.MetricSpec(type="Resource", resource=resource)]


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
