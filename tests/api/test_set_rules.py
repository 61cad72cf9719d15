"""StatefulSets and their revisions: the rarer ways to break a rule of section B, and what comes near one."""

from typing import Any

import msgspec
import pytest
from api import faults
from api.documents import METADATA, REVISION, STATEFULSET, statefulset, stored

from petset.api.errors import Invalid
from petset.api.gates import Gates
from petset.api.models import apps_v1
from petset.api.validation import check_create

STRATEGY = "spec.updateStrategy"
RETENTION = "spec.persistentVolumeClaimRetentionPolicy"
MORE_THAN = "cannot be greater than"


def rolling(max_unavailable: int | str) -> dict[str, Any]:
    return {"spec__updateStrategy": {"rollingUpdate": {"maxUnavailable": max_unavailable}}}


def without_default(**fields: Any) -> apps_v1.StatefulSet:
    """A set as nobody can send it, for defaults fill these fields."""
    made = statefulset()
    return msgspec.structs.replace(made, spec=msgspec.structs.replace(made.spec, **fields))


NEW: list[tuple[dict[str, Any], list[str]]] = [
    ({"spec__podManagementPolicy": "Parallel"}, []),
    (
        {"spec__podManagementPolicy": "parallel"},
        ["spec.podManagementPolicy: Invalid value: \"parallel\": must be 'OrderedReady' or 'Parallel'"],
    ),
    (
        rolling("101%"),
        [f'{STRATEGY}.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%'],
    ),
    (
        rolling(-1),
        [f"{STRATEGY}.rollingUpdate.maxUnavailable: Invalid value: -1: must be greater than or equal to 0"],
    ),
    (
        {"spec__updateStrategy": {"type": "Other", "rollingUpdate": {"partition": 2, "maxUnavailable": 3}}},
        [f'{STRATEGY}: Invalid value: {{"Type":"Other","RollingUpdate":{{"Partition":2,"MaxUnavailable":3}}}}: '
         "must be 'RollingUpdate' or 'OnDelete'"],
    ),
    (
        {"spec__updateStrategy": {"type": "OnDelete", "rollingUpdate": {"maxUnavailable": 1}}},
        [f'{STRATEGY}.rollingUpdate: Invalid value: {{"Partition":0,"MaxUnavailable":1}}: '
         "only allowed for updateStrategy 'RollingUpdate'"],
    ),
    (
        {"spec__selector": {"matchExpressions": [{"key": "app", "operator": "Like", "values": ["web"]}]}},
        ['spec.selector.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
         'spec.selector: Invalid value: ""'],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), faults.table(NEW))
def test_a_new_set_is_judged(changes: dict[str, Any], said: list[str]) -> None:
    assert faults.of_new(STATEFULSET, statefulset(**changes)) == said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"podManagementPolicy": None}, ["spec.podManagementPolicy: Required value"]),
        ({"updateStrategy": apps_v1.StatefulSetUpdateStrategy(type="")}, [f"{STRATEGY}: Required value"]),
        ({"persistentVolumeClaimRetentionPolicy": None}, []),
        (
            {
                "persistentVolumeClaimRetentionPolicy": apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy(
                    whenDeleted="Retain", whenScaled=""
                )
            },
            [f'{RETENTION}.whenScaled: Unsupported value: "": supported values: "Retain", "Delete"'],
        ),
    ],
)
def test_what_defaults_would_have_filled_is_missed(fields: dict[str, Any], said: list[str]) -> None:
    assert faults.of_new(STATEFULSET, without_default(**fields)) == said


def test_a_template_without_a_restart_policy_has_an_unsupported_one() -> None:
    made = statefulset()
    assert made.spec.template.spec is not None
    made.spec.template.spec.restartPolicy = None
    said = 'spec.template.spec.restartPolicy: Unsupported value: "": supported values: "Always"'
    assert said in faults.of_new(STATEFULSET, made)


def test_a_template_without_metadata_has_no_labels_that_the_selector_could_match() -> None:
    made = statefulset()
    made.spec.template.metadata = None
    said = "spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"
    assert said in faults.of_new(STATEFULSET, made)


def test_with_its_gate_recreate_is_among_the_strategies_that_are_named() -> None:
    with pytest.raises(Invalid, match=r"must be 'RollingUpdate', 'OnDelete' or 'Recreate'$"):
        check_create(STATEFULSET, statefulset(spec__updateStrategy={"type": "Other"}), Gates(recreate=True))


STATUS: list[tuple[dict[str, Any], dict[str, Any] | None, list[str]]] = [
    (
        {"replicas": 0, "readyReplicas": 1},
        None,
        [f"status.readyReplicas: Invalid value: 1: {MORE_THAN} status.replicas"],
    ),
    (
        {"replicas": 1, "availableReplicas": 1},
        None,
        [f"status.availableReplicas: Invalid value: 1: {MORE_THAN} status.readyReplicas"],
    ),
    ({"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}, None, []),
    (
        {"replicas": 0},
        {"replicas": 0, "collisionCount": 1},
        ["status.collisionCount: Invalid value: 0: cannot be decremented"],
    ),
    ({"replicas": 0, "collisionCount": 1}, {"replicas": 0, "collisionCount": 1}, []),
]  # fmt: skip


@pytest.mark.parametrize(("status", "before", "said"), STATUS)
def test_a_status_is_judged_by_itself_and_by_the_one_before(
    status: dict[str, Any], before: dict[str, Any] | None, said: list[str]
) -> None:
    old = statefulset(status=before) if before else msgspec.structs.replace(statefulset(), status=None)
    assert faults.of_update(STATEFULSET, statefulset(status=status), old, "status") == said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({}, []),
        (None, ["data: Required value: data is mandatory"]),
        ([1], ["data: Invalid value: [1]: data must be a valid JSON object"]),
    ],
)
def test_a_revision_holds_an_object(data: object, said: list[str]) -> None:
    made = stored(REVISION, {"metadata": METADATA, "data": {}, "revision": 1})
    assert faults.of_new(REVISION, msgspec.structs.replace(made, data=data)) == said


def test_what_a_revision_holds_never_changes() -> None:
    old, new = (
        stored(REVISION, {"metadata": METADATA, "data": data, "revision": 1}) for data in ({"a": 1}, {"a": 2})
    )
    assert faults.of_update(REVISION, new, old) == ['data: Invalid value: {"a":2}: field is immutable']
    assert faults.of_update(REVISION, old, old) == []
