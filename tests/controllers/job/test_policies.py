"""What a Job makes of failures and successes by its policies."""

from datetime import timedelta

import pytest
from controllers.job.test_plan import Tiny
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import batch_v1
from petset.api.objects import meta
from petset.controllers.job import failures, indexes
from petset.controllers.job.model import CreatePod, Snapshot
from petset.controllers.job.plan import finished_at, plan


def on_codes(action: str, *codes: int, operator: str = "In", container: str | None = None) -> object:
    wanted = batch_v1.PodFailurePolicyOnExitCodesRequirement(
        operator=operator, values=list(codes), containerName=container
    )
    return batch_v1.PodFailurePolicyRule(action=action, onExitCodes=wanted)


def on_condition(action: str, kind: str) -> object:
    pattern = batch_v1.PodFailurePolicyOnPodConditionsPattern(type=kind, status="True")
    return batch_v1.PodFailurePolicyRule(action=action, onPodConditions=[pattern])


def policy(*rules: object) -> batch_v1.PodFailurePolicy:
    return batch_v1.PodFailurePolicy(rules=list(rules))


def success(*rules: tuple[str | None, int | None]) -> batch_v1.SuccessPolicy:
    made = [batch_v1.SuccessPolicyRule(succeededIndexes=named, succeededCount=count) for named, count in rules]
    return batch_v1.SuccessPolicy(rules=made)


@pytest.mark.parametrize(
    ("rule", "code", "condition", "action"),
    [
        (on_codes("Ignore", 7, 9), 7, "", "Ignore"),
        (on_codes("Ignore", 7, 9), 8, "", ""),
        (on_codes("FailJob", 7, operator="NotIn"), 8, "", "FailJob"),
        (on_codes("FailJob", 7, operator="NotIn"), 7, "", ""),
        (on_codes("FailJob", 7, operator="NotIn"), 0, "", ""),
        (on_codes("Count", 7, container="main"), 7, "", "Count"),
        (on_codes("Count", 7, container="other"), 7, "", ""),
        (on_condition("Ignore", "DisruptionTarget"), 1, "DisruptionTarget", "Ignore"),
        (on_condition("Ignore", "DisruptionTarget"), 1, "Other", ""),
    ],
)
def test_a_rule_matches_by_exit_code_or_condition(rule: object, code: int, condition: str, action: str) -> None:
    tiny = Tiny(1, 1, podFailurePolicy=policy(rule))
    tiny.look()
    tiny.fail("p1", code, condition)
    assert failures.ruling_on(tiny.job, tiny.pods["p1"]).action == action


def test_the_first_rule_that_matches_decides() -> None:
    tiny = Tiny(1, 1, podFailurePolicy=policy(on_codes("Count", 1), on_codes("FailJob", 1, 2)))
    tiny.look()
    tiny.fail("p1", 1)
    assert failures.ruling_on(tiny.job, tiny.pods["p1"]).action == "Count"
    tiny.fail("p1", 2)
    assert failures.ruling_on(tiny.job, tiny.pods["p1"]).action == "FailJob"


def test_a_failure_that_the_policy_says_is_fatal_ends_the_job_and_says_why() -> None:
    tiny = Tiny(3, 2, podFailurePolicy=policy(on_codes("Ignore", 1), on_codes("FailJob", 42)))
    tiny.look()
    tiny.fail("p2", 42)
    tiny.look()
    message = "Container main for pod default/p2 failed with exit code 42 matching FailJob rule at index 1"
    assert tiny.conditions() == [("FailureTarget", "PodFailurePolicy", message)]
    tiny.run()
    assert tiny.conditions()[-1] == ("Failed", "PodFailurePolicy", message)
    assert tiny.job.status and tiny.job.status.failed == 2, "the other pod was stopped"


def test_a_condition_that_is_fatal_is_told_in_kubernetes_words() -> None:
    tiny = Tiny(1, 1, podFailurePolicy=policy(on_condition("FailJob", "ConfigIssue")))
    tiny.look()
    tiny.fail("p1", condition="ConfigIssue")
    tiny.look()
    text = "Pod default/p1 has condition ConfigIssue matching FailJob rule at index 0"
    assert tiny.conditions()[0][2] == text


