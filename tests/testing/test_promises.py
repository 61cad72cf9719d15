"""Each promise is shown what breaks it: one that never speaks up proves nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from controllers.statefulset.tiny import make_set

from petset.api.gates import DEFAULT, Gates
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, owner_reference, uid_of
from petset.controllers.statefulset.identity import new_pod
from petset.ownership.hashing import template_patch
from petset.testing.loop import run
from petset.testing.plane import Plane, plane
from petset.testing.witness import Witness

FORCED = meta_v1.DeleteOptions(gracePeriodSeconds=0)


class Stage:
    """A set that no controller looks after; the test plays all of them, badly."""

    def __init__(self, p: Plane, stateful_set: apps_v1.StatefulSet) -> None:
        self.client = p.client
        self.clock = p.clock
        self.set = stateful_set

    async def revision(self, name: str, data: object) -> None:
        metadata = meta_v1.ObjectMeta(name=name, namespace="default")
        await self.client.create(apps_v1.ControllerRevision(metadata=metadata, revision=1, data=data))

    async def pod(self, ordinal: int, node: str = "", revision: str = "web-1") -> core_v1.Pod:
        pod = await self.client.create(new_pod(self.set, self.set.spec.template, ordinal, revision))
        if node:
            await self.client.bind("default", pod.metadata.name, node)
        return pod

    async def claim(self, name: str) -> core_v1.PersistentVolumeClaim:
        storage = core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"})
        spec = core_v1.PersistentVolumeClaimSpec(accessModes=["ReadWriteOnce"], resources=storage)
        metadata = meta_v1.ObjectMeta(name=name, namespace="default")
        return await self.client.create(core_v1.PersistentVolumeClaim(metadata=metadata, spec=spec))


@asynccontextmanager
async def watched(gates: Gates = DEFAULT, **spec: object) -> AsyncIterator[tuple[Stage, Witness]]:
    async with plane(gates=gates) as p:
        witness = Witness(p, gates=gates)
        wanted = make_set(**spec)
        meta(wanted).uid = None
        stage = Stage(p, await p.client.create(wanted))
        await stage.revision("web-1", template_patch(stage.set.spec.template))
        await p.clock.sleep(1)
        yield stage, witness


async def a_pod_out_of_turn(it: Stage) -> None:
    await it.pod(1)


async def a_pod_beyond_the_wanted(it: Stage) -> None:
    await it.pod(9)


async def a_pod_of_another_template(it: Stage) -> None:
    await it.revision("web-other", {"spec": {}})
    await it.pod(0, revision="web-other")


async def a_pod_removed_without_a_reason(it: Stage) -> None:
    await it.pod(0, node="node-1")
    await it.clock.sleep(1)
    await it.client.delete(core_v1.Pod, "web-0", "default")


async def a_pod_that_vanishes(it: Stage) -> None:
    await it.client.create(core_v1.Node(metadata=meta_v1.ObjectMeta(name="node-1")))
    await it.pod(0, node="node-1")
    await it.clock.sleep(1)
    await it.client.delete(core_v1.Pod, "web-0", "default", FORCED)


async def a_pod_before_its_claim(it: Stage) -> None:
    volume = core_v1.Volume(
        name="data", persistentVolumeClaim=core_v1.PersistentVolumeClaimVolumeSource(claimName="data-web-0")
    )
    pod = new_pod(it.set, it.set.spec.template, 0, "web-1")
    assert pod.spec is not None
    await it.client.create(msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, volumes=[volume])))


async def a_kept_claim_given_away(it: Stage) -> None:
    claim = await it.claim("data-web-0")
    metadata = msgspec.structs.replace(meta(claim), ownerReferences=[owner_reference(it.set)])
    await it.client.update(msgspec.structs.replace(claim, metadata=metadata))


async def a_volume_bound_twice(it: Stage) -> None:
    for name in ("data-web-0", "data-web-1"):
        claim = await it.claim(name)
        assert claim.spec is not None
        spec = msgspec.structs.replace(claim.spec, volumeName="v")
        await it.client.update(msgspec.structs.replace(claim, spec=spec))


@pytest.mark.parametrize(
    ("deed", "sentence"),
    [
        (a_pod_out_of_turn, "pod web-1 was created before its turn"),
        (a_pod_beyond_the_wanted, "pod web-9 was created before its turn"),
        (a_pod_of_another_template, "pod web-0 was created from web-other, which its ordinal is not due"),
        (a_pod_removed_without_a_reason, "pod web-0 (web-1) was deleted, and no rule asked for it then"),
        (a_pod_that_vanishes, "pod web-0 vanished from its node without having been asked to go"),
        (a_pod_before_its_claim, "pod web-0 was created before its claim data-web-0"),
        (a_kept_claim_given_away, "claim data-web-0 was given to StatefulSet web, though it is to be kept"),
        (a_volume_bound_twice, "volume v is bound to two claims: data-web-0 and data-web-1"),
    ],
)
def test_the_witness_speaks_up_about(deed: Callable[[Stage], Awaitable[None]], sentence: str) -> None:
    async def story() -> list[str]:
        async with watched(replicas=3) as (it, witness):
            await deed(it)
            return list(witness.broken)

    assert sentence in run(story())


def test_recreate_makes_nobody_while_a_pod_of_another_template_is_there() -> None:
    """Rule 56, which Parallel does not change."""

    async def story(former: str) -> list[str]:
        recreate = apps_v1.StatefulSetUpdateStrategy(type="Recreate")
        gates = Gates(recreate=True)
        async with watched(gates, replicas=3, updateStrategy=recreate, podManagementPolicy="Parallel") as (
            it,
            witness,
        ):
            await it.revision("web-former", {"spec": {}})
            await it.client.create(new_pod(it.set, it.set.spec.template, 7, former))
            await it.clock.sleep(1)
            witness.broken.clear()
            await it.pod(0)
            return list(witness.broken)

    assert run(story("web-former")) == ["pod web-0 was created before its turn"]
    assert run(story("web-1")) == []


def test_without_its_gate_an_update_does_not_look_below_the_pod_it_replaces() -> None:
    """Rules 51 and 53, of a Parallel set whose lowest pod is not Ready."""

    async def story(gates: Gates) -> list[str]:
        async with watched(gates, replicas=2, podManagementPolicy="Parallel") as (it, witness):
            await it.revision("web-former", {"spec": {}})
            await it.pod(0)
            pod = new_pod(it.set, it.set.spec.template, 1, "web-former")
            made = await it.client.create(pod)
            await it.client.bind("default", "web-1", "node-1")
            ready = core_v1.PodCondition(type="Ready", status="True", lastTransitionTime=it.clock.now())
            bound = await it.client.get(core_v1.Pod, name_of(made), "default")
            status = core_v1.PodStatus(phase="Running", conditions=[ready])
            await it.client.update(msgspec.structs.replace(bound, status=status), "status")
            await it.clock.sleep(1)
            witness.broken.clear()
            await it.client.delete(core_v1.Pod, "web-1", "default")
            return list(witness.broken)

    assert run(story(Gates(max_unavailable=False))) == []
    assert run(story(DEFAULT)) == ["pod web-1 (web-former) was deleted, and no rule asked for it then"]


@pytest.mark.parametrize(("patience", "is_fine"), [(None, False), ("10m", False), ("5m", True)])
def test_a_broken_pod_is_replaced_before_those_above_it_only_when_its_set_has_lost_patience(
    patience: str | None, is_fine: bool
) -> None:
    """Rule 52 and its option: web-0 is broken, web-1 above it is not; both have a former template."""

    async def story() -> list[str]:
        asked = {"petset.dev/replace-broken-after": patience} if patience else None
        async with watched(replicas=2, annotations=asked) as (it, witness):
            await it.revision("web-former", {"spec": {}})
            for ordinal in (0, 1):
                await it.pod(ordinal, node="node-1", revision="web-former")
                bound = await it.client.get(core_v1.Pod, f"web-{ordinal}", "default")
                ready = core_v1.PodCondition(
                    type="Ready", status="True" if ordinal else "False", lastTransitionTime=it.clock.now()
                )
                status = core_v1.PodStatus(phase="Running", conditions=[ready])
                await it.client.update(msgspec.structs.replace(bound, status=status), "status")
            await it.clock.sleep(400)
            witness.broken.clear()
            await it.client.delete(core_v1.Pod, "web-0", "default")
            return list(witness.broken)

    expected = [] if is_fine else ["pod web-0 (web-former) was deleted, and no rule asked for it then"]
    assert run(story()) == expected


@pytest.mark.parametrize(("asked", "is_fine"), [(None, False), ("false", False), ("true", True)])
def test_of_two_broken_pods_that_are_to_go_the_higher_goes_only_where_its_set_asks_for_it(
    asked: str | None, is_fine: bool
) -> None:
    """Rule 49 and its option."""

    async def story() -> list[str]:
        async with watched(replicas=0, annotations={"petset.dev/remove-broken": asked} if asked else None) as (
            it,
            witness,
        ):
            for ordinal in (0, 1):
                await it.pod(ordinal, node="node-1")
            await it.clock.sleep(1)
            witness.broken.clear()
            await it.client.delete(core_v1.Pod, "web-1", "default")
            return list(witness.broken)

    expected = [] if is_fine else ["pod web-1 (web-1) was deleted, and no rule asked for it then"]
    assert run(story()) == expected


@pytest.mark.parametrize(
    ("asked", "app", "ordinal", "is_fine"),
    [
        (None, "web", 7, True),
        ("true", "web", 1, True),
        ("true", "web", 7, False),
        (None, "other", 1, False),
    ],
    ids=["a stray", "one that is wanted", "a stray that is to be left", "one without the labels"],
)
def test_a_set_takes_in_what_it_has_a_right_to(asked: str | None, app: str, ordinal: int, is_fine: bool) -> None:
    """Rules 42 and 62."""

    async def story() -> list[str]:
        async with watched(replicas=3, annotations={"petset.dev/leave-strays": asked} if asked else None) as (
            it,
            witness,
        ):
            pod = new_pod(it.set, it.set.spec.template, ordinal, "web-1")
            metadata = msgspec.structs.replace(meta(pod), ownerReferences=None, labels={"app": app})
            made = await it.client.create(msgspec.structs.replace(pod, metadata=metadata))
            await it.clock.sleep(1)
            witness.broken.clear()
            owned = msgspec.structs.replace(meta(made), ownerReferences=[owner_reference(it.set)])
            await it.client.update(msgspec.structs.replace(made, metadata=owned))
            return list(witness.broken)

    expected = [] if is_fine else [f"pod web-{ordinal} was taken in by web, which had no right to it"]
    assert run(story()) == expected


def test_a_pod_may_vanish_from_a_node_that_its_user_has_given_up() -> None:
    """Nobody else could say that its containers have ended (rule 59)."""

    async def story() -> list[str]:
        async with watched(replicas=1) as (it, witness):
            taint = core_v1.Taint(key="node.kubernetes.io/out-of-service", effect="NoExecute")
            metadata = meta_v1.ObjectMeta(name="node-1")
            await it.client.create(core_v1.Node(metadata=metadata, spec=core_v1.NodeSpec(taints=[taint])))
            pod = await it.pod(0, node="node-1")
            witness.user_asks(uid_of(pod), False)
            await it.client.delete(core_v1.Pod, "web-0", "default", FORCED)
            return list(witness.broken)

    assert run(story()) == []


def test_what_the_user_asked_for_is_nobodys_fault() -> None:
    async def story() -> list[str]:
        async with watched(replicas=3) as (it, witness):
            pod = await it.pod(0, node="node-1")
            await it.clock.sleep(1)
            witness.user_asks(uid_of(pod), False)
            await it.client.delete(core_v1.Pod, "web-0", "default")
            return list(witness.broken)

    assert run(story()) == []
