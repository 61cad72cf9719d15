"""What a Job may not say of failures and successes, in Kubernetes' words."""

import re
from typing import Any

import pytest
from api.documents import kind, stored

from petset.api.errors import Invalid
from petset.api.validation import check_create
from petset.api.validation.job_policies import count_indexes

JOB = kind("Job", "batch/v1")
CODES = {"operator": "In", "values": [1, 2]}
RULES = "spec.podFailurePolicy.rules[0]"
SUCCESS = "spec.successPolicy.rules[0]"


def faults(**spec: Any) -> str:
    """All that is said of an indexed Job with this in its spec; empty if nothing."""
    template = {
        "metadata": {"labels": {"job": "sum"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "i"}]},
    }
    given = {"completions": 5, "completionMode": "Indexed", "template": template, **spec}
    document = {
        "metadata": {"name": "sum", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"job": "sum"}}, **given},
    }
    try:
        check_create(JOB, stored(JOB, document))
    except Invalid as refusal:
        return refusal.message.removeprefix('Job.batch "sum" is invalid: ')
    return ""


def rule(**given: Any) -> dict[str, Any]:
    return {"podFailurePolicy": {"rules": [given]}}


def success(**given: Any) -> dict[str, Any]:
    return {"successPolicy": {"rules": [given]}}


TABLE: dict[str, tuple[dict[str, Any], str]] = {
    "a rule without an action": (
        rule(action="", onExitCodes=CODES),
        f'{RULES}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
    ),
    "an action that there is not": (
        rule(action="Stop", onExitCodes=CODES),
        f'{RULES}.action: Unsupported value: "Stop": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
    ),
    "an index that fails without limits": (
        rule(action="FailIndex", onExitCodes=CODES),
        f'{RULES}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    ),
    "a rule about nothing": (
        rule(action="Ignore"),
        f"{RULES}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required",
    ),
    "a rule about both": (
        rule(action="Ignore", onExitCodes=CODES, onPodConditions=[{"type": "DisruptionTarget"}]),
        f"{RULES}: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported",
    ),
    "success as a failure": (
        rule(action="Ignore", onExitCodes={"operator": "In", "values": [0]}),
        f"{RULES}.onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator",
    ),
    "codes out of order": (
        rule(action="Ignore", onExitCodes={"operator": "In", "values": [2, 1]}),
        f"{RULES}.onExitCodes.values: Invalid value: [2,1]: must be ordered",
    ),
    "a code twice": (
        rule(action="Ignore", onExitCodes={"operator": "In", "values": [1, 1]}),
        f"{RULES}.onExitCodes.values[1]: Duplicate value: 1",
    ),
    "no codes": (
        rule(action="Ignore", onExitCodes={"operator": "NotIn", "values": []}),
        f"{RULES}.onExitCodes.values: Invalid value: []: at least one value is required",
    ),
    "a container that there is not": (
        rule(action="Ignore", onExitCodes={**CODES, "containerName": "other"}),
        f'{RULES}.onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer '
        "names in the pod template",
    ),
    "a status that there is not": (
        rule(action="Ignore", onPodConditions=[{"type": "Ready", "status": "Maybe"}]),
        f'{RULES}.onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", '
        '"Unknown"',
    ),
    "too many rules": (
        {"podFailurePolicy": {"rules": [{"action": "Ignore", "onExitCodes": CODES}] * 21}},
        "spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items",
    ),
    "a replacement that does not go with the policy": (
        {**rule(action="Ignore", onExitCodes=CODES), "podReplacementPolicy": "TerminatingOrFailed"},
        'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
    ),
    "limits for indexes without indexes": (
        {"completionMode": "NonIndexed", "backoffLimitPerIndex": 1},
        "spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode",
    ),
    "a number of indexes without a limit for each": (
        {"maxFailedIndexes": 1},
        "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
    ),
    "more failed indexes than indexes": (
        {"maxFailedIndexes": 6, "backoffLimitPerIndex": 1},
        "spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions",
    ),
    "very many indexes without a limit": (
        {"completions": 100_001, "backoffLimitPerIndex": 1},
        "spec.maxFailedIndexes: Required value: must be specified when completions is above 100000",
    ),
    "no rule of success": (
        {"successPolicy": {"rules": []}},
        "spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is "
        "specified",
    ),
    "an empty rule of success": (
        success(),
        f"{SUCCESS}: Required value: at least one of succeededCount or succeededIndexes must be specified",
    ),
    "more successes than indexes": (
        success(succeededCount=6),
        f"{SUCCESS}.succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified "
        "completions)",
    ),
    "more successes than are named": (
        success(succeededIndexes="0,2-3", succeededCount=4),
        f"{SUCCESS}.succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of indexes in "
        "the specified succeededIndexes field)",
    ),
    "an index beyond the last": (
        success(succeededIndexes="0,5"),
        f'{SUCCESS}.succeededIndexes: Invalid value: "0,5": error parsing succeededIndexes: too large index: "5"',
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_a_job_says(case: str) -> None:
    spec, text = TABLE[case]
    assert faults(**spec) == text


@pytest.mark.parametrize(
    "spec",
    [
        rule(action="Ignore", onPodConditions=[{"type": "DisruptionTarget"}]),
        {**rule(action="FailIndex", onExitCodes=CODES), "backoffLimitPerIndex": 0, "maxFailedIndexes": 5},
        success(succeededIndexes="0-4", succeededCount=2),
        {"podReplacementPolicy": "Failed"},
    ],
)
def test_what_a_job_may_say(spec: dict[str, Any]) -> None:
    assert faults(**spec) == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1-2-3", "the fragment \"1-2-3\" violates the requirement that an index interval can have at most two "
                  "parts separated by '-'"),
        ("a", 'cannot convert string to integer for index: "a"'),
        ("1,", 'cannot convert string to integer for index: ""'),
        ("3,2", "non-increasing order, previous: 3, current: 2"),
        ("3-3", "non-increasing order, previous: 3, current: 3"),
        ("9-10", 'too large index: "10"'),
    ],
)  # fmt: skip
def test_a_text_that_names_no_indexes(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        count_indexes(text, 10)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("3", 1), ("0-2", 3), ("0,2-4,9", 5)])
def test_a_text_that_names_indexes(text: str, count: int) -> None:
    assert count_indexes(text, 10) == count


@pytest.mark.parametrize("of", [JOB, kind("CronJob", "batch/v1")], ids=lambda of: of.name)
def test_a_rule_about_a_condition_means_that_it_is_true(of: Any) -> None:
    policy = rule(action="Ignore", onPodConditions=[{"type": "DisruptionTarget"}])
    spec: Any = {**policy, "template": {"spec": {"containers": []}}}
    if of.name == "CronJob":
        spec = {"schedule": "@daily", "jobTemplate": {"spec": spec}}
    made = stored(of, {"metadata": {"name": "sum"}, "spec": spec}).spec
    job = made.jobTemplate.spec if of.name == "CronJob" else made
    assert job.podFailurePolicy.rules[0].onPodConditions[0].status == "True"