def test_failures_that_are_ignored_use_up_no_limit() -> None:
    tiny = Tiny(1, 1, backoffLimit=0, podFailurePolicy=policy(on_codes("Ignore", 9)))
    for _ in range(5):
        tiny.look()
        (name,) = tiny.active()
        tiny.fail(name, 9)
        tiny.look()
    status = tiny.run()
    assert (status.succeeded, status.failed) == (1, None)


def indexed(completions: int, parallelism: int, **spec: object) -> Tiny:
    given = {"completionMode": "Indexed", "backoffLimit": 2**31 - 1, **spec}
    return Tiny(completions, parallelism, **given)


def of_index(tiny: Tiny, index: int) -> str:
    """The pod of this index that may still do its work."""
    (name,) = [name for name in tiny.active() if indexes.index_of(tiny.pods[name]) == index]
    return name


def test_each_index_has_failures_of_its_own_which_its_pods_hand_on() -> None:
    tiny = indexed(2, 2, backoffLimitPerIndex=1)
    tiny.look()
    tiny.fail(of_index(tiny, 0))
    tiny.look()
    tiny.look()
    assert meta(tiny.pods[of_index(tiny, 0)]).annotations[failures.FAILURES] == "1"
    assert meta(tiny.pods[of_index(tiny, 1)]).annotations[failures.FAILURES] == "0"
    tiny.fail(of_index(tiny, 0))
    tiny.look()
    assert tiny.job.status and tiny.job.status.failedIndexes == "0"
    tiny.look()
    assert [indexes.index_of(tiny.pods[name]) for name in tiny.active()] == [1], "it is not tried again"
    status = tiny.run()
    assert (status.completedIndexes, status.failedIndexes, status.failed) == ("1", "0", 2)
    assert tiny.conditions()[-1] == ("Failed", "FailedIndexes", "Job has failed indexes")


def test_a_failed_pod_is_held_until_its_successor_has_its_count() -> None:
    """However often the controller dies before the successor is made."""
    tiny = indexed(1, 1, backoffLimitPerIndex=3)
    tiny.step_seconds = 1
    tiny.look()
    tiny.fail("p1")
    for _ in range(4):
        tiny.look()
        assert meta(tiny.pods["p1"]).finalizers and tiny.active() == [], "the pause is not over"
        assert tiny.job.status and not tiny.job.status.failed
    tiny.now += timedelta(seconds=10)
    for _ in range(4):  # the successor; the predecessor named; let go of; counted
        tiny.look()
    assert not meta(tiny.pods["p1"]).finalizers
    assert tiny.job.status and tiny.job.status.failed == 1
    assert meta(tiny.pods[of_index(tiny, 0)]).annotations[failures.FAILURES] == "1"


def test_one_index_that_pauses_holds_up_no_other() -> None:
    tiny = indexed(4, 2, backoffLimitPerIndex=6)
    tiny.step_seconds = 1
    tiny.look()
    tiny.fail(of_index(tiny, 0))
    tiny.end(0, "Succeeded")
    made = plan(Snapshot(tiny.job, tuple(tiny.pods.values()), tiny.now))
    created = [indexes.index_of(action.pod) for action in made.actions if isinstance(action, CreatePod)]
    assert created == [2] and made.wake_after_seconds == 10


def test_a_failure_of_an_index_that_is_ignored_is_counted_apart() -> None:
    tiny = indexed(1, 1, backoffLimitPerIndex=0, podFailurePolicy=policy(on_codes("Ignore", 9)))
    tiny.look()
    tiny.fail("p1", 9)
    tiny.look()
    annotations = meta(tiny.pods[of_index(tiny, 0)]).annotations
    assert (annotations[failures.FAILURES], annotations[failures.IGNORED_FAILURES]) == ("0", "1")


def test_one_failure_may_end_an_index_at_once() -> None:
    tiny = indexed(2, 1, backoffLimitPerIndex=5, podFailurePolicy=policy(on_codes("FailIndex", 13)))
    tiny.look()
    tiny.fail("p1", 13)
    tiny.look()
    assert tiny.job.status and tiny.job.status.failedIndexes == "0"
    tiny.look()
    assert [indexes.index_of(tiny.pods[name]) for name in tiny.active()] == [1]


def test_too_many_failed_indexes_end_the_job() -> None:
    tiny = indexed(5, 5, backoffLimitPerIndex=0, maxFailedIndexes=1)
    tiny.look()
    for index in (0, 3):
        tiny.fail(of_index(tiny, index))
    tiny.look()
    text = "Job has exceeded the specified maximal number of failed indexes"
    assert tiny.conditions() == [("FailureTarget", "MaxFailedIndexesExceeded", text)]
    assert tiny.run().failedIndexes is not None


