"""What an update may change, what it keeps, and what is refused."""

import asyncio
from typing import Any

import pytest
from registry.given import (
    DRY,
    MAPS,
    NAMESPACES,
    PLAIN,
    PODS,
    SETS,
    VOLUMES,
    config,
    create,
    merge,
    meta,
    play,
    pod,
    statefulset,
)

from petset.api import objects
from petset.api.errors import BadRequest, Conflict, Invalid, NotFound
from petset.api.kinds import by_model
from petset.api.models import apps_v1, coordination_v1, core_v1
from petset.testing.plane import Plane


async def update(p: Plane, obj: Any, subresource: str = "", namespace: str = "default") -> Any:
    kind = by_model(type(obj))
    name = objects.name_of(obj)
    record = await p.registry.update(kind, namespace, name, objects.copy(obj), PLAIN, subresource)
    return p.registry.decode(kind, record)


def test_the_generation_grows_only_when_the_spec_means_something_else() -> None:
    async def story(p: Plane) -> None:
        made = objects.copy(await create(p, statefulset(replicas=3)))
        made.metadata.labels = {"a": "b"}
        made = objects.copy(await update(p, made))
        assert made.metadata.generation == 1
        made.spec.template.spec.nodeSelector = {}  # empty says the same as absent
        made = objects.copy(await update(p, made))
        assert made.metadata.generation == 1
        made.spec.replicas = 4
        assert (await update(p, made)).metadata.generation == 2

    play(story)


def test_writing_what_is_there_already_writes_nothing() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, statefulset())
        again = await update(p, made)
        assert again is made
        unversioned = statefulset()  # as the user's manifest says it, before defaults
        assert (await update(p, unversioned)).metadata.resourceVersion == made.metadata.resourceVersion

    play(story)


def test_a_client_of_the_object_cannot_write_its_status_nor_one_of_the_status_its_spec() -> None:
    async def story(p: Plane) -> None:
        made = objects.copy(await create(p, statefulset(replicas=3)))
        made.spec.replicas = 5
        made.status = apps_v1.StatefulSetStatus(replicas=5, availableReplicas=5)
        made = objects.copy(await update(p, made))
        assert (made.spec.replicas, made.status.replicas) == (5, 0)
        made.spec.replicas = 7
        made.status.replicas = 5
        made.metadata.annotations = {"seen": "yes"}
        made = await update(p, made, "status")
        assert (made.spec.replicas, made.status.replicas) == (5, 5)
        assert made.metadata.annotations == {"seen": "yes"}
        assert made.metadata.generation == 2

    play(story)


def test_a_status_write_keeps_a_pods_owners_and_class() -> None:
    async def story(p: Plane) -> None:
        owner = objects.owner_reference(await create(p, statefulset()))
        made = objects.copy(await create(p, pod(ownerReferences=[owner])))
        made.metadata.ownerReferences = None
        made.status = core_v1.PodStatus(phase="Running")
        made = await update(p, made, "status")
        assert made.metadata.ownerReferences == [owner]
        assert (made.status.phase, made.status.qosClass) == ("Running", "BestEffort")

    play(story)


def test_a_volumes_change_of_phase_is_dated() -> None:
    async def story(p: Plane) -> None:
        volume = core_v1.PersistentVolume(
            metadata=meta("v"),
            spec=core_v1.PersistentVolumeSpec(
                capacity={"storage": "1Gi"},
                accessModes=["ReadWriteOnce"],
                hostPath=core_v1.HostPathVolumeSource(path="/tmp"),
            ),
        )
        await create(p, volume)
        await p.clock.sleep(60)
        bound = await p.registry.patch(VOLUMES, "", "v", merge({"status": {"phase": "Bound"}}), PLAIN, "status")
        assert p.registry.decode(VOLUMES, bound).status.lastPhaseTransitionTime == p.clock.now()

    play(story)


def test_a_stale_version_is_a_conflict_and_changes_nothing() -> None:
    async def story(p: Plane) -> None:
        stale = objects.copy(await create(p, statefulset()))
        newer = objects.copy(stale)
        newer.spec.replicas = 4
        await update(p, newer)
        stale.spec.replicas = 5
        with pytest.raises(Conflict) as refusal:
            await update(p, stale)
        assert str(refusal.value) == (
            'Operation cannot be fulfilled on statefulsets.apps "web": the object has been modified; '
            "please apply your changes to the latest version and try again"
        )
        assert (refusal.value.kind, refusal.value.group, refusal.value.name) == ("statefulsets", "apps", "web")
        assert p.registry.decode(SETS, p.registry.get(SETS, "default", "web")).spec.replicas == 4

    play(story)


