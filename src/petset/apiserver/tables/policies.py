"""Rows of the kinds that say how much, how many, or who may."""

from datetime import datetime

from petset.api.models import autoscaling_v2, networking_v1, policy_v1, scheduling_v1
from petset.apiserver.tables.columns import AGE, NAME, Cell, Column, Printer, age_of, name_of
from petset.apiserver.tables.workloads import selector_text


def autoscaler(obj: autoscaling_v2.HorizontalPodAutoscaler, now: datetime) -> list[Cell]:
    """What it scales, and between which numbers; nobody measures here."""
    spec, status = obj.spec, obj.status
    assert spec is not None
    target = f"{spec.scaleTargetRef.kind}/{spec.scaleTargetRef.name}"
    current = (status.currentReplicas if status else None) or 0
    targets = ", ".join(f"{m.type.lower()}: <unknown>" for m in spec.metrics or ()) or "<none>"
    return [name_of(obj), target, targets, str(spec.minReplicas or 1), spec.maxReplicas, current, age_of(obj, now)]


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
