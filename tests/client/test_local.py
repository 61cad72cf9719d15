"""The in-process client keeps to the contract, and shares what it can."""

from client.contract import ClientContract, Story, heard
from registry.given import play, pod

from petset.api.models import core_v1
from petset.testing.plane import Plane


class TestLocalClient(ClientContract):
    def run(self, story: Story) -> None:
        play(lambda p: story(p.client))


def test_everyone_gets_the_very_same_object() -> None:
    async def story(p: Plane) -> None:
        watch = p.client.watch(core_v1.Pod, resource_version=str(p.store.revision))
        made = await p.client.create(pod("a", namespace="default"))
        (event,) = await heard(watch, 1)
        assert event.object is made
        assert await p.client.get(core_v1.Pod, "a", "default") is made
        assert (await p.client.list(core_v1.Pod)).items[0] is made

    play(story)