@pytest.mark.parametrize("version", [None, "", "0"])
def test_any_version_will_do_when_none_is_named(version: str | None) -> None:
    async def story(p: Plane) -> None:
        await create(p, config(value="1"))
        assert (await update(p, config(value="2", resourceVersion=version))).data == {"value": "2"}

    play(story)


def test_without_a_version_the_last_writer_wins_where_kubernetes_lets_it() -> None:
    async def story(p: Plane) -> None:
        await create(p, config(value="1"))
        assert (await update(p, config(value="2"))).data == {"value": "2"}
        lease = coordination_v1.Lease(metadata=meta("l"), spec=coordination_v1.LeaseSpec())
        await create(p, lease)
        with pytest.raises(Invalid, match=r"metadata\.resourceVersion: .*must be specified for an update"):
            await update(p, lease)

    play(story)


def test_writers_without_a_version_never_lose_each_others_turn() -> None:
    async def story(p: Plane) -> None:
        await create(p, config())
        await asyncio.gather(
            *(p.registry.patch(MAPS, "default", "a", merge({"data": {f"k{n}": "x"}}), PLAIN) for n in range(20))
        )
        data = p.registry.decode(MAPS, p.registry.get(MAPS, "default", "a")).data
        assert sorted(data) == sorted(["value", *(f"k{n}" for n in range(20))])

    play(story)


def test_another_object_of_the_same_name_is_not_meant() -> None:
    async def story(p: Plane) -> None:
        await create(p, config())
        with pytest.raises(Conflict, match="Precondition failed: UID in precondition: other, UID in object meta"):
            await update(p, config(uid="other"))

    play(story)


def test_the_name_in_the_object_is_the_name_in_the_url() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a"))
        with pytest.raises(
            BadRequest, match=r"the name of the object \(b\) does not match the name on the URL \(a\)"
        ):
            await p.registry.update(MAPS, "default", "a", config("b"), PLAIN)

    play(story)


def test_what_the_server_owns_survives_an_update_that_leaves_it_out() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, config())
        await p.clock.sleep(100)
        kept = await update(p, config(value="2"))
        assert kept.metadata.uid == made.metadata.uid
        assert kept.metadata.creationTimestamp == made.metadata.creationTimestamp

    play(story)


def test_an_object_that_is_not_there_cannot_be_updated_save_for_kinds_that_let_it() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(NotFound, match=r'^configmaps "a" not found$'):
            await update(p, config())
        lease = coordination_v1.Lease(metadata=meta("l"), spec=coordination_v1.LeaseSpec(holderIdentity="me"))
        assert (await update(p, lease)).metadata.uid
        gone = objects.copy(lease)
        gone.metadata = meta("other", resourceVersion="3")
        with pytest.raises(NotFound):
            await update(p, gone)

    play(story)


def test_a_namespaces_spec_changes_through_finalize_alone() -> None:
    async def story(p: Plane) -> None:
        made = objects.copy(await create(p, core_v1.Namespace(metadata=meta("team"))))
        made.spec.finalizers = None
        kept = objects.copy(await update(p, made, namespace=""))
        assert kept.spec.finalizers == ["kubernetes"]
        kept.spec.finalizers = None
        kept.status.phase = "Odd"
        final = await update(p, kept, "finalize", namespace="")
        assert not final.spec.finalizers
        assert final.status.phase == "Active"
        assert p.registry.get(NAMESPACES, "", "team")  # nobody asked for its deletion

    play(story)


def test_a_dry_update_shows_the_outcome_and_keeps_the_old() -> None:
    async def story(p: Plane) -> None:
        await create(p, config(value="1"))
        shown = await p.registry.update(MAPS, "default", "a", config(value="2"), DRY)
        assert p.registry.decode(MAPS, shown).data == {"value": "2"}
        assert p.registry.decode(MAPS, p.registry.get(MAPS, "default", "a")).data == {"value": "1"}

    play(story)


def test_a_pod_is_bound_once() -> None:
    async def story(p: Plane) -> None:
        await create(p, pod())
        await p.registry.bind("default", "a", "node-1")
        bound = p.registry.decode(PODS, p.registry.get(PODS, "default", "a"))
        assert bound.spec.nodeName == "node-1"
        (condition,) = bound.status.conditions
        assert (condition.type, condition.status) == ("PodScheduled", "True")
        assert bound.metadata.generation == 1
        with pytest.raises(Conflict) as refusal:
            await p.registry.bind("default", "a", "node-2")
        assert str(refusal.value) == (
            'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "node-1"'
        )

    play(story)
