"""A set on a whole simulated control plane, and what a tester does to it.

Its container has a readiness probe, so that the tester says who is Ready: `unready("web-1")` makes the probe fail
from the next check on. Everything else is as a user would do it: patches, deletions, a look at what is there.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from petset.api import kinds
from petset.api.decode import decode
from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, meta, name_of, uid_of
from petset.node.runtime import Container, ExecResult
from petset.registry.port import Patch
from petset.testing.loop import run
from petset.testing.world import World

OLD, NEW = "web:1", "web:2"
NAME = "web"
CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def document(**spec: Any) -> dict[str, Any]:
    """The set `web` as JSON: three replicas, OrderedReady, a probe every second, no claims."""
    probe = {"exec": {"command": ["ready?"]}, "periodSeconds": 1, "failureThreshold": 1}
    container = {"name": "web", "image": OLD, "readinessProbe": probe}
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    given = {"replicas": 3, "serviceName": "web", "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": NAME, "namespace": "default"}, "spec": {**given, **spec}}


@dataclass
class Scenario:
    world: World
    broken: set[str] = field(default_factory=set)

    # -- what a user does

    async def create(self, **spec: Any) -> None:
        row = kinds.by_model(apps_v1.StatefulSet)
        made: apps_v1.StatefulSet = decode(row, document(**spec)).obj
        await self.world.client.create(made)

    async def patch(self, body: dict[str, Any], *, subresource: str = "") -> apps_v1.StatefulSet:
        media = Patch("application/strategic-merge-patch+json", body)
        return await self.world.client.patch(apps_v1.StatefulSet, NAME, "default", media, subresource)

    async def change(self, **spec: Any) -> None:
        await self.patch({"spec": spec})

    async def use(self, image: str) -> None:
        """Ask for another image."""
        await self.change(template={"spec": {"containers": [{"name": "web", "image": image}]}})

    async def delete_pod(self, *names: str) -> None:
        for name in names:
            await self.world.client.delete(core_v1.Pod, name, "default")

    async def label(self, pod: str, labels: dict[str, Any]) -> None:
        patch = Patch("application/merge-patch+json", {"metadata": {"labels": labels}})
        await self.world.client.patch(core_v1.Pod, pod, "default", patch)

    # -- what happens to pods

    def unready(self, *names: str) -> None:
        self.broken.update(names)

    def ready(self, *names: str) -> None:
        self.broken.difference_update(names)

    # -- what is seen

    @property
    def the_set(self) -> apps_v1.StatefulSet:
        found = self.world.get(apps_v1.StatefulSet, NAME)
        assert found is not None
        return found

    @property
    def status(self) -> apps_v1.StatefulSetStatus:
        assert self.the_set.status is not None
        return self.the_set.status

    def pods(self) -> list[str]:
        return sorted((name_of(pod) for pod in self.world.every(core_v1.Pod)), key=lambda name: (len(name), name))

    def pod(self, name: str) -> core_v1.Pod | None:
        return self.world.get(core_v1.Pod, name)

    def uid(self, name: str) -> str:
        pod = self.pod(name)
        return uid_of(pod) if pod is not None else ""

    def images(self) -> list[str]:
        """Of every pod, by ordinal."""
        pods = [self.pod(name) for name in self.pods()]
        return [pod.spec.containers[0].image or "" for pod in pods if pod is not None and pod.spec]

    def revisions(self) -> dict[str, int]:
        return {name_of(r): r.revision or 0 for r in self.world.every(apps_v1.ControllerRevision)}

    def claims(self) -> dict[str, str]:
        """Every claim's uid by its name."""
        return {name_of(c): uid_of(c) for c in self.world.every(core_v1.PersistentVolumeClaim)}

    def owners(self, claim: str) -> list[str]:
        found = self.world.get(core_v1.PersistentVolumeClaim, claim)
        return [ref.kind for ref in meta(found).ownerReferences or ()] if found is not None else []

    def owner(self, pod: str) -> str:
        found = self.pod(pod)
        reference = controller_of(found) if found is not None else None
        return reference.uid if reference is not None else ""

    def ready_pods(self) -> int:
        return self.status.readyReplicas or 0

    async def until(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        await self.world.run_until(holds, seconds)

    async def settled(self) -> None:
        await self.until(lambda: self.world.is_settled(NAME))

    async def quiet(self, seconds: float = 20) -> None:
        """Time in which whatever will happen does happen."""
        await self.world.run_for(seconds)

    def answer(self, container: Container, command: Any) -> ExecResult:
        """What the probe hears."""
        return ExecResult(1 if container.id in self._broken_containers() else 0, "")

    def _broken_containers(self) -> set[str]:
        found = set[str]()
        for pod in self.broken:
            try:
                found.add(self.world.runtime.find(pod, "web").id)
            except LookupError:
                continue
        return found


@asynccontextmanager
async def scenario(seed: int = 1, nodes: int = 2) -> AsyncIterator[Scenario]:
    """A world in which the set of `Scenario.create` may be made."""
    async with World(seed, nodes=nodes) as world:
        it = Scenario(world)
        world.runtime.answer = it.answer
        yield it


def play(story: Callable[[Scenario], Awaitable[None]], nodes: int = 2) -> None:
    async def main() -> None:
        async with scenario(nodes=nodes) as it:
            await story(it)

    run(main(), seed=1)
