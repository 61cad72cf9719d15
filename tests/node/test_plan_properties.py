"""The pod plan under attack: whatever happens in whatever order, with the agent cut off anywhere.

Every plan and snapshot on the way is checked against `petset.node.pods.invariants` (in `PodWorld.plan`), and the
machine itself refuses a second running attempt.
"""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from node.pod_world import PodWorld, world
from node.world import a_container, is_ready

from petset.api.models import core_v1
from petset.node.pods.order import all_containers

PRE_STOP = core_v1.Lifecycle(preStop=core_v1.LifecycleHandler(sleep=core_v1.SleepAction(seconds=1)))
POST_START = core_v1.Lifecycle(postStart=core_v1.LifecycleHandler(sleep=core_v1.SleepAction(seconds=1)))

policies = st.sampled_from(["Always", "OnFailure", "Never"])
app = st.sampled_from([None, PRE_STOP, POST_START])
init_kind = st.sampled_from(["Always", None])


@st.composite
def pods(draw: st.DrawFn) -> PodWorld:
    init = [
        a_container(f"init-{n}", restartPolicy=kind) for n, kind in enumerate(draw(st.lists(init_kind, max_size=3)))
    ]
    count = draw(st.integers(1, 2))
    containers = [a_container(f"app-{n}", lifecycle=draw(app)) for n in range(count)]
    return world(
        initContainers=init or None,
        containers=containers,
        restartPolicy=draw(policies),
        terminationGracePeriodSeconds=draw(st.sampled_from([0, 1, 30])),
    )


EPHEMERAL = [core_v1.EphemeralContainer(name=f"debug-{n}", image="busybox") for n in range(2)]

Event = tuple[str, int]
events = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "step",
                "step",
                "step",
                "part",
                "exit",
                "fail",
                "sick",
                "restart",
                "images",
                "deaf",
                "time",
                "power",
                "debug",
            ]
        ),
        st.integers(0, 5),
    ),
    max_size=40,
)


def happen(w: PodWorld, event: Event) -> None:
    kind, number = event
    names = [c.name for c in all_containers(w.memory.pod)]
    name = names[number % len(names)] if names else ""
    acts: dict[str, Callable[[], object]] = {
        "step": w.step,
        "part": lambda: (w.step(at_most=number), w.restart_agent()),
        "exit": lambda: w.exit(name, 0),
        "fail": lambda: w.exit(name, 1),
        "sick": lambda: w.turn_unhealthy(name),
        "restart": w.restart_agent,
        "images": lambda: setattr(w, "images_missing", not w.images_missing),
        "deaf": lambda: setattr(w, "deaf", not w.deaf),
        "time": lambda: setattr(w, "now", w.now + timedelta(seconds=10**number)),
        "power": w.lose_machine,
        "debug": lambda: w.add_ephemeral(EPHEMERAL[number % 2]),
    }
    acts[kind]()


def come_right(w: PodWorld) -> None:
    """From now on images are there, and init containers that run succeed."""
    w.images_missing = w.deaf = False
    spec = w.memory.pod.spec
    assert spec is not None
    for _ in range(2 * len(all_containers(w.memory.pod)) + 2):
        w.settle()
        for container in spec.initContainers or ():
            if container.restartPolicy is None:
                w.exit(container.name, 0)
    w.settle()


@settings(max_examples=150, deadline=None)
@given(w=pods(), what=events)
def test_a_healthy_machine_brings_every_pod_to_running_or_to_its_end(w: PodWorld, what: list[Event]) -> None:
    for event in what:
        happen(w, event)
    come_right(w)
    spec = w.memory.pod.spec
    assert spec is not None
    assert w.pod is not None
    if w.phase in ("Succeeded", "Failed"):
        assert spec.restartPolicy != "Always"
        assert w.running == set()
    else:
        assert w.phase == "Running"
        apps = {c.name for c in spec.containers}
        over = {s.name for s in w.pod.status.containerStatuses if s.state.terminated}
        assert w.running >= apps - over
        assert is_ready(w.pod) or over


@settings(max_examples=150, deadline=None)
@given(w=pods(), before=events, grace=st.sampled_from([0, 1, 30]), after=events)
def test_a_deleted_pod_is_gone_in_the_end_and_starts_nothing(
    w: PodWorld, before: list[Event], grace: int, after: list[Event]
) -> None:
    for event in before:
        happen(w, event)
    w.delete(grace)
    attempts = len(w.containers)
    for event in after:
        happen(w, event)
        assert len(w.containers) <= attempts
    w.settle()
    assert w.pod is None
    assert w.sandbox is None
    assert w.running == set()


@settings(max_examples=100, deadline=None)
@given(w=pods(), what=events)
def test_a_pod_that_never_restarts_never_has_a_second_attempt(w: PodWorld, what: list[Event]) -> None:
    spec = w.memory.pod.spec
    assert spec is not None
    spec.restartPolicy = "Never"
    for event in what:
        happen(w, event)
        assert all(attempt == 0 for name, attempt in w.containers if name.startswith("app"))


@settings(max_examples=100, deadline=None)
@given(w=pods(), what=events)
def test_an_ephemeral_container_is_started_once_whatever_becomes_of_it(w: PodWorld, what: list[Event]) -> None:
    for event in [*what, ("debug", 0)]:
        happen(w, event)
        assert all(attempt == 0 for name, attempt in w.containers if name.startswith("debug"))
    come_right(w)
    if w.phase == "Running":
        assert w.pod is not None
        statuses = w.pod.status.ephemeralContainerStatuses
        assert all(s.state.running or s.state.terminated for s in statuses)
