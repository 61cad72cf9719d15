"""Which taints a pod endures, and for how long."""

import pytest

from petset.api.models import core_v1
from petset.api.taints import endurance_seconds, first_untolerated, tolerates

TAINT = core_v1.Taint(key="gpu", value="a100", effect="NoExecute")


def toleration(seconds: int | None = None, **fields: str) -> core_v1.Toleration:
    return core_v1.Toleration(tolerationSeconds=seconds, **fields)


@pytest.mark.parametrize(
    ("fields", "covers"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists"}, True),
        ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({"key": "gpu", "operator": "Equal", "value": "a100"}, True),
        ({"key": "gpu", "value": "a100", "effect": "NoExecute"}, True),
        ({"key": "gpu", "value": "h100"}, False),
        ({"key": "disk", "operator": "Exists"}, False),
        ({}, False),
    ],
)
def test_what_a_toleration_covers(fields: dict[str, str], covers: bool) -> None:
    assert tolerates(toleration(**fields), TAINT) is covers


@pytest.mark.parametrize(
    ("tolerations", "seconds"),
    [
        ([], 0),
        ([toleration(operator="Exists")], None),
        ([toleration(300, operator="Exists")], 300),
        ([toleration(300, operator="Exists"), toleration(30, key="gpu", operator="Exists")], 30),
        ([toleration(-5, operator="Exists")], 0),
    ],
)
def test_how_long_a_pod_endures_a_taint(tolerations: list[core_v1.Toleration], seconds: float | None) -> None:
    assert endurance_seconds([TAINT], tolerations) == seconds


def test_only_the_effects_asked_for_count() -> None:
    assert first_untolerated([TAINT], [], ("NoSchedule",)) is None
    assert first_untolerated([TAINT], [], ("NoSchedule", "NoExecute")) is TAINT
