"""Whatever happens to a set: no promise is ever broken, and once the nodes are healthy it reaches its spec.

Safety is checked inside `Tiny.look`, before every single action (`invariants.violations`).
"""

from dataclasses import replace

from controllers.statefulset.tiny import Tiny, claim_template, make_set, retain, rolling, steps, template
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import apps_v1
from petset.api.objects import meta
from petset.api.options import LEAVE_STRAYS, REMOVE_BROKEN, REPLACE_BROKEN_AFTER, options_of
from petset.controllers.statefulset.identity import ordinal_of, wanted_ordinals

ASKED = st.fixed_dictionaries(
    {},
    optional={
        REPLACE_BROKEN_AFTER: st.sampled_from(["0s", "3s", "1h", "soon"]),
        REMOVE_BROKEN: st.sampled_from(["true", "false"]),
        LEAVE_STRAYS: st.sampled_from(["true", "false"]),
    },
)
POLICIES = st.sampled_from(["OrderedReady", "Parallel"])
KEEP = st.sampled_from(["Retain", "Delete"])
SETS = st.builds(
    lambda policy, replicas, start, deleted, scaled, ready, asked: make_set(
        annotations=asked,
        podManagementPolicy=policy,
        replicas=replicas,
        ordinals=apps_v1.StatefulSetOrdinals(start=start),
        volumeClaimTemplates=[claim_template()],
        persistentVolumeClaimRetentionPolicy=retain(deleted, scaled),
        minReadySeconds=ready,
    ),
    POLICIES, st.integers(0, 4), st.integers(0, 2), KEEP, KEEP, st.sampled_from([0, 0, 5]), ASKED,
)  # fmt: skip
POD = st.integers(0, 6)
EVENTS = st.one_of(
    st.tuples(st.just("scale"), st.integers(0, 5)),
    st.tuples(st.just("start"), st.integers(0, 2)),
    st.tuples(st.just("edit"), st.sampled_from(["redis:7.0", "new", "newer"])),
    st.tuples(st.just("strategy"), st.tuples(st.integers(0, 2), st.sampled_from([1, 2, "50%"]))),
    st.tuples(st.just("phase"), st.tuples(POD, st.sampled_from(["Pending", "Running", "Failed", "Succeeded"]))),
    st.tuples(st.just("ready"), POD),
    st.tuples(st.just("delete"), POD),
    st.tuples(st.just("gone"), POD),
    st.tuples(st.just("lose labels"), POD),
    st.tuples(st.just("orphan"), POD),
    st.tuples(st.just("touch"), POD),
    st.tuples(st.just("stray"), POD),
    st.tuples(st.just("look"), st.one_of(st.none(), st.integers(0, 4))),
    st.tuples(st.just("nodes work"), st.none()),
)


def happen(tiny: Tiny, event: tuple[str, object]) -> None:
    """One event; those about a pod that is not there do nothing."""
    match event:
        case ("scale", replicas):
            tiny.change(replicas=replicas)
        case ("start", start):
            tiny.change(ordinals=apps_v1.StatefulSetOrdinals(start=start))
        case ("edit", str(image)):
            tiny.change(template=template(image))
        case ("strategy", (int(partition), budget)):
            tiny.change(updateStrategy=rolling(partition, budget))
        case ("look", stop_after):
            tiny.look(stop_after=stop_after)
        case ("nodes work", None):
            tiny.nodes_work()
        case (what, (int(number), str(phase))):
            happen_to_pod(tiny, what, f"web-{number}", phase)
        case ("stray", int(number)) if f"web-{number}" not in tiny.pods:
            tiny.stray(f"web-{number}")
        case (what, int(number)):
            happen_to_pod(tiny, what, f"web-{number}")


def happen_to_pod(tiny: Tiny, what: str, name: str, phase: str = "") -> None:
    if name not in tiny.pods:
        return
    match what:
        case "phase":
            tiny.phase(name, phase)
        case "ready":
            tiny.ready(name)
        case "delete":
            tiny.delete(name)
        case "gone":
            tiny.gone(name)
        case "lose labels":
            tiny.edit(name, labels={"app": "other"})
        case "touch":
            tiny.edit(name, annotations={"touched": str(tiny.now)})
        case "orphan":
            tiny.edit(name, ownerReferences=None)


def is_stray(tiny: Tiny, name: str) -> bool:
    """A pod that the set leaves alone."""
    asked = options_of(meta(tiny.set).annotations)
    unwanted = ordinal_of("web", name) not in wanted_ordinals(tiny.set)
    return asked.leave_strays and unwanted and not meta(tiny.pods[name]).ownerReferences


def heal(tiny: Tiny) -> None:
    """Every node works again, and nobody holds the names of the set any longer."""
    for name, pod in list(tiny.pods.items()):
        if ((pod.metadata and pod.metadata.labels) or {}).get("app") != "web" or is_stray(tiny, name):
            tiny.gone(name)
        elif pod.status and pod.status.phase in ("Pending", "Running"):
            tiny.ready(name)


@given(SETS, st.lists(EVENTS, max_size=25))
@settings(max_examples=150)
def test_no_promise_is_broken_and_a_healthy_world_reaches_the_spec(
    stateful_set: apps_v1.StatefulSet, events: list[tuple[str, object]]
) -> None:
    tiny = Tiny(stateful_set)
    for event in events:
        happen(tiny, event)
    heal(tiny)
    tiny.run()
    assert tiny.names() == [f"web-{ordinal}" for ordinal in wanted_ordinals(tiny.set)]
    assert {f"data-{name}" for name in tiny.names()} <= set(tiny.claims)
    assert tiny.plan().stages == () and tiny.plan().waiting == ()


@given(SETS, st.lists(EVENTS, max_size=12))
@settings(max_examples=100)
def test_a_plan_is_a_function_of_what_is_there(
    stateful_set: apps_v1.StatefulSet, events: list[tuple[str, object]]
) -> None:
    tiny = Tiny(stateful_set)
    for event in events:
        happen(tiny, event)
    assert tiny.plan() == tiny.plan()
    assert steps(tiny.plan()) == steps(copied(tiny).plan())


def copied(tiny: Tiny) -> Tiny:
    """The same world once more; what is in it is never changed in place."""
    return replace(tiny, pods=dict(tiny.pods), claims=dict(tiny.claims), revisions=dict(tiny.revisions))
