"""What becomes of an object that is new."""

import re
from typing import Any

import pytest
from registry.given import (
    ALL,
    DRY,
    MAPS,
    NAMESPACES,
    PLAIN,
    PODS,
    SETS,
    config,
    create,
    meta,
    play,
    pod,
    statefulset,
)

from petset.api.errors import AlreadyExists, BadRequest, NotFound, Unavailable
from petset.api.kinds import by_model
from petset.api.models import apps_v1, core_v1, discovery_v1, meta_v1
from petset.registry.bootstrap import bootstrap
from petset.testing.plane import Plane


def test_the_server_decides_who_a_new_object_is_and_since_when() -> None:
    async def story(p: Plane) -> None:
        sent = pod(
            uid="mine",
            creationTimestamp=p.clock.now().replace(year=1999),
            generation=7,
            deletionGracePeriodSeconds=3,
        )
        made = await create(p, sent)
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.metadata.uid)
        assert made.metadata.creationTimestamp == p.clock.now()
        assert made.metadata.generation == 1
        assert made.metadata.deletionGracePeriodSeconds is None
        assert made.metadata.namespace == "default"

    play(story)


def test_the_stored_bytes_carry_their_own_revision() -> None:
    async def story(p: Plane) -> None:
        record = await p.registry.create(MAPS, "default", config(), PLAIN)
        assert f'"resourceVersion":"{record.revision}"'.encode() in record.value

    play(story)


def test_a_status_that_the_client_sends_is_discarded() -> None:
    async def story(p: Plane) -> None:
        sent = statefulset()
        sent.status = apps_v1.StatefulSetStatus(replicas=9, readyReplicas=9)
        made = await create(p, sent)
        assert made.status == apps_v1.StatefulSetStatus(replicas=0, availableReplicas=0)

    play(story)


def test_a_new_pod_is_pending_and_knows_its_quality_of_service() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, pod())
        assert (made.status.phase, made.status.qosClass) == ("Pending", "BestEffort")

    play(story)


def test_a_node_keeps_the_status_it_registers_with() -> None:
    async def story(p: Plane) -> None:
        node = core_v1.Node(metadata=meta("n"), status=core_v1.NodeStatus(capacity={"cpu": "2"}))
        assert (await create(p, node)).status.capacity == {"cpu": "2"}

    play(story)


@pytest.mark.parametrize(
    ("obj", "generation"),
    [
        (pod(), 1),
        (statefulset(), 1),
        (discovery_v1.EndpointSlice(metadata=meta("s"), addressType="IPv4", endpoints=[]), 1),
        (config(), None),
        (core_v1.Namespace(metadata=meta("team")), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_generation_counts_from_one_for_kinds_that_count(obj: Any, generation: int | None) -> None:
    async def story(p: Plane) -> None:
        assert (await create(p, obj)).metadata.generation == generation

    play(story)


def test_a_name_is_taken_once() -> None:
    async def story(p: Plane) -> None:
        await create(p, pod("a"))
        with pytest.raises(AlreadyExists, match=r'^pods "a" already exists$'):
            await create(p, pod("a"))
        await create(p, statefulset("web"))
        with pytest.raises(AlreadyExists, match=r'^statefulsets.apps "web" already exists$'):
            await create(p, statefulset("web"))

    play(story)


def test_a_generated_name_has_five_characters_of_kubernetes_alphabet() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, pod("", generateName="web-"))
        assert re.fullmatch(r"web-[bcdfghjklmnpqrstvwxz2456789]{5}", made.metadata.name)
        long = await create(p, pod("", generateName="x" * 80))
        assert len(long.metadata.name) == 63

    play(story)


def test_a_generated_name_that_is_taken_is_drawn_again() -> None:
    async def story(p: Plane) -> None:
        state = p.random.getstate()
        first = await create(p, config("", generateName="a-"))
        p.random.setstate(state)  # the same draws again, the first of which is now taken
        second = await create(p, config("", generateName="a-"))
        assert first.metadata.name != second.metadata.name

    play(story)


def test_an_object_goes_into_the_namespace_of_the_request_and_no_other() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(BadRequest, match="the namespace of the provided object does not match"):
            await p.registry.create(MAPS, "default", config(namespace="kube-system"), PLAIN)

    play(story)


def test_a_namespace_must_exist_first() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(NotFound, match=r'^namespaces "nowhere" not found$'):
            await p.registry.create(MAPS, "nowhere", config(), PLAIN)

    play(story)


def test_a_version_makes_no_sense_on_a_new_object() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(BadRequest, match="resourceVersion should not be set on objects to be created"):
            await create(p, config(resourceVersion="5"))

    play(story)


def test_a_dry_run_checks_everything_and_writes_nothing() -> None:
    async def story(p: Plane) -> None:
        before = p.store.revision
        record = await p.registry.create(SETS, "default", statefulset(), DRY)
        shown = p.registry.decode(SETS, record)
        assert shown.metadata.uid and shown.metadata.resourceVersion is None
        assert p.store.revision == before
        await create(p, statefulset())
        with pytest.raises(AlreadyExists):
            await p.registry.create(SETS, "default", statefulset(), DRY)

    play(story)


def test_the_writer_and_every_reader_share_one_typed_object() -> None:
    async def story(p: Plane) -> None:
        record = await p.registry.create(PODS, "default", pod(), PLAIN)
        read = p.registry.get(PODS, "default", "a")
        assert p.registry.decode(PODS, record) is p.registry.decode(PODS, read)

    play(story)


def test_a_new_namespace_comes_with_its_service_account() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, core_v1.Namespace(metadata=meta("team")))
        assert made.status.phase == "Active"
        assert made.spec.finalizers == ["kubernetes"]
        assert made.metadata.labels == {"kubernetes.io/metadata.name": "team"}
        accounts = by_model(core_v1.ServiceAccount)
        assert p.registry.get(accounts, "team", "default")

    play(story)


def test_a_disk_that_refuses_the_write_leaves_nothing_behind() -> None:
    async def story(p: Plane) -> None:
        p.store.fail_writes("no space left on device")
        with pytest.raises(Unavailable, match="no space left on device"):
            await create(p, config())
        p.store.fail_writes("")
        with pytest.raises(NotFound):
            p.registry.get(MAPS, "default", "a")
        await create(p, config())

    play(story)


def test_a_crash_between_a_namespace_and_its_account_is_made_up_for_at_the_next_start() -> None:
    async def story(p: Plane) -> None:
        accounts = by_model(core_v1.ServiceAccount)
        await p.registry.delete(accounts, "default", "default", meta_v1.DeleteOptions())
        await bootstrap(p.registry)
        assert p.registry.get(accounts, "default", "default")

    play(story)


def test_every_start_makes_what_is_missing_and_nothing_twice() -> None:
    async def story(p: Plane) -> None:
        before = p.store.revision
        await bootstrap(p.registry)
        assert p.store.revision == before
        found = [record.key.name for record in p.registry.list(NAMESPACES, "", ALL).records]
        assert found == ["default", "kube-node-lease", "kube-public", "kube-system"]

    play(story)
