"""What a request to delete comes to: the decision as a table, then the verbs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from registry.given import (
    ALL,
    MAPS,
    NAMESPACES,
    PLAIN,
    PODS,
    SETS,
    config,
    create,
    merge,
    meta,
    play,
    pod,
    statefulset,
)

from petset.api import objects
from petset.api.errors import Conflict, Forbidden, Invalid, NotFound
from petset.api.kinds import Kind, by_model
from petset.api.models import batch_v1, core_v1, meta_v1
from petset.registry.deletion import Decision, Gone, Marked, Unchanged, decide, warnings
from petset.registry.port import ListOptions
from petset.testing.plane import Plane

JOBS = by_model(batch_v1.Job)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
IN_30 = NOW + timedelta(seconds=30)


def options(grace: int | None = None, policy: str | None = None, **more: Any) -> meta_v1.DeleteOptions:
    return meta_v1.DeleteOptions(gracePeriodSeconds=grace, propagationPolicy=policy, **more)


def running(grace: int | None = 30, **metadata: Any) -> core_v1.Pod:
    made = pod(node="n", generation=1, uid="u", **metadata)
    assert made.spec is not None
    made.spec.terminationGracePeriodSeconds = grace
    made.status = core_v1.PodStatus(phase="Running")
    return made


def ended(phase: str) -> core_v1.Pod:
    made = running()
    made.status = core_v1.PodStatus(phase=phase)
    return made


def terminating(grace: int, **metadata: Any) -> core_v1.Pod:
    return running(deletionTimestamp=NOW + timedelta(seconds=grace), deletionGracePeriodSeconds=grace, **metadata)


def held(decision: Decision) -> tuple[datetime | None, int | None, int | None, list[str] | None]:
    assert isinstance(decision, Marked)
    found = objects.meta(decision.obj)
    return found.deletionTimestamp, found.deletionGracePeriodSeconds, found.generation, found.finalizers


@pytest.mark.parametrize(
    ("story", "obj", "asked"),
    [
        ("an object that nothing holds", config(), options()),
        ("a pod that no node has", pod(), options()),
        ("a pod whose containers have succeeded", ended("Succeeded"), options()),
        ("a pod whose containers have failed", ended("Failed"), options()),
        ("a pod that is to die at once", running(), options(0)),
        ("a terminating pod whose time is cut to nothing", terminating(30), options(0)),
        ("a pod whose deletion was cut short by a crash", terminating(0), options()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_goes_at_once(story: str, obj: Any, asked: meta_v1.DeleteOptions) -> None:
    assert isinstance(decide(_kind(obj), obj, asked, NOW), Gone), story


def test_a_running_pod_gets_its_own_grace_period() -> None:
    assert held(decide(PODS, running(30), options(), NOW)) == (IN_30, 30, 2, None)


def test_the_client_may_choose_another_grace_period() -> None:
    assert held(decide(PODS, running(30), options(90), NOW))[1] == 90


def test_a_negative_grace_period_is_one_second() -> None:
    assert held(decide(PODS, running(30), options(-5), NOW))[1] == 1


def test_a_second_request_may_shorten_the_time_and_never_lengthen_it() -> None:
    shorter = held(decide(PODS, terminating(30), options(10), NOW))
    assert shorter[:3] == (NOW + timedelta(seconds=10), 10, 1)
    assert isinstance(decide(PODS, terminating(30), options(60), NOW), Unchanged)
    assert isinstance(decide(PODS, terminating(30), options(), NOW), Unchanged)


def test_finalizers_hold_any_object_and_the_generation_tells_of_it_once() -> None:
    obj = statefulset()
    obj.metadata = meta("web", finalizers=["x/y"], generation=3)
    first = decide(SETS, obj, options(), NOW)
    assert held(first) == (NOW, 0, 4, ["x/y"])
    assert isinstance(first, Marked)
    assert isinstance(decide(SETS, first.obj, options(), NOW + timedelta(days=1)), Unchanged)


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        ([], options(policy="Orphan"), ["orphan"]),
        ([], options(policy="Foreground"), ["foregroundDeletion"]),
        (["x/y"], options(policy="Background"), ["x/y"]),
        (["orphan", "x/y"], options(policy="Foreground"), ["x/y", "foregroundDeletion"]),
        (["foregroundDeletion", "x/y"], options(policy="Background"), ["x/y"]),
        ([], options(orphanDependents=True), ["orphan"]),
        (["orphan", "x/y"], options(orphanDependents=False), ["x/y"]),
        (["orphan"], options(), ["orphan"]),
    ],
)
def test_the_propagation_policy_is_written_as_a_finalizer(
    before: list[str], asked: meta_v1.DeleteOptions, after: list[str]
) -> None:
    assert held(decide(MAPS, config(finalizers=before), asked, NOW))[3] == after


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        ([], options(), ["orphan"]),
        ([], options(policy="Background"), None),
        (["foregroundDeletion"], options(), ["foregroundDeletion"]),
    ],
)
def test_a_job_leaves_its_pods_unless_something_else_is_asked(
    before: list[str], asked: meta_v1.DeleteOptions, after: list[str] | None
) -> None:
    job = batch_v1.Job(metadata=meta("sum", finalizers=before or None))
    assert objects.meta(decide(JOBS, job, asked, NOW).obj).finalizers == after  # type: ignore[union-attr]
    assert len(warnings(JOBS, asked)) == (asked.propagationPolicy is None)


def test_the_decision_leaves_the_object_it_is_given_alone() -> None:
    obj = running(finalizers=["x/y"])
    before = objects.copy(obj)
    decide(PODS, obj, options(5, "Foreground"), NOW)
    assert obj == before


@pytest.mark.parametrize("policy", ["Orphan", "Nonsense"])
def test_a_policy_that_says_two_things_or_none_is_refused(policy: str) -> None:
    asked = options(policy=policy, orphanDependents=True if policy == "Orphan" else None)
    with pytest.raises(Invalid, match=r'^DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: '):
        decide(MAPS, config(), asked, NOW)


def test_preconditions_protect_whoever_came_after() -> None:
    obj = config(uid="new", resourceVersion="7")
    with pytest.raises(
        Conflict, match=r"the UID in the precondition \(old\) does not match the UID in record \(new\)"
    ):
        decide(MAPS, obj, options(preconditions=meta_v1.Preconditions(uid="old")), NOW)
    with pytest.raises(Conflict, match=r"the ResourceVersion in the precondition \(6\) does not match"):
        decide(MAPS, obj, options(preconditions=meta_v1.Preconditions(resourceVersion="6")), NOW)
    same = meta_v1.Preconditions(uid="new", resourceVersion="7")
    assert isinstance(decide(MAPS, obj, options(preconditions=same), NOW), Gone)


def test_a_namespace_first_says_that_it_is_going_then_waits_for_its_content() -> None:
    async def story(p: Plane) -> None:
        await create(p, core_v1.Namespace(metadata=meta("team")))
        record, gone = await p.registry.delete(NAMESPACES, "", "team", options())
        namespace = p.registry.decode(NAMESPACES, record)
        assert not gone
        assert (namespace.status.phase, namespace.metadata.deletionTimestamp) == ("Terminating", p.clock.now())
        with pytest.raises(Forbidden) as refusal:
            await create(p, config(), "team")
        assert str(refusal.value) == (
            'configmaps "a" is forbidden: unable to create new content in namespace team '
            "because it is being terminated"
        )
        assert refusal.value.causes[0].reason == "NamespaceTerminating"
        with pytest.raises(Conflict, match="The system is ensuring all content is removed from this namespace"):
            await p.registry.delete(NAMESPACES, "", "team", options())

    play(story)


def test_a_namespace_whose_content_is_gone_goes_with_its_finalizer() -> None:
    async def story(p: Plane) -> None:
        await create(p, core_v1.Namespace(metadata=meta("team")))
        await p.registry.delete(NAMESPACES, "", "team", options())
        final = objects.copy(p.registry.decode(NAMESPACES, p.registry.get(NAMESPACES, "", "team")))
        final.spec.finalizers = []
        await p.registry.update(NAMESPACES, "", "team", final, PLAIN, "finalize")
        with pytest.raises(NotFound):
            p.registry.get(NAMESPACES, "", "team")

    play(story)


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
def test_the_first_namespaces_stay(name: str) -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(
            Forbidden, match=f'^namespaces "{name}" is forbidden: this namespace may not be deleted$'
        ):
            await p.registry.delete(NAMESPACES, "", name, options())

    play(story)


def test_taking_away_the_last_finalizer_of_a_terminating_object_deletes_it() -> None:
    async def story(p: Plane) -> None:
        await create(p, config(finalizers=["x/y"]))
        watch = p.registry.watch(MAPS, "default", ListOptions(resource_version=str(p.store.revision)))
        _, gone = await p.registry.delete(MAPS, "default", "a", options())
        assert not gone
        await p.registry.patch(MAPS, "default", "a", merge({"metadata": {"finalizers": None}}), PLAIN)
        with pytest.raises(NotFound):
            p.registry.get(MAPS, "default", "a")
        items = [*await watch.next()]
        assert [item.type for item in items] == ["MODIFIED", "DELETED"]
        assert items[-1].record.revision == p.store.revision

    play(story)


def test_a_pod_is_marked_then_taken_away_by_its_node() -> None:
    async def story(p: Plane) -> None:
        await create(p, pod(node="n"))
        record, gone = await p.registry.delete(PODS, "default", "a", options())
        marked = p.registry.decode(PODS, record)
        assert not gone
        assert marked.metadata.deletionTimestamp == p.clock.now() + timedelta(seconds=30)
        _, gone = await p.registry.delete(PODS, "default", "a", options(0))
        assert gone

    play(story)


def test_a_dry_deletion_deletes_nothing() -> None:
    async def story(p: Plane) -> None:
        await create(p, config())
        _, gone = await p.registry.delete(MAPS, "default", "a", options(dryRun=["All"]))
        assert gone and p.registry.get(MAPS, "default", "a")

    play(story)


def test_a_collection_is_deleted_as_far_as_it_is_selected() -> None:
    async def story(p: Plane) -> None:
        for name in "abc":
            await create(p, config(name, labels={"keep": "yes" if name == "b" else "no"}))
        deleted = await p.registry.delete_collection(MAPS, "default", ListOptions(labels="keep=no"), options())
        assert [record.key.name for record in deleted.records] == ["a", "c"]
        assert [r.key.name for r in p.registry.list(MAPS, "default", ALL).records] == ["b"]

    play(story)


def _kind(obj: Any) -> Kind:
    return PODS if isinstance(obj, core_v1.Pod) else MAPS
