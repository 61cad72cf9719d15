"""Feature gates are named as Kubernetes names them, and decide over defaults and rules."""

import pytest
from api.documents import STATEFULSET, set_document, statefulset

from petset.api.decode import decode
from petset.api.defaults import apply_defaults
from petset.api.errors import Invalid
from petset.api.gates import DEFAULT, Gates, UnknownGate, parse, written
from petset.api.models import apps_v1
from petset.api.validation import check_create, check_update

RECREATE = Gates(recreate=True)


@pytest.mark.parametrize(
    ("text", "gates"),
    [
        ("", DEFAULT),
        ("StatefulSetRecreateStrategy=true", RECREATE),
        ("StatefulSetRecreateStrategy=true,MaxUnavailableStatefulSet=false", Gates(False, True)),
        (" MaxUnavailableStatefulSet = F , ", Gates(max_unavailable=False)),
        ("AllAlpha=true", RECREATE),
        ("AllBeta=false,MaxUnavailableStatefulSet=true", DEFAULT),
        ("MaxUnavailableStatefulSet=true,MaxUnavailableStatefulSet=false", Gates(max_unavailable=False)),
    ],
)
def test_gates_are_read(text: str, gates: Gates) -> None:
    assert parse(text) == gates
    assert parse(written(gates)) == gates


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Warp=true", "unrecognized feature gate: Warp; known are: AllAlpha=true|false"),
        ("StatefulSetRecreateStrategy=maybe", "'maybe' is neither true nor false"),
        ("StatefulSetRecreateStrategy", "missing bool value for StatefulSetRecreateStrategy"),
    ],
)
def test_a_gate_that_nobody_knows_or_a_bad_value_is_refused_with_the_list(text: str, message: str) -> None:
    with pytest.raises(UnknownGate, match="StatefulSetRecreateStrategy=true") as refused:
        parse(text)
    assert message in str(refused.value)


def test_recreate_is_a_strategy_only_with_its_gate() -> None:
    wanted = statefulset(spec__updateStrategy={"type": "Recreate"})
    check_create(STATEFULSET, wanted, RECREATE)
    with pytest.raises(Invalid) as refused:
        check_create(STATEFULSET, wanted)
    text = """{"Type":"Recreate","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete\'"""
    assert text in str(refused.value)


def test_recreate_has_no_rolling_update_block() -> None:
    wanted = statefulset(spec__updateStrategy={"type": "Recreate", "rollingUpdate": {"partition": 1}})
    with pytest.raises(Invalid, match="only allowed for updateStrategy 'RollingUpdate'"):
        check_create(STATEFULSET, wanted, RECREATE)


def test_a_set_that_uses_recreate_may_keep_it_when_the_gate_is_off_again() -> None:
    stored = statefulset(spec__updateStrategy={"type": "Recreate"})
    check_update(STATEFULSET, statefulset(spec__updateStrategy={"type": "Recreate"}, spec__replicas=5), stored)
    with pytest.raises(Invalid):
        check_update(STATEFULSET, stored, statefulset())


@pytest.mark.parametrize(("gates", "filled_in"), [(DEFAULT, 1), (Gates(max_unavailable=False), None)])
def test_max_unavailable_has_a_default_only_with_its_gate(gates: Gates, filled_in: int | None) -> None:
    document = set_document(spec__updateStrategy={"rollingUpdate": {}})
    made: apps_v1.StatefulSet = apply_defaults(STATEFULSET, decode(STATEFULSET, document).obj, gates)
    assert made.spec.updateStrategy is not None
    assert made.spec.updateStrategy.rollingUpdate is not None
    assert made.spec.updateStrategy.rollingUpdate.maxUnavailable == filled_in
