"""What every client keeps to, told as tests: each implementation runs all of them.

A subclass says how a story gets its client (`run`): one on a control plane of its own, with the first namespaces.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from registry.given import config, pod, statefulset

from petset.api import objects
from petset.api.errors import AlreadyExists, BadRequest, Conflict, Expired, NotFound
from petset.api.models import core_v1, meta_v1
from petset.client.port import Client, ClientWatch, WatchEvent
from petset.registry.port import Patch

Story = Callable[[Client], Awaitable[None]]


async def heard(watch: ClientWatch[Any], count: int) -> Sequence[WatchEvent[Any]]:
    """The next `count` events of a watch."""
    events: list[WatchEvent[Any]] = []
    while len(events) < count:
        events += await watch.next()
    return events


def told(events: Sequence[WatchEvent[Any]]) -> list[tuple[str, str]]:
    return [(event.type, objects.name_of(event.object)) for event in events]


class ClientContract:
    """Run by `TestX(ClientContract)` for each client X."""

    def run(self, story: Story) -> None:
        raise NotImplementedError

    def test_what_was_created_is_read_back_and_listed(self) -> None:
        async def story(client: Client) -> None:
            made = await client.create(config(namespace="default"))
            assert made.metadata is not None and made.metadata.uid
            assert await client.get(core_v1.ConfigMap, "a", "default") == made
            listing = await client.list(core_v1.ConfigMap, "default")
            assert list(listing.items) == [made]
            assert int(listing.resource_version) >= int(made.metadata.resourceVersion or 0)

        self.run(story)

    def test_the_callers_object_stays_as_it_was(self) -> None:
        async def story(client: Client) -> None:
            sent = statefulset()
            objects.meta(sent).namespace = "default"
            before = objects.copy(sent)
            made = await client.create(sent)
            assert sent == before
            grown = objects.copy(made)
            assert grown.spec is not None
            grown.spec.replicas = 5
            before = objects.copy(grown)
            updated = await client.update(grown)
            assert grown == before
            assert objects.meta(updated).generation == 2

        self.run(story)

    def test_a_list_spans_all_namespaces_or_one_and_is_narrowed_by_selectors(self) -> None:
        async def story(client: Client) -> None:
            for name, namespace, app in [("a", "default", "x"), ("b", "default", "y"), ("c", "kube-system", "x")]:
                await client.create(pod(name, namespace=namespace, labels={"app": app}))

            async def names(namespace: str = "", labels: str = "", fields: str = "") -> list[str]:
                listing = await client.list(core_v1.Pod, namespace, labels=labels, fields=fields)
                return [objects.name_of(item) for item in listing.items]

            assert await names() == ["a", "b", "c"]
            assert await names("default") == ["a", "b"]
            assert await names(labels="app=x") == ["a", "c"]
            assert await names(fields="metadata.name=b") == ["b"]

        self.run(story)

    def test_a_watch_from_a_lists_version_has_no_gap(self) -> None:
        async def story(client: Client) -> None:
            await client.create(config("a", namespace="default"))
            version = (await client.list(core_v1.ConfigMap, "default")).resource_version
            await client.create(config("b", namespace="default"))
            watch = client.watch(core_v1.ConfigMap, "default", resource_version=version)
            await client.delete(core_v1.ConfigMap, "a", "default")
            events = await heard(watch, 2)
            assert told(events) == [("ADDED", "b"), ("DELETED", "a")]
            assert int(watch.resource_version) >= int(objects.meta(events[-1].object).resourceVersion or 0)
            watch.close()
            with pytest.raises(Expired):
                await watch.next()

        self.run(story)

    def test_a_narrow_watch_sees_objects_come_and_go(self) -> None:
        async def story(client: Client) -> None:
            version = (await client.list(core_v1.Pod)).resource_version
            watch = client.watch(core_v1.Pod, resource_version=version, fields="spec.nodeName=n1")
            await client.create(pod("a", namespace="default"))
            await client.bind("default", "a", "n1")
            assert told(await heard(watch, 1)) == [("ADDED", "a")]
            watch.close()

        self.run(story)

    def test_a_stale_update_is_a_conflict(self) -> None:
        async def story(client: Client) -> None:
            made = await client.create(config(value="1", namespace="default"))
            newer = objects.copy(made)
            newer.data = {"value": "2"}
            await client.update(newer)
            with pytest.raises(Conflict):
                await client.update(newer)

        self.run(story)

    def test_the_status_is_written_apart(self) -> None:
        async def story(client: Client) -> None:
            made = objects.copy(await client.create(pod("a", namespace="default")))
            made.status = core_v1.PodStatus(phase="Running")
            updated = await client.update(made, "status")
            assert updated.status is not None and updated.status.phase == "Running"

        self.run(story)

    @pytest.mark.parametrize(
        "patch",
        [
            Patch("application/merge-patch+json", {"data": {"value": "2"}}),
            Patch("application/strategic-merge-patch+json", {"data": {"value": "2"}}),
            Patch("application/json-patch+json", [{"op": "replace", "path": "/data/value", "value": "2"}]),
        ],
        ids=lambda patch: patch.content_type,
    )
    def test_an_object_is_patched(self, patch: Patch) -> None:
        async def story(client: Client) -> None:
            await client.create(config(value="1", namespace="default"))
            patched = await client.patch(core_v1.ConfigMap, "a", "default", patch)
            assert patched.data == {"value": "2"}

        self.run(story)

    def test_errors_are_the_apis_own(self) -> None:
        async def story(client: Client) -> None:
            with pytest.raises(NotFound, match=r'^configmaps "a" not found$'):
                await client.get(core_v1.ConfigMap, "a", "default")
            await client.create(config(namespace="default"))
            with pytest.raises(AlreadyExists):
                await client.create(config(namespace="default"))
            with pytest.raises(BadRequest):
                await client.list(core_v1.ConfigMap, labels="a=b=c")

        self.run(story)

    def test_a_deletion_honours_preconditions_and_grace(self) -> None:
        async def story(client: Client) -> None:
            made = await client.create(pod("a", node="n1", namespace="default"))
            other = meta_v1.DeleteOptions(preconditions=meta_v1.Preconditions(uid="another"))
            with pytest.raises(Conflict):
                await client.delete(core_v1.Pod, "a", "default", other)
            await client.delete(core_v1.Pod, "a", "default")
            marked = await client.get(core_v1.Pod, "a", "default")
            assert objects.is_terminating(marked) and objects.uid_of(marked) == objects.uid_of(made)
            await client.delete(core_v1.Pod, "a", "default", meta_v1.DeleteOptions(gracePeriodSeconds=0))
            with pytest.raises(NotFound):
                await client.get(core_v1.Pod, "a", "default")

        self.run(story)