@pytest.mark.parametrize(
    ("rules", "succeeded", "message"),
    [
        ([("0-2", None)], (0, 1), ""),
        ([("0-2", None)], (0, 1, 2), "Matched rules at index 0"),
        ([("0-2", 2)], (0, 2), "Matched rules at index 0"),
        ([("0-2", 2)], (0, 4), ""),
        ([("4", None), (None, 3)], (0, 1, 2), "Matched rules at index 1"),
        ([(None, 3)], (0, 1), ""),
    ],
)
def test_a_job_may_be_content_with_some_of_its_indexes(
    rules: list[tuple[str | None, int | None]], succeeded: tuple[int, ...], message: str
) -> None:
    tiny = indexed(6, 6, successPolicy=success(*rules))
    tiny.look()
    for index in succeeded:
        tiny.end([*tiny.active()].index(of_index(tiny, index)), "Succeeded")
    tiny.look()
    expected = [("SuccessCriteriaMet", "SuccessPolicy", message)] if message else []
    assert tiny.conditions() == expected
    if message:
        assert tiny.run().completedIndexes == indexes.text_of(succeeded)
        assert tiny.conditions()[-1] == ("Complete", "SuccessPolicy", message)


@pytest.mark.parametrize("replacement", ["Failed", "TerminatingOrFailed"])
def test_a_pod_on_its_way_out_is_replaced_at_once_or_when_it_has_ended(replacement: str) -> None:
    tiny = Tiny(1, 1, podReplacementPolicy=replacement)
    tiny.look()
    pod = tiny.pods["p1"]
    pod.spec.nodeName = "node-0"
    meta(pod).deletionTimestamp = tiny.now
    tiny.look()
    assert tiny.active() == ([] if replacement == "Failed" else ["p2"])
    assert tiny.job.status and tiny.job.status.terminating == 1
    tiny.fail("p1")
    for _ in range(3):
        tiny.look()
    assert tiny.active() == ["p2"]


def test_indexes_that_are_not_wanted_any_more_lose_their_pods() -> None:
    tiny = indexed(4, 4)
    tiny.look()
    tiny.job.spec.completions = tiny.job.spec.parallelism = 2
    tiny.look()
    assert [indexes.index_of(tiny.pods[name]) for name in tiny.active()] == [0, 1]


RULES = policy(on_codes("Ignore", 9), on_codes("FailIndex", 13), on_condition("Ignore", "DisruptionTarget"))
EVENTS = st.one_of(
    st.tuples(st.just("look"), st.one_of(st.none(), st.integers(0, 4))),
    st.tuples(st.just("succeed"), st.integers(0, 4)),
    st.tuples(st.just("fail"), st.tuples(st.integers(0, 4), st.sampled_from([1, 9, 13]))),
)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 2), st.lists(EVENTS, max_size=25))
@settings(max_examples=150, deadline=None)
def test_every_index_succeeds_or_fails_for_good_and_no_failure_is_forgotten(
    completions: int, parallelism: int, limit: int, events: list[tuple[str, object]]
) -> None:
    """Whatever fails, and wherever the controller is cut off."""
    tiny = indexed(completions, parallelism, backoffLimitPerIndex=limit, podFailurePolicy=RULES)
    counted: dict[int, int] = {}
    for event in events:
        active = tiny.active()
        match event:
            case ("look", cut):
                tiny.look(cut)
            case ("succeed", int(number)) if active:
                tiny.end(number, "Succeeded")
            case ("fail", (int(number), int(code))) if active:
                name = active[number % len(active)]
                index = indexes.index_of(tiny.pods[name])
                assert index is not None
                tiny.fail(name, code)
                counted[index] = counted.get(index, 0) + (code != 9)
        assert all(count <= limit + 1 for count in counted.values()), "an index was tried too often"
    status = tiny.run()
    end = finished_at(tiny.job)
    done = indexes.parse(status.completedIndexes, completions)
    failed = indexes.parse(status.failedIndexes, completions)
    assert end is not None and end.type == ("Failed" if failed else "Complete")
    assert done | failed == set(range(completions)) and not done & failed
    assert (status.failed or 0) == sum(counted.values())
