"""What a Job decides in one look, from any state that it and its pods can come to."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from controllers.job.test_world import made
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import batch_v1, core_v1, meta_v1
from petset.api.objects import is_terminating, meta, name_of
from petset.controllers.job import indexes
from petset.controllers.job.attempts import without_finalizer
from petset.controllers.job.invariants import violations
from petset.controllers.job.model import CreatePod, DeletePod, LetGo, Snapshot, is_tracked
from petset.controllers.job.plan import finished_at, plan
from petset.ownership.pods import is_active

START = datetime(2026, 1, 1, tzinfo=UTC)


class Tiny:
    """A Job and its pods without API and nodes. A look may be cut short before its status is written, or after."""

    def __init__(self, completions: int | None, parallelism: int, **spec: object) -> None:
        selector = meta_v1.LabelSelector(matchLabels={"job": "sum"})
        given = {"backoffLimit": 3, **spec}
        self.job = made(completions=completions, parallelism=parallelism, selector=selector, **given)
        meta(self.job).uid = "uid-sum"
        self.job.spec.template.metadata = meta_v1.ObjectMeta(labels={"job": "sum"})
        self.pods: dict[str, core_v1.Pod] = {}
        self.now, self.made = START, 0
        self.step_seconds = 700.0  # longer than any pause after a failure
        self.ended = {"Succeeded": 0, "Failed": 0}

    def look(self, stop_after: int | None = None) -> None:
        self.now += timedelta(seconds=self.step_seconds)
        snapshot = Snapshot(self.job, tuple(self.pods.values()), self.now)
        decided = plan(snapshot)
        assert violations(snapshot, decided) == ()
        for action in decided.actions[:stop_after]:
            match action:
                case CreatePod(pod):
                    self.made += 1
                    metadata = msgspec.structs.replace(meta(pod), name=f"p{self.made}", uid=f"u{self.made}")
                    self.pods[f"p{self.made}"] = msgspec.structs.replace(pod, metadata=metadata)
                case LetGo(pod):
                    self.put(without_finalizer(pod))
                case DeletePod(pod, uncounted):
                    pod = without_finalizer(pod) if uncounted else pod
                    metadata = msgspec.structs.replace(meta(pod), deletionTimestamp=self.now)
                    self.put(msgspec.structs.replace(pod, metadata=metadata))
        if stop_after is None:
            self.job = msgspec.structs.replace(self.job, status=decided.status)

    def put(self, pod: core_v1.Pod) -> None:
        """What nothing holds any more is gone."""
        if is_terminating(pod) and not is_tracked(pod):
            self.pods.pop(name_of(pod), None)
        else:
            self.pods[name_of(pod)] = pod

    def fail(self, name: str, exit_code: int = 1, condition: str = "") -> None:
        """The pod of this name fails, its container with this code, or for this reason."""
        ended = core_v1.ContainerStateTerminated(exitCode=exit_code, finishedAt=self.now)
        container = core_v1.ContainerStatus(
            name="main", image="", imageID="", ready=False, restartCount=0,
            state=core_v1.ContainerState(terminated=ended),
        )  # fmt: skip
        conditions = [core_v1.PodCondition(type=condition, status="True")] if condition else None
        status = core_v1.PodStatus(phase="Failed", containerStatuses=[container], conditions=conditions)
        self.put(msgspec.structs.replace(self.pods[name], status=status))

    def active(self) -> list[str]:
        return [name for name, pod in self.pods.items() if is_active(pod)]

    def conditions(self) -> list[tuple[str, str, str]]:
        status = self.job.status or batch_v1.JobStatus()
        return [(c.type, c.reason or "", c.message or "") for c in status.conditions or () if c.status == "True"]

    def end(self, number: int, phase: str) -> None:
        """A pod runs to its end."""
        running = [pod for pod in self.pods.values() if is_active(pod)]
        if running:
            pod = running[number % len(running)]
            self.ended[phase] += is_tracked(pod)
            self.put(msgspec.structs.replace(pod, status=core_v1.PodStatus(phase=phase)))

    def run(self) -> batch_v1.JobStatus:
        for _ in range(80):
            self.look()
            if finished_at(self.job):
                return self.job.status
            self.end(0, "Succeeded")
        raise AssertionError(f"never ended: {self.job.status}")


EVENTS = st.one_of(
    st.tuples(st.just("look"), st.one_of(st.none(), st.integers(0, 4))),
    st.tuples(st.just("Succeeded"), st.integers(0, 4)),
    st.tuples(st.just("Failed"), st.integers(0, 4)),
)


@given(st.one_of(st.none(), st.integers(0, 5)), st.integers(1, 4), st.lists(EVENTS, max_size=20))
@settings(max_examples=150, deadline=None)
def test_no_promise_is_broken_and_every_pod_that_ended_is_counted_once(
    completions: int | None, parallelism: int, events: list[tuple[str, int | None]]
) -> None:
    tiny = Tiny(completions, parallelism)
    for what, number in events:
        if what == "look":
            tiny.look(number)
        else:
            tiny.end(number or 0, what)
        assert sum(map(is_active, tiny.pods.values())) <= parallelism
    status = tiny.run()
    assert (status.succeeded or 0) == tiny.ended["Succeeded"]
    assert (status.failed or 0) >= tiny.ended["Failed"]  # pods that a failing Job stops count as failed too
    end = finished_at(tiny.job)
    assert end is not None
    if end.type == "Complete" and completions is not None:
        assert (status.succeeded or 0) >= completions


@pytest.mark.parametrize(
    ("found", "text"),
    [((), ""), ((3,), "3"), ((0, 1), "0,1"), ((0, 1, 2), "0-2"), ((0, 2, 3, 4, 7), "0,2-4,7")],
)
def test_indexes_are_written_as_kubernetes_writes_them(found: tuple[int, ...], text: str) -> None:
    assert indexes.text_of(found) == text
    assert indexes.parse(text, 10) == set(found)
