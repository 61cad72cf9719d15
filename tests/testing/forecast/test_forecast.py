"""A forecast tells beforehand what the control plane then does, and stops where it would stop."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import yaml

from petset.api.decode import decode
from petset.api.kinds import KINDS, by_type
from petset.api.objects import copy
from petset.registry.port import ListOptions, WriteOptions
from petset.testing.forecast.run import Forecast, Question, forecast
from petset.testing.loop import run
from petset.testing.world import World

Document = dict[str, Any]
MANIFEST = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: default}
spec:
  serviceName: web
  replicas: 3
  selector: {matchLabels: {app: web}}
  updateStrategy: {rollingUpdate: {}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""


def manifest(image: str = "web:1", **spec: Any) -> Document:
    document: Document = yaml.safe_load(MANIFEST)
    document["spec"].update(spec)
    document["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return document


class Present:
    """A world that has brought up the manifest, and what it held then."""

    def __init__(self, world: World) -> None:
        self.world = world

    def documents(self) -> list[Document]:
        registry, found = self.world.plane.registry, []
        for kind in KINDS:
            if not kind.stored_as and kind.resource not in ("events", "leases"):
                found += [msgspec.json.decode(r.value) for r in registry.list(kind, "", ListOptions()).records]
        return found

    def warnings(self) -> list[Document]:
        kind = by_type("v1", "Event")
        assert kind is not None
        records = self.world.plane.registry.list(kind, "", ListOptions()).records
        return [e for r in records if (e := msgspec.json.decode(r.value))["type"] == "Warning"]

    def question(self, wanted: Document) -> Question:
        return Question(self.world.plane.clock.now(), self.documents(), [wanted], self.warnings())

    async def apply(self, wanted: Document) -> None:
        kind = by_type("apps/v1", "StatefulSet")
        assert kind is not None
        obj = decode(kind, copy(wanted)).obj
        name = wanted["metadata"]["name"]
        if self.world.get(kind.model, name) is None:
            await self.world.plane.registry.create(kind, "default", obj, WriteOptions())
        else:
            await self.world.plane.registry.update(kind, "default", name, obj, WriteOptions())


def foretold(before: Document | None, after: Document, harm: Callable[[World], None] = lambda _: None) -> Forecast:
    """What a forecast says of a change to a world that stands, after some harm was done to it."""

    async def story() -> Question:
        async with World(seed=3) as world:
            present = Present(world)
            if before is not None:
                await present.apply(before)
                await world.run_until(lambda: world.is_settled("web"), seconds=60)
            harm(world)
            await world.run_for(30)
            return present.question(after)

    return forecast(run(story(), seed=3))


def texts(found: Forecast) -> list[str]:
    return [step.text.partition(" (revision")[0] for step in found.steps if step.kind != "ControllerRevision"]


def test_a_set_that_comes_up_creates_claims_before_pods_one_after_the_other() -> None:
    found = foretold(None, manifest(replicas=2))
    assert texts(found) == [
        "create claim data-web-0",
        "create pod web-0",
        "create a volume for claim data-web-0",
        "wait until web-0 is Ready",
        "create claim data-web-1",
        "create pod web-1",
        "create a volume for claim data-web-1",
        "wait until web-1 is Ready",
    ]
    assert found.outlooks[0].is_reached


def test_an_update_replaces_from_the_top_and_says_where_the_partition_stops_it() -> None:
    wanted = manifest("web:2", updateStrategy={"rollingUpdate": {"partition": 1}})
    found = foretold(manifest(), wanted)
    assert [t for t in texts(found) if not t.startswith("wait")] == [
        "delete pod web-2 (update)",
        "create pod web-2",
        "delete pod web-1 (update)",
        "create pod web-1",
    ]
    assert found.outlooks[0].is_reached
    assert "the rollout stops at partition 1: web-0 keeps the former revision" in found.outlooks[0].sentences[1]


def test_removed_replicas_take_their_claims_and_data_along_where_the_policy_says_so() -> None:
    wanted = manifest(replicas=2, persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"})
    assert texts(foretold(manifest(), wanted)) == [
        "claim data-web-2 is to go with pod web-2",
        "delete pod web-2 (scale-down)",
        "wait until web-2 is gone",
        "delete claim data-web-2, as its retention policy says",
        "wait until data-web-2 is gone",
        "delete the volume of claim data-web-2 and its data",
    ]


def test_nothing_to_change_has_no_steps() -> None:
    found = foretold(manifest(), manifest())
    assert found.steps == ()
    assert found.outlooks[0].sentences == ("web is as its spec says: 3 of 3 ready",)


def refuse_new_image(world: World) -> None:
    world.runtime.refuse_image("web:bad", "ErrImagePull", "no such image")


def test_what_is_broken_now_stays_broken_and_the_plan_says_where_it_stops() -> None:
    async def story() -> Question:
        async with World(seed=3) as world:
            present = Present(world)
            refuse_new_image(world)
            await present.apply(manifest())
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            await present.apply(manifest("web:bad"))
            await world.run_for(60)
            return present.question(manifest("web:2"))

    found = forecast(run(story(), seed=3))
    [outlook] = found.outlooks
    assert not [step for step in found.steps if step.kind == "Pod"]
    assert not outlook.is_reached
    assert "web-2 is not Ready: container web has no image" in outlook.sentences[0]
    assert "kubectl delete pod web-2" in outlook.sentences[0]


def test_a_set_that_asks_for_it_gets_past_what_is_broken_now() -> None:
    """`petset.dev/replace-broken-after`: the plan foretells the replacement, when its time has come."""

    async def story() -> Question:
        async with World(seed=3) as world:
            present = Present(world)
            refuse_new_image(world)
            await present.apply(manifest())
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            await present.apply(manifest("web:bad"))
            await world.run_for(60)
            asking = manifest("web:2")
            asking["metadata"]["annotations"] = {"petset.dev/replace-broken-after": "40m"}
            return present.question(asking)

    found = forecast(run(story(), seed=3))
    assert all(outlook.is_reached for outlook in found.outlooks)
    done = [(step.action, *step.names) for step in found.steps if step.kind == "Pod" and step.action != "wait"]
    assert done[:2] == [("delete", "web-2"), ("create", "web-2")]


def test_new_pods_of_a_template_under_which_nobody_is_healthy_are_not_expected_to_be() -> None:
    async def story() -> Question:
        async with World(seed=3) as world:
            present = Present(world)
            refuse_new_image(world)
            await present.apply(manifest("web:bad", replicas=1, podManagementPolicy="Parallel"))
            await world.run_for(60)
            return present.question(manifest("web:bad", replicas=2, podManagementPolicy="Parallel"))

    [outlook] = forecast(run(story(), seed=3)).outlooks
    assert any(s.startswith("web-1 is not Ready: as web-0 is now: container web has no") for s in outlook.sentences)


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
def test_what_was_foretold_is_what_then_happens(policy: str) -> None:
    before = manifest(podManagementPolicy=policy)
    after = manifest("web:2", podManagementPolicy=policy, replicas=4)

    async def story() -> tuple[Question, list[str], list[str]]:
        async with World(seed=3) as world:
            present = Present(world)
            await present.apply(before)
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
            question = present.question(after)
            world.witness.created.clear()
            await present.apply(after)
            await world.run_until(lambda: world.is_settled("web"), seconds=300)
            return question, world.witness.created, world.witness.deleted

    question, created, deleted = run(story(), seed=3)
    pods = [step for step in forecast(question).steps if step.kind == "Pod"]
    assert [step.names[0] for step in pods if step.action == "create"] == created
    assert [step.names[0] for step in pods if step.action == "delete"] == deleted
