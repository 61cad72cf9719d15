"""Rows of the kinds that say how much, how many, or who may."""

from datetime import datetime

from petset.api.models import autoscaling_v2, core_v1, networking_v1, node_v1, policy_v1, scheduling_v1
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of
from petset.apiserver.tables.workloads import selector_text

MOST_METRICS = 2
"""As many as a row names."""


def autoscaler(obj: autoscaling_v2.HorizontalPodAutoscaler, now: datetime) -> list[Cell]:
    """What it scales, and between which numbers; nobody measures here."""
    spec, status = obj.spec, obj.status
    assert spec is not None
    target = f"{spec.scaleTargetRef.kind}/{spec.scaleTargetRef.name}"
    current = (status.currentReplicas if status else None) or 0
    wanted = [_wanted(metric) for metric in spec.metrics or ()]
    targets = ", ".join(wanted[:MOST_METRICS]) or "<none>"
    if len(wanted) > MOST_METRICS:
        targets += f" + {len(wanted) - MOST_METRICS} more..."
    return [name_of(obj), target, targets, str(spec.minReplicas or 1), spec.maxReplicas, current, age_of(obj, now)]


def _wanted(metric: autoscaling_v2.MetricSpec) -> str:
    """What is measured, which nobody does here, against what is wanted."""
    resource = metric.resource or metric.containerResource
    if resource is not None:
        share = resource.target.averageUtilization
        wanted = resource.target.averageValue or ("<auto>" if share is None else f"{share}%")
        return f"{resource.name}: <unknown>/{wanted}"
    source = metric.pods or metric.object or metric.external
    if source is None:
        return "<unknown type>"
    if metric.pods is None and source.target.averageValue is not None:
        return f"<unknown>/{source.target.averageValue} (avg)"
    return f"<unknown>/{source.target.averageValue or source.target.value}"


def disruption_budget(obj: policy_v1.PodDisruptionBudget, now: datetime) -> list[Cell]:
    """How many must stay, how many may go."""
    spec = obj.spec or policy_v1.PodDisruptionBudgetSpec()
    allowed = (obj.status.disruptionsAllowed if obj.status else None) or 0
    least, most = ("N/A" if each is None else str(each) for each in (spec.minAvailable, spec.maxUnavailable))
    return [name_of(obj), least, most, allowed, age_of(obj, now)]


def ingress(obj: networking_v1.Ingress, now: datetime) -> list[Cell]:
    """For which hosts."""
    spec = obj.spec or networking_v1.IngressSpec()
    hosts = ",".join(rule.host for rule in spec.rules or () if rule.host) or "*"
    ports = "80, 443" if spec.tls else "80"
    return [name_of(obj), spec.ingressClassName or "<none>", hosts, "", ports, age_of(obj, now)]


def network_policy(obj: networking_v1.NetworkPolicy, now: datetime) -> list[Cell]:
    """Whom it is about."""
    return [name_of(obj), selector_text(obj.spec.podSelector if obj.spec else None), age_of(obj, now)]


def priority_class(obj: scheduling_v1.PriorityClass, now: datetime) -> list[Cell]:
    """The number."""
    return [name_of(obj), obj.value, bool(obj.globalDefault), age_of(obj, now), obj.preemptionPolicy or ""]


AUTOSCALERS = Printer(
    (
        NAME,
        *(Column(name) for name in ("Reference", "Targets", "MinPods")),
        *(Column(name, "integer") for name in ("MaxPods", "Replicas")),
        AGE,
    ),
    autoscaler,
)
BUDGETS = Printer(
    (NAME, Column("Min Available"), Column("Max Unavailable"), Column("Allowed Disruptions", "integer"), AGE),
    disruption_budget,
)
INGRESSES = Printer((NAME, *(Column(n) for n in ("Class", "Hosts", "Address", "Ports")), AGE), ingress)
NETWORK_POLICIES = Printer((NAME, Column("Pod-Selector"), AGE), network_policy)
PRIORITY_CLASSES = Printer(
    (NAME, Column("Value", "integer"), Column("Global-Default", "boolean"), AGE, Column("PreemptionPolicy")),
    priority_class,
)


def quota(obj: core_v1.ResourceQuota, now: datetime) -> list[Cell]:
    """What is used of what may be asked for, and of the limits."""
    status = obj.status or core_v1.ResourceQuotaStatus()
    hard, used = status.hard or {}, status.used or {}
    texts = {name: f"{name}: {used.get(name, '0')}/{most}" for name, most in sorted(hard.items())}
    limits = ", ".join(text for name, text in texts.items() if name.startswith("limits."))
    requests = ", ".join(text for name, text in texts.items() if not name.startswith("limits."))
    return [name_of(obj), requests, limits, age_of(obj, now)]


def limit_range(obj: core_v1.LimitRange, now: datetime) -> list[Cell]:
    """When it was made, as a time."""
    created = obj.metadata.creationTimestamp if obj.metadata else None
    return [name_of(obj), created.isoformat().replace("+00:00", "Z") if created else ""]


def ingress_class(obj: networking_v1.IngressClass, now: datetime) -> list[Cell]:
    """Whose it is."""
    parameters = obj.spec.parameters if obj.spec else None
    group = f".{parameters.apiGroup}" if parameters and parameters.apiGroup else ""
    named = f"{parameters.kind}{group}/{parameters.name}" if parameters else "<none>"
    return [name_of(obj), (obj.spec.controller if obj.spec else None) or "", named, age_of(obj, now)]


def runtime_class(obj: node_v1.RuntimeClass, now: datetime) -> list[Cell]:
    """Who runs its pods."""
    return [name_of(obj), obj.handler, age_of(obj, now)]


RUNTIME_CLASSES = Printer((NAME, Column("Handler"), AGE), runtime_class)
QUOTAS = Printer((NAME, Column("Request"), Column("Limit"), AGE), quota)
LIMIT_RANGES = Printer((NAME, Column("Created At")), limit_range)
INGRESS_CLASSES = Printer((NAME, Column("Controller"), Column("Parameters"), AGE), ingress_class)
