"""Nodes for a forecast: they start what the scheduler gives them and confirm what is deleted, a second later.

A forecast is honest about what is broken: what is unhealthy now stays so, and so does what is made like it
(`beliefs`). Nodes that are silent now stay silent. Everything else goes well.
"""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import msgspec

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.errors import ApiError, Conflict, NotFound
from petset.api.models import coordination_v1, core_v1, meta_v1
from petset.api.objects import is_terminating, name_of, namespace_of, uid_of
from petset.client.informer import Informer
from petset.client.local import LocalClient

MOMENT_SECONDS = 1.0
LEASE_SECONDS = 10.0
LEASES = "kube-node-lease"
Believe = Callable[[core_v1.Pod], str]
"""Why a pod will not become Ready; empty if it will."""


class ForecastNodes:
    """All nodes of one forecast. `alive` are those that are Ready now."""

    def __init__(self, client: LocalClient, clock: Clock, believe: Believe, alive: Iterable[str]) -> None:
        self._client = client
        self._clock = clock
        self._believe = believe
        self._alive = frozenset(alive)
        self._seen: set[tuple[str, str]] = set()
        self._pods = Informer(client, clock, core_v1.Pod)
        self._pods.on_change(self._pod_changed)

    async def run(self) -> None:
        """Work until cancelled."""
        async with Supervisor("nodes") as self._tasks:
            self._tasks.start("pods", self._pods.run())
            for node in sorted(self._alive):
                self._tasks.start(f"lease of {node}", self._renew(node))
            await self._tasks.wait()

    def _pod_changed(self, old: core_v1.Pod | None, new: core_v1.Pod | None) -> None:
        if new is None or new.spec is None or new.spec.nodeName not in self._alive:
            return
        if is_terminating(new):
            self._once("end", new, self._end(new))
        elif not _is_ready(new):
            self._once("begin", new, self._begin(new))

    def _once(self, what: str, pod: core_v1.Pod, work: Coroutine[Any, Any, None]) -> None:
        key = (what, uid_of(pod))
        if key in self._seen:
            work.close()
            return
        self._seen.add(key)
        self._tasks.start(f"{what} {name_of(pod)}", work)

    async def _begin(self, pod: core_v1.Pod) -> None:
        """Running and Ready, or Running and for ever not."""
        await self._clock.sleep(MOMENT_SECONDS)
        why_not = self._believe(pod)
        if why_not and pod.status is not None and pod.status.containerStatuses:
            return  # it stays just as it is
        while True:
            try:
                current = await self._client.get(core_v1.Pod, name_of(pod), namespace_of(pod))
                if uid_of(current) == uid_of(pod) and not is_terminating(current):
                    await self._client.update(self._at_work(current, why_not), "status")
            except NotFound:
                return
            except Conflict:
                continue
            return

    def _at_work(self, pod: core_v1.Pod, why_not: str) -> core_v1.Pod:
        ready = core_v1.PodCondition(
            type="Ready",
            status="False" if why_not else "True",
            message=why_not or None,
            lastTransitionTime=self._clock.now().replace(microsecond=0),
        )
        status = pod.status or core_v1.PodStatus()
        others = [c for c in status.conditions or () if c.type != "Ready"]
        status = msgspec.structs.replace(status, phase="Running", conditions=[*others, ready])
        return msgspec.structs.replace(pod, status=status)

    async def _end(self, pod: core_v1.Pod) -> None:
        await self._clock.sleep(MOMENT_SECONDS)
        options = meta_v1.DeleteOptions(gracePeriodSeconds=0, preconditions=meta_v1.Preconditions(uid=uid_of(pod)))
        try:
            await self._client.delete(core_v1.Pod, name_of(pod), namespace_of(pod), options)
        except ApiError:
            return  # it is gone already, or another has its name

    async def _renew(self, node: str) -> None:
        """Tell the node lifecycle controller that the node lives."""
        while True:
            now = self._clock.now()
            spec = coordination_v1.LeaseSpec(holderIdentity=node, renewTime=now)
            metadata = meta_v1.ObjectMeta(name=node, namespace=LEASES)
            try:
                lease = await self._client.get(coordination_v1.Lease, node, LEASES)
                await self._client.update(msgspec.structs.replace(lease, spec=spec))
            except NotFound:
                await self._client.create(coordination_v1.Lease(metadata=metadata, spec=spec))
            await self._clock.sleep(LEASE_SECONDS)


def _is_ready(pod: core_v1.Pod) -> bool:
    conditions = (pod.status.conditions if pod.status else None) or ()
    return any(c.type == "Ready" and c.status == "True" for c in conditions)
