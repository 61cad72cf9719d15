"""Conditions of the form that newer kinds share, wherever a status holds them."""

from typing import Any

import pytest
from api import faults
from api.documents import METADATA, SERVICE, kind, stored

BUDGET = kind("PodDisruptionBudget", "policy/v1")

CONDITION = {
    "type": "a.example/Ready",
    "status": "True",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
    "reason": "Done",
    "message": "",
}
AT = "status.conditions[0]"
CONDITIONS: list[tuple[dict[str, Any], str]] = [
    ({"type": "-"}, f'{AT}.type: Invalid value: "-": name part must consist of'),
    ({"status": "Yes"}, f'{AT}.status: Unsupported value: "Yes": supported values: "False", "True", "Unknown"'),
    (
        {"observedGeneration": -1},
        f"{AT}.observedGeneration: Invalid value: -1: must be greater than or equal to zero",
    ),
    ({"lastTransitionTime": None}, f"{AT}.lastTransitionTime: Required value: must be set"),
    ({"reason": ""}, f"{AT}.reason: Required value: must be set"),
    ({"reason": "not-so"}, f'{AT}.reason: Invalid value: "not-so": a condition reason must start with'),
    ({"reason": "r" * 1025}, f"{AT}.reason: Too long: may not be more than 1024 bytes"),
    ({"message": "m" * 32769}, f"{AT}.message: Too long: may not be more than 32768 bytes"),
]


def budget(*conditions: dict[str, Any]) -> Any:
    return stored(
        BUDGET, {"metadata": METADATA, "spec": {"minAvailable": 1}, "status": {"conditions": [*conditions]}}
    )


@pytest.mark.parametrize(("changes", "said"), CONDITIONS)
def test_a_condition_that_is_not_whole_is_refused(changes: dict[str, Any], said: str) -> None:
    (found,) = faults.of_update(BUDGET, budget({**CONDITION, **changes}), budget(), "status")
    assert found.startswith(said)


def test_conditions_of_different_types_pass_and_of_one_type_do_not() -> None:
    other = {**CONDITION, "type": "Other", "reason": "r" * 1024, "message": "m" * 32768, "observedGeneration": 0}
    assert not faults.of_update(BUDGET, budget(CONDITION, other), budget(), "status")
    said = 'status.conditions[2].type: Duplicate value: "a.example/Ready"'
    assert faults.of_update(BUDGET, budget(CONDITION, other, CONDITION), budget(), "status") == [said]


def test_nobody_looks_at_those_of_a_service() -> None:
    document = {"metadata": METADATA, "spec": {"ports": [{"port": 80}], "clusterIP": "10.96.0.9"}}
    told = stored(SERVICE, {**document, "status": {"conditions": [{**CONDITION, "reason": "not-so"}]}})
    assert not faults.of_update(SERVICE, told, stored(SERVICE, document), "status")
