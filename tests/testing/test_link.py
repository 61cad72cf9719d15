"""The weather between a process and the API: the API's promises hold in all of it."""

from petset.aio.tasks import Supervisor
from petset.api.models import core_v1, meta_v1
from petset.api.objects import name_of
from petset.client.informer import Informer
from petset.registry.api_access import ROOT_CA
from petset.testing.link import Link, Weather
from petset.testing.loop import run
from petset.testing.plane import plane


def config(name: str) -> core_v1.ConfigMap:
    return core_v1.ConfigMap(metadata=meta_v1.ObjectMeta(name=name, namespace="default"))


def test_changes_that_are_told_twice_are_heard_of_once() -> None:
    """As by a watch that is resumed from the version before."""

    async def story() -> tuple[list[str], list[str]]:
        async with plane() as p, Supervisor("test") as tasks:
            link = Link(p.client, p.clock, Weather(lag_seconds=1.0, repeat_rate=1.0), p.random)
            informer = Informer(link, p.clock, core_v1.ConfigMap, "default")
            heard: list[str] = []
            informer.on_change(lambda old, new: heard.append(f"{old and name_of(old)} {new and name_of(new)}"))
            tasks.start("informer", informer.run())
            await informer.synced()
            await p.client.create(config("kept"))
            await p.clock.sleep(0.01)  # the next changes come together, after this one
            await p.client.create(config("gone"))
            await p.client.delete(core_v1.ConfigMap, "gone", "default")
            await p.clock.sleep(5)
            return heard, [name_of(obj) for obj in informer.list() if name_of(obj) != ROOT_CA]

    heard, there = run(story())
    assert there == ["kept"]
    assert heard.count("None gone") == heard.count("gone None") == 1
