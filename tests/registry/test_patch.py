"""Patches: read what is there, change it, and write it as if it had come whole."""

import pytest
from registry.given import (
    MAPS,
    PLAIN,
    SETS,
    config,
    create,
    merge,
    play,
    statefulset,
)

from petset.api.errors import BadRequest, Conflict, Invalid, NotFound
from petset.registry.port import Patch, WriteOptions
from petset.testing.plane import Plane


@pytest.mark.parametrize(
    "patch",
    [
        merge({"spec": {"replicas": 5}}),
        Patch("application/strategic-merge-patch+json", {"spec": {"replicas": 5}}),
        Patch("application/json-patch+json", [{"op": "replace", "path": "/spec/replicas", "value": 5}]),
    ],
    ids=lambda patch: patch.content_type,
)
def test_each_way_of_patching_changes_the_spec_and_counts_as_a_wish(patch: Patch) -> None:
    async def story(p: Plane) -> None:
        await create(p, statefulset())
        patched = p.registry.decode(SETS, await p.registry.patch(SETS, "default", "web", patch, PLAIN))
        assert (patched.spec.replicas, patched.metadata.generation) == (5, 2)

    play(story)


def test_a_strategic_patch_finds_the_container_by_its_name() -> None:
    async def story(p: Plane) -> None:
        await create(p, statefulset())
        containers = [{"name": "main", "image": "redis:8"}]
        document = {"spec": {"template": {"spec": {"containers": containers}}}}
        patch = Patch("application/strategic-merge-patch+json", document)
        patched = p.registry.decode(SETS, await p.registry.patch(SETS, "default", "web", patch, PLAIN))
        (container,) = patched.spec.template.spec.containers
        assert (container.image, container.terminationMessagePath) == ("redis:8", "/dev/termination-log")

    play(story)


def test_a_patch_that_changes_nothing_writes_nothing() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, statefulset())
        record = await p.registry.patch(SETS, "default", "web", merge({"spec": {"replicas": 3}}), PLAIN)
        assert str(record.revision) == made.metadata.resourceVersion

    play(story)


def test_a_patch_that_names_a_version_holds_for_that_version_only() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, config())
        version = made.metadata.resourceVersion
        patch = merge({"metadata": {"resourceVersion": version}, "data": {"b": "1"}})
        await p.registry.patch(MAPS, "default", "a", patch, PLAIN)
        with pytest.raises(Conflict, match="the object has been modified"):
            await p.registry.patch(MAPS, "default", "a", patch, PLAIN)

    play(story)


def test_a_patch_of_the_status_leaves_the_spec_alone() -> None:
    async def story(p: Plane) -> None:
        await create(p, statefulset(replicas=3))
        document = {"spec": {"replicas": 9}, "status": {"replicas": 2, "readyReplicas": 1, "availableReplicas": 1}}
        record = await p.registry.patch(SETS, "default", "web", merge(document), PLAIN, "status")
        patched = p.registry.decode(SETS, record)
        assert (patched.spec.replicas, patched.status.replicas, patched.status.availableReplicas) == (3, 2, 1)

    play(story)


def test_an_unknown_field_is_dropped_told_or_refused_as_the_client_wishes() -> None:
    async def story(p: Plane) -> None:
        await create(p, config())
        patch = merge({"colour": "red", "data": {"b": "1"}})
        warned = WriteOptions(field_validation="Warn")
        await p.registry.patch(MAPS, "default", "a", patch, warned)
        assert warned.warnings == ['unknown field "colour"']
        with pytest.raises(Invalid, match='unknown field "colour"'):
            await p.registry.patch(MAPS, "default", "a", patch, WriteOptions(field_validation="Strict"))

    play(story)


def test_what_is_not_there_cannot_be_patched() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(NotFound, match=r'^configmaps "a" not found$'):
            await p.registry.patch(MAPS, "default", "a", merge({}), PLAIN)

    play(story)


def test_a_patch_cannot_move_an_object_or_take_its_name() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a"))
        gone = merge({"metadata": {"name": None, "namespace": None}})
        patched = p.registry.decode(MAPS, await p.registry.patch(MAPS, "default", "a", gone, PLAIN))
        assert (patched.metadata.name, patched.metadata.namespace) == ("a", "default")
        with pytest.raises(BadRequest):
            await p.registry.patch(MAPS, "default", "a", merge({"metadata": {"namespace": "kube-system"}}), PLAIN)

    play(story)
