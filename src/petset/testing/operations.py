"""What a user may do to a cluster, drawn at random: everything that kubectl can do to a set and what belongs to it.

An operation that the API refuses (the disk is full, the object is gone) is given up: users do that too.
"""

from collections.abc import Awaitable, Callable
from random import Random  # noqa: TID251 - the type of an argument
from typing import Any, TypeVar

import msgspec

from petset.api.errors import ApiError, Conflict
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, uid_of
from petset.testing.edits import (
    is_out_of_service,
    put_out,
    said,
    set_label,
    set_out_of_service,
    with_image,
    with_options,
)
from petset.testing.manifests import (
    EDITION,
    IMAGES,
    MOST_REPLICAS,
    random_options,
    random_retention,
    random_set,
    random_strategy,
)
from petset.testing.world import CONTROLLERS, World

T = TypeVar("T")
NAMESPACE = "default"
SECONDS_TO_SHOW = 12.0
"""By then a probe that fails has been asked, and its pod is not Ready."""
PROPAGATIONS = ("Background", "Background", "Foreground", "Orphan")


class User:
    """Acts on the sets called `names`. Every method does one thing and returns what it did, for the story."""

    def __init__(self, world: World, source: Random, names: tuple[str, ...], edition: int = EDITION) -> None:
        self._world = world
        self._random = source
        self._edition = edition
        self.names = names
        self._operations: tuple[tuple[int, Callable[[], Awaitable[str]]], ...] = (
            (6, self.scale), (5, self.edit_template), (4, self.delete_pod), (2, self.force_delete_pod),
            (2, self.change_strategy), (2, self.change_retention), (1, self.change_min_ready), (1, self.move_start),
            (2, self.delete_set), (3, self.create_set), (3, self.relabel_pod), (1, self.delete_claim),
            (2, self.cordon), (1, self.delete_node), (1, self.create_stray_pod),
        )  # fmt: skip
        if edition >= 2:
            self._operations += ((2, self.move_partition), (2, self.declare_out_of_service))
        if edition >= 3:
            self._operations += ((2, self.change_options), (2, self.scale_down_broken))

    async def act(self) -> str:
        """One operation."""
        weights = [weight for weight, _ in self._operations]
        (operation,) = self._random.choices([operation for _, operation in self._operations], weights)
        try:
            return await operation()
        except ApiError as error:
            return f"{operation.__name__} is refused: {error}"

    # -- sets

    async def create_set(self) -> str:
        """Apply a set that is not there, or a new version of one that is."""
        wanted = random_set(self._random.choice(self.names), self._random, self._edition)
        if self._world.get(apps_v1.StatefulSet, name_of(wanted)) is None:
            await self._world.client.create(wanted)
            return f"creates {name_of(wanted)}: {said(wanted)}"
        spec = wanted.spec
        changes = {"replicas": spec.replicas, "template": spec.template, "updateStrategy": spec.updateStrategy}
        return await self._edit(name_of(wanted), **changes)

    async def delete_set(self) -> str:
        """Delete a set, and its pods with it, before it, or not at all."""
        name, how = self._random.choice(self.names), self._random.choice(PROPAGATIONS)
        await self._world.client.delete(
            apps_v1.StatefulSet, name, NAMESPACE, meta_v1.DeleteOptions(propagationPolicy=how)
        )
        return f"deletes {name} ({how})"

    async def scale(self) -> str:
        return await self._edit(self._random.choice(self.names), replicas=self._random.randint(0, MOST_REPLICAS))

    async def scale_down_broken(self) -> str:
        """Ask for two pods fewer while those two are not Ready, or put out: they hold each other up (rule 49)."""
        name, world = self._random.choice(self.names), self._world
        pods = [pod for pod in world.pods_of(name) if pod.spec and pod.spec.nodeName]
        kept, going = pods[:-2], pods[-2:]
        if self._random.random() < 0.5:
            world.not_ready.update(map(uid_of, going))
            await world.plane.clock.sleep(SECONDS_TO_SHOW)
            return f"with pods unready, {await self._edit(name, replicas=len(kept))}"
        await world.stop(CONTROLLERS)  # or they would make the two anew before they hear of the edit
        try:
            for pod in going:
                await put_out(world, pod, "Failed")
            return f"with pods put out, {await self._edit(name, replicas=len(kept))}"
        finally:
            world.start(CONTROLLERS)

    async def edit_template(self) -> str:
        name = self._random.choice(self.names)
        stateful_set = self._world.get(apps_v1.StatefulSet, name)
        if stateful_set is None:
            return f"finds no {name} to edit"
        return await self._edit(name, template=with_image(stateful_set, self._random.choice(IMAGES)))

    async def change_strategy(self) -> str:
        strategy = random_strategy(self._random, self._edition)
        return await self._edit(self._random.choice(self.names), updateStrategy=strategy)

    async def move_partition(self) -> str:
        """Go on with a staged update, or back, while a pod of the set is not well."""
        name, partition = self._random.choice(self.names), self._random.randint(0, MOST_REPLICAS)
        pods = self._world.pods_of(name)
        if pods:
            self._world.not_ready.add(uid_of(self._random.choice(pods)))
        block = apps_v1.RollingUpdateStatefulSetStrategy(partition=partition)
        strategy = apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate", rollingUpdate=block)
        return f"with a pod unready, {await self._edit(name, updateStrategy=strategy)}"

    async def change_retention(self) -> str:
        policy = random_retention(self._random)
        return await self._edit(self._random.choice(self.names), persistentVolumeClaimRetentionPolicy=policy)

    async def change_min_ready(self) -> str:
        return await self._edit(self._random.choice(self.names), minReadySeconds=self._random.choice([0, 3, 15]))

    async def move_start(self) -> str:
        start = apps_v1.StatefulSetOrdinals(start=self._random.choice([0, 1, 3]))
        return await self._edit(self._random.choice(self.names), ordinals=start)

    async def change_options(self) -> str:
        """Ask for more, or less, than Kubernetes gives."""
        options = random_options(self._random, self._edition)
        return await self._change(self._random.choice(self.names), lambda found: with_options(found, options))

    # -- pods and claims

    async def delete_pod(self) -> str:
        pod = self._any(core_v1.Pod)
        if pod is None:
            return "finds no pod to delete"
        await self._world.client.delete(core_v1.Pod, name_of(pod), NAMESPACE)
        return f"deletes pod {name_of(pod)}"

    async def force_delete_pod(self) -> str:
        pod = self._any(core_v1.Pod)
        if pod is None:
            return "finds no pod to force"
        options = meta_v1.DeleteOptions(gracePeriodSeconds=0)
        await self._world.client.delete(core_v1.Pod, name_of(pod), NAMESPACE, options)
        return f"deletes pod {name_of(pod)} by force"

    async def relabel_pod(self) -> str:
        """Take a pod out of its set, or back."""
        pod = self._any(core_v1.Pod)
        if pod is None:
            return "finds no pod to relabel"
        await set_label(self._world, pod, taken_out=bool((meta(pod).labels or {}).get("app")))
        return f"relabels pod {name_of(pod)}"

    async def create_stray_pod(self) -> str:
        """A bare pod with a set's labels and a name beyond its ordinals (rule 62)."""
        name = self._random.choice(self.names)
        container = core_v1.Container(name="db", image=IMAGES[0])
        metadata = meta_v1.ObjectMeta(name=f"{name}-7", namespace=NAMESPACE, labels={"app": name})
        await self._world.client.create(
            core_v1.Pod(metadata=metadata, spec=core_v1.PodSpec(containers=[container]))
        )
        return f"creates a stray pod {name}-7"

    async def delete_claim(self) -> str:
        claim = self._any(core_v1.PersistentVolumeClaim)
        if claim is None:
            return "finds no claim to delete"
        await self._world.client.delete(core_v1.PersistentVolumeClaim, name_of(claim), NAMESPACE)
        return f"deletes claim {name_of(claim)}"

    # -- nodes

    async def cordon(self) -> str:
        """Close a node to new pods, or open it again."""
        node = self._any(core_v1.Node, namespace="")
        if node is None:
            return "finds no node to cordon"
        spec = node.spec or core_v1.NodeSpec()
        closed = not spec.unschedulable
        await self._world.client.update(
            msgspec.structs.replace(node, spec=msgspec.structs.replace(spec, unschedulable=closed or None))
        )
        return f"{'cordons' if closed else 'uncordons'} {name_of(node)}"

    async def delete_node(self) -> str:
        """Delete a node's object, as one does for a machine that will not come back."""
        node = self._any(core_v1.Node, namespace="")
        if node is None:
            return "finds no node to delete"
        await self._world.client.delete(core_v1.Node, name_of(node))
        return f"deletes node {name_of(node)}"

    async def declare_out_of_service(self) -> str:
        """Say of a machine that is off that it stays off, or of one that was said to be that it is back."""
        nodes = self._world.every(core_v1.Node, "")
        node = next(iter([*filter(is_out_of_service, nodes), *filter(self._is_off, nodes)]), None)
        if node is None:
            return "finds no machine that is off"
        back = is_out_of_service(node)
        await set_out_of_service(self._world, node, not back)
        return f"says that {name_of(node)} is {'back in' if back else 'out of'} service"

    # -- inside

    def _is_off(self, node: core_v1.Node) -> bool:
        return self._world.is_off(name_of(node))

    def _any(self, kind: type[T], namespace: str = NAMESPACE) -> T | None:
        found = self._world.every(kind, namespace)
        return self._random.choice(found) if found else None

    async def _edit(self, name: str, **changes: Any) -> str:
        """Other values for fields of a set's spec."""

        def with_changes(found: apps_v1.StatefulSet) -> apps_v1.StatefulSet:
            return msgspec.structs.replace(found, spec=msgspec.structs.replace(found.spec, **changes))

        return await self._change(name, with_changes)

    async def _change(self, name: str, change: Callable[[apps_v1.StatefulSet], apps_v1.StatefulSet]) -> str:
        """An edit, tried again where the controller wrote its status in between."""
        while True:
            stateful_set = self._world.get(apps_v1.StatefulSet, name)
            if stateful_set is None:
                return f"finds no {name} to edit"
            changed = change(stateful_set)
            try:
                await self._world.client.update(changed)
            except Conflict:
                continue
            return f"edits {name}: {said(changed)}"
