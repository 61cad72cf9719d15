"""Whether a pod may be evicted, case by case, with the words that clients print."""

from typing import Any

import pytest
from controllers.disruption.made import NOW, budget, pod, status

from petset.api.errors import ApiError
from petset.api.models import meta_v1
from petset.registry.eviction import MOST_NOTED, Granted, decide


def guard(spec: dict[str, Any] | None = None, **given: Any) -> Any:
    made = budget(**(spec or {}))
    made.status = status(**given)
    return made


OTHERS = meta_v1.LabelSelector(matchLabels={"app": "other"})
SPENT = guard(allowed=0, healthy=2, desired=2)


@pytest.mark.parametrize(
    ("victim", "budgets", "granted"),
    [
        (pod("web-0"), [], Granted()),
        (pod("web-0", phase="Succeeded"), [SPENT], Granted()),
        (pod("web-0", phase="Failed"), [SPENT], Granted()),
        (pod("web-0", going=True), [SPENT], Granted()),
        (pod("web-0", phase="Pending", ready=False), [SPENT], Granted(this_version=True)),
        # Unready pods go while the rest is well …
        (pod("web-0", ready=False), [SPENT], Granted(this_version=True)),
        # … or always, where the policy says so.
        (
            pod("web-0", ready=False),
            [guard({"unhealthyPodEvictionPolicy": "AlwaysAllow"}, healthy=0, desired=2)],
            Granted(this_version=True),
        ),
        (pod("web-0"), [guard({"selector": None}), guard({"selector": OTHERS})], Granted()),
    ],
)  # fmt: skip
def test_a_pod_whose_end_disrupts_nobody_may_go(victim: Any, budgets: list[Any], granted: Granted) -> None:
    assert decide(victim, budgets, NOW) == granted


def test_a_healthy_pod_costs_its_budget_one_disruption_and_is_noted() -> None:
    spent = decide(pod("web-0"), [guard(allowed=2, healthy=4, desired=2)], NOW).spent
    assert spent is not None and spent.status is not None
    assert (spent.status.disruptionsAllowed, spent.status.disruptedPods) == (1, {"web-0": "2026-01-01T12:00:00Z"})
    last = decide(pod("web-1"), [spent], NOW).spent
    assert last is not None and last.status is not None and last.status.conditions
    assert last.status.conditions[0].reason == "InsufficientPods"


UNREADY = pod("web-0", ready=False)
WEB = "The disruption budget web"
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."
TOO_MANY = dict.fromkeys(map(str, range(MOST_NOTED + 1)), "")
FAILED = [
    meta_v1.Condition(
        type="DisruptionAllowed", status="False", reason="SyncFailed", message="why", lastTransitionTime=NOW
    )
]


@pytest.mark.parametrize(
    ("victim", "budgets", "code", "message", "cause", "retry_after"),
    [
        (pod("web-0"), [SPENT], 429, VIOLATES, f"{WEB} needs 2 healthy pods and has 2 currently", 0),
        (UNREADY, [guard(healthy=1, desired=2)], 429, VIOLATES,
         f"{WEB} needs 2 healthy pods and has 1 currently", 0),
        (pod("web-0"), [guard(healthy=3, desired=2)], 429, VIOLATES,
         f"{WEB} does not allow evicting pods currently", 0),
        (pod("web-0"), [guard(healthy=3, desired=2, conditions=FAILED)], 429, VIOLATES,
         f"{WEB} does not allow evicting pods currently because it failed sync: why", 0),
        (pod("web-0"), [guard(allowed=1, observedGeneration=0)], 429, VIOLATES,
         f"{WEB} is still being processed by the server.", 10),
        (pod("web-0"), [guard(allowed=-1)], 403,
         'poddisruptionbudget.policy "web" is forbidden: pdb disruptions allowed is negative',
         f"{WEB} does not allow evicting pods currently: pdb disruptions allowed is negative", 0),
        (pod("web-0"), [guard(allowed=1, disruptedPods=TOO_MANY)], 403,
         'poddisruptionbudget.policy "web" is forbidden: '
         "DisruptedPods map too big - too many evictions not confirmed by PDB controller",
         f"{WEB} does not allow evicting pods currently: "
         "too many pending evictions not confirmed by PDB controller", 0),
        (pod("web-0"), [guard(allowed=1), guard(allowed=1)], 500,
         "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.", "", 0),
    ],
)  # fmt: skip
def test_a_refused_eviction_says_what_its_budget_needs(
    victim: Any, budgets: list[Any], code: int, message: str, cause: str, retry_after: int
) -> None:
    with pytest.raises(ApiError) as refused:
        decide(victim, budgets, NOW)
    error = refused.value
    assert (error.code, error.message, error.retry_after_seconds) == (code, message, retry_after)
    assert [c.message for c in error.causes] == ([cause] if cause else [])
    assert {c.reason for c in error.causes} <= {"DisruptionBudget"}
