"""Budgets and the pods they guard, as tests want them."""

from datetime import UTC, datetime, timedelta

from petset.api.models import core_v1, meta_v1, policy_v1

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LABELS = {"app": "web"}


def budget(name: str = "web", **spec: object) -> policy_v1.PodDisruptionBudget:
    given = {"selector": meta_v1.LabelSelector(matchLabels=LABELS), **spec}
    return policy_v1.PodDisruptionBudget(
        metadata=meta_v1.ObjectMeta(name=name, namespace="default", generation=1),
        spec=policy_v1.PodDisruptionBudgetSpec(**given),
    )


def status(
    allowed: int = 0, healthy: int = 0, desired: int = 0, **more: object
) -> policy_v1.PodDisruptionBudgetStatus:
    return policy_v1.PodDisruptionBudgetStatus(
        **{
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": healthy,
            "observedGeneration": 1,
            **more,
        }
    )


def pod(
    name: str, *, ready: bool = True, phase: str = "Running", going: bool = False, owner: str = "StatefulSet/web"
) -> core_v1.Pod:
    """`owner`: kind and name of the controller; its uid is `uid-<name>`."""
    kind, _, owned_by = owner.partition("/")
    reference = meta_v1.OwnerReference(
        apiVersion="apps/v1", kind=kind, name=owned_by, uid=f"uid-{owned_by}", controller=True
    )
    return core_v1.Pod(
        metadata=meta_v1.ObjectMeta(
            name=name,
            namespace="default",
            uid=f"uid-{name}",
            resourceVersion="1",
            labels=LABELS,
            ownerReferences=[reference] if owner else None,
            deletionTimestamp=NOW if going else None,
        ),
        spec=core_v1.PodSpec(containers=[]),
        status=core_v1.PodStatus(
            phase=phase, conditions=[core_v1.PodCondition(type="Ready", status="True" if ready else "False")]
        ),
    )


def announced(seconds_ago: float, reason: str = "EvictionByEvictionAPI", **more: object) -> core_v1.Pod:
    """A pod that somebody said was about to be disrupted."""
    made = pod("web-0", **more)
    assert made.status is not None
    made.status.conditions = [
        core_v1.PodCondition(
            type="DisruptionTarget",
            status="True",
            reason=reason,
            lastTransitionTime=NOW - timedelta(seconds=seconds_ago),
        )
    ]
    return made
