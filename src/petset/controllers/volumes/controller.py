"""Runs the claim binder: which objects wake which claim or volume, and what each look at one of them reads.

A claim is woken by itself, by volumes that name it or could serve it, by its class and, where they matter to it,
by pods that use it; a volume by itself and by its claim. What the controller itself has written for a claim or a
volume does not wake that one again: a plan that was carried out leaves nothing to do. Nothing is polled.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from petset.aio.clock import Clock
from petset.aio.reconciler import Reconciler
from petset.aio.tasks import Supervisor
from petset.api import volumes
from petset.api.errors import NotFound
from petset.api.models import core_v1, storage_v1
from petset.api.objects import Object, is_terminating, meta, name_of, namespace_of, uid_of
from petset.api.volumes import annotation
from petset.client.audience import CONTENT
from petset.client.events import EventRecorder
from petset.client.freshness import COME_BACK_SECONDS, Cache, OwnWrites
from petset.client.pool import InformerPool
from petset.client.port import Client
from petset.controllers.volumes import invariants, plan, reclaim
from petset.controllers.volumes.apply import Applier
from petset.controllers.volumes.directories import Directories
from petset.controllers.volumes.model import ClaimSnapshot, Plan, VolumeSnapshot, Waiting
from petset.controllers.volumes.provisioning import is_ours

AT_ONCE = 50
"""So many claims are worked on side by side, and as many volumes; their writes share commits."""


class ClaimKey(NamedTuple):
    """A claim to look at."""

    namespace: str
    name: str


class VolumeKey(NamedTuple):
    """A volume to look at."""

    name: str


class VolumeController:
    """Binds, provisions, protects and reclaims. `root` is where the directories of new volumes go."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        pool: InformerPool,
        events: EventRecorder,
        directories: Directories,
        root: str,
    ) -> None:
        self._client = client
        self._clock = clock
        self._events = events
        self._directories = directories
        self._root = root
        self._claims = pool.informer(core_v1.PersistentVolumeClaim, {"unbound-by-class": _unbound_class})
        self._volumes = pool.informer(
            core_v1.PersistentVolume, {"by-claim": volumes.claim_of_volume, "on-offer": volumes.class_on_offer}
        )
        self._pods = pool.informer(core_v1.Pod, {"by-claim": volumes.claims_of_pod}, CONTENT)
        self._classes = pool.informer(storage_v1.StorageClass)
        self._nodes = pool.informer(core_v1.Node)
        self._told: dict[ClaimKey, Waiting] = {}
        caches: dict[type[Any], Cache] = {
            core_v1.PersistentVolumeClaim: self._claims,
            core_v1.PersistentVolume: self._volumes,
        }
        self._claim_writes: OwnWrites[ClaimKey] = OwnWrites(caches)
        self._volume_writes: OwnWrites[VolumeKey] = OwnWrites(caches)
        self._claim_work = Reconciler("claims", clock, self._reconcile_claim, workers=AT_ONCE)
        self._volume_work = Reconciler("volumes", clock, self._reconcile_volume, workers=AT_ONCE)
        self._claims.on_change(self._claim_changed)
        self._volumes.on_change(self._volume_changed)
        self._pods.on_change(self._pod_changed)
        self._classes.on_change(self._class_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        async with Supervisor("volumes") as tasks:
            tasks.start("claims", self._claim_work.run())
            tasks.start("volumes", self._volume_work.run())
            await tasks.wait()

    async def _reconcile_claim(self, key: ClaimKey) -> float | None:
        claim = self._claims.get(key.name, key.namespace)
        if claim is None:
            self._told.pop(key, None)
            self._claim_writes.forget(key)
            return None
        if not self._claim_writes.are_seen(key):
            return COME_BACK_SECONDS
        snapshot = await self._look_at_claim(claim)
        decided = plan.plan(snapshot)
        try:
            await self._applier(claim, partial(self._claim_writes.wrote, key)).apply_all(decided.actions)
        except OSError as error:
            self._tell(key, claim, _provisioning_failed(snapshot, error))
            raise
        self._tell(key, claim, decided.waiting)
        return None

    async def _look_at_claim(self, claim: core_v1.PersistentVolumeClaim) -> ClaimSnapshot:
        assert claim.spec
        storage_class = self._class_of(claim)
        class_name = claim.spec.storageClassName
        if class_name is None and storage_class is not None:
            class_name = name_of(storage_class)
        key = f"{namespace_of(claim)}/{name_of(claim)}"
        return ClaimSnapshot(
            claim=claim,
            root=self._root,
            named=await self._named_volume(claim),
            reserved=[v for v in self._volumes.by_index("by-claim", key) if volumes.reserves(v, claim)],
            offers=self._volumes.by_index("on-offer", class_name or ""),
            storage_class=storage_class,
            users=await self._users_of(claim, key),
            node=self._nodes.get(annotation(claim, volumes.SELECTED_NODE), ""),
        )

    async def _users_of(self, claim: core_v1.PersistentVolumeClaim, key: str) -> Sequence[core_v1.Pod]:
        """The API is asked before a claim is let go: a pod that has just come may not be in the cache."""
        cached = self._pods.by_index("by-claim", key)
        if not is_terminating(claim) or any(map(plan.is_using, cached)):
            return cached
        present = await self._client.list(core_v1.Pod, namespace_of(claim))
        return [pod for pod in present.items if key in volumes.claims_of_pod(pod)]

    async def _named_volume(self, claim: core_v1.PersistentVolumeClaim) -> core_v1.PersistentVolume | None:
        """The API is asked where the cache does not show the binding: no claim is lost to a late event."""
        name = (claim.spec.volumeName if claim.spec else None) or ""
        if not name:
            return None
        cached = self._volumes.get(name, "")
        if cached is not None and volumes.reserves(cached, claim):
            return cached
        try:
            return await self._client.get(core_v1.PersistentVolume, name)
        except NotFound:
            return None

    def _class_of(self, claim: core_v1.PersistentVolumeClaim) -> storage_v1.StorageClass | None:
        name = claim.spec.storageClassName if claim.spec else None
        if name is not None:
            return self._classes.get(name, "") if name else None
        defaults = [c for c in self._classes.list() if volumes.is_default_class(c)]
        return max(
            defaults, key=lambda c: (str(c.metadata and c.metadata.creationTimestamp), name_of(c)), default=None
        )

    async def _reconcile_volume(self, key: VolumeKey) -> float | None:
        volume = self._volumes.get(key.name, "")
        if volume is None:
            self._volume_writes.forget(key)
            return None
        if not self._volume_writes.are_seen(key):
            return COME_BACK_SECONDS
        snapshot = VolumeSnapshot(volume, self._clock.now(), await self._claim_of(volume))
        decided: Plan = reclaim.plan(snapshot)
        assert all(invariants.is_safe(snapshot, action) for action in decided.actions)
        try:
            await self._applier(volume, partial(self._volume_writes.wrote, key)).apply_all(decided.actions)
        except OSError as error:
            self._events.event(volume, "Warning", "VolumeFailedDelete", str(error))
            raise
        return None

    async def _claim_of(self, volume: core_v1.PersistentVolume) -> core_v1.PersistentVolumeClaim | None:
        """The very claim that the volume is for. Before it is believed gone, the API is asked."""
        reference = volume.spec.claimRef if volume.spec else None
        if reference is None or not reference.name:
            return None
        cached = self._claims.get(reference.name, reference.namespace or "")
        if cached is not None and uid_of(cached) == reference.uid:
            return cached
        try:
            found = await self._client.get(core_v1.PersistentVolumeClaim, reference.name, reference.namespace or "")
        except NotFound:
            return None
        return found if uid_of(found) == reference.uid else None

    def _applier(
        self, subject: core_v1.PersistentVolumeClaim | core_v1.PersistentVolume, note: Callable[[Object], None]
    ) -> Applier:
        return Applier(self._client, self._directories, self._events, subject, note)

    def _tell(self, key: ClaimKey, claim: core_v1.PersistentVolumeClaim, waiting: Waiting | None) -> None:
        """An event for a new reason to wait; the same one again tells nobody anything."""
        if waiting == self._told.get(key):
            return
        if waiting is None:
            self._told.pop(key, None)
            return
        self._told[key] = waiting
        if waiting.reason:
            self._events.event(claim, waiting.type, waiting.reason, waiting.message)

    def _claim_changed(
        self, old: core_v1.PersistentVolumeClaim | None, new: core_v1.PersistentVolumeClaim | None
    ) -> None:
        claim = new or old
        assert claim
        key = ClaimKey(namespace_of(claim), name_of(claim))
        if new is None or not self._claim_writes.saw(key, new):
            self._claim_work.wake(key)
        if old is None or new is None or _volume_of(old) != _volume_of(new):
            for volume in self._volumes.by_index("by-claim", f"{key.namespace}/{key.name}"):
                self._volume_work.wake(VolumeKey(name_of(volume)))

    def _volume_changed(self, old: core_v1.PersistentVolume | None, new: core_v1.PersistentVolume | None) -> None:
        volume = new or old
        assert volume
        key = VolumeKey(name_of(volume))
        if new is None or not (self._volume_writes.saw(key, new) or self._is_about_to_be_bound(new)):
            self._volume_work.wake(key)
        if old is not None and new is not None and _outlook(old) == _outlook(new):
            return
        for claim in dict.fromkeys(_claims_of((old, new))):
            if new is None or not self._claim_writes.saw(claim, new):
                self._claim_work.wake(claim)
        if new is not None and new.spec and new.spec.claimRef is None:
            self._wake_unbound(new.spec.storageClassName or "")

    def _is_about_to_be_bound(self, volume: core_v1.PersistentVolume) -> bool:
        """A volume of ours whose claim does not name it yet: once it does, that wakes the volume."""
        if not is_ours(volume) or is_terminating(volume):
            return False
        claims = [self._claims.get(claim.name, claim.namespace) for claim in _claims_of((volume,))]
        return any(c is not None and volumes.reserves(volume, c) and not _volume_of(c) for c in claims)

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        """A pod matters to its claims when it comes, gets its node, is shut down, and goes."""
        pod = new or old
        assert pod
        names = volumes.claim_names(pod)
        if not names or (old is not None and new is not None and _standing(old) == _standing(new)):
            return
        for name in names:
            claim = self._claims.get(name, namespace_of(pod))
            if claim is not None and self._minds_pods(claim):
                self._claim_work.wake(ClaimKey(namespace_of(pod), name))

    def _minds_pods(self, claim: core_v1.PersistentVolumeClaim) -> bool:
        """It waits for the last of them to be shut down, or for the first to get its node."""
        if is_terminating(claim):
            return True
        bound = annotation(claim, volumes.BIND_COMPLETED)
        return not bound and volumes.waits_for_consumer(self._class_of(claim))

    def _class_changed(self, old: storage_v1.StorageClass | None, new: storage_v1.StorageClass | None) -> None:
        changed = new or old
        assert changed
        self._wake_unbound(name_of(changed))
        self._wake_unbound("")

    def _wake_unbound(self, class_name: str) -> None:
        for claim in self._claims.by_index("unbound-by-class", class_name):
            self._claim_work.wake(ClaimKey(namespace_of(claim), name_of(claim)))


def _unbound_class(claim: core_v1.PersistentVolumeClaim) -> list[str]:
    if claim.spec is None or annotation(claim, volumes.BIND_COMPLETED):
        return []
    return [claim.spec.storageClassName or ""]


def _volume_of(claim: core_v1.PersistentVolumeClaim) -> str | None:
    return claim.spec.volumeName if claim.spec else None


def _claims_of(volumes_: Iterable[core_v1.PersistentVolume | None]) -> list[ClaimKey]:
    return [
        ClaimKey(*claim.split("/", 1)) for v in volumes_ if v is not None for claim in volumes.claim_of_volume(v)
    ]


def _outlook(volume: core_v1.PersistentVolume) -> tuple[object, ...]:
    """Everything of a volume that a claim's plan looks at."""
    failed = volume.status is not None and volume.status.phase == "Failed"
    metadata = meta(volume)
    return volume.spec, metadata.labels, metadata.annotations, is_terminating(volume), failed


def _standing(pod: core_v1.Pod) -> tuple[str, bool]:
    """What of a pod decides whether it uses its claims."""
    return (pod.spec.nodeName if pod.spec else None) or "", plan.is_shut_down(pod)


def _provisioning_failed(snapshot: ClaimSnapshot, error: OSError) -> Waiting:
    name = name_of(snapshot.storage_class) if snapshot.storage_class else ""
    message = f'Failed to provision volume with StorageClass "{name}": {error}'
    return Waiting(message, f"make {snapshot.root} writable, with space left", "Warning", "ProvisioningFailed")
