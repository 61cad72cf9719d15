"""The node agent: a kubelet's part. It watches the pods bound to its node, runs them and reports how they are.

Starting up is a takeover. The runtime's list of sandboxes is the truth: what runs is adopted as it is, with the
same ids and no restart; what ended meanwhile is noticed; what belongs to no pod any more is stopped and removed.
Nothing is touched before the API's pods of this node are known in full, or an agent that came up faster than its
watch would take every running pod for an orphan.
"""

import asyncio
import logging
import random  # noqa: TID251 - the type of an argument
from collections.abc import Mapping, Sequence
from typing import Any

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.models import core_v1
from petset.api.objects import name_of, namespace_of, uid_of
from petset.client import accounts
from petset.client.events import EventRecorder
from petset.client.informer import Informer
from petset.client.port import Client
from petset.node.apply import Applier
from petset.node.environment import service_variables
from petset.node.events import PodEvents
from petset.node.launch import Launcher
from petset.node.machine import Machine, NodeSettings
from petset.node.news import News
from petset.node.probes.checks import Checks
from petset.node.reader import Reader
from petset.node.references import ReferencedKind
from petset.node.registration import Registration
from petset.node.report import Reporter
from petset.node.runtime import RuntimeFailure, Sandbox
from petset.node.streams_adapter import AgentStreams
from petset.node.worker import Workers

SECONDS_BETWEEN_LISTS = 1.0

_log = logging.getLogger(__name__)
_REFERENCED: dict[ReferencedKind, type[Any]] = {
    "ConfigMap": core_v1.ConfigMap,
    "Secret": core_v1.Secret,
    "PersistentVolumeClaim": core_v1.PersistentVolumeClaim,
}


class Agent:
    """One logical node. Several run in one process, and may share the machine's ports."""

    def __init__(
        self, client: Client, machine: Machine, settings: NodeSettings, clock: Clock, source: random.Random
    ) -> None:
        client = client.acting_as(accounts.node(settings.name))
        self._machine = machine
        self._settings = settings
        self._registration = Registration(client, machine, settings, clock)
        self._pods = Informer(client, clock, core_v1.Pod, fields=f"spec.nodeName={settings.name}")
        self._services = Informer(
            client, clock, core_v1.Service, indexes={"namespace": lambda s: [namespace_of(s)]}
        )
        self._known_links: dict[tuple[str, str], Mapping[str, str]] = {}
        self._services.on_change(lambda old, new: self._known_links.clear())
        self._recorder = EventRecorder(client, clock, "kubelet", source, settings.name)
        events = PodEvents(self._recorder)
        checks = Checks(machine.runtime, machine.network)
        launcher = Launcher(machine, settings, Reader(client), self._links)
        applier = Applier(client, launcher, checks, clock, events)
        self._client = client
        self._clock = clock
        self._took_over = asyncio.Event()
        self.workers = Workers(machine.runtime, machine.facts, clock, applier, checks, events)
        heard = self.workers.object_changed
        self._news = [News(client, clock, kind, model, heard) for kind, model in _REFERENCED.items()]

    def _links(self, namespace: str, name: str = "") -> Mapping[str, str]:
        """The variables of a namespace's services, or of the one of this name: the same until a service changes."""
        known = self._known_links.get((namespace, name))
        if known is None:
            services = self._services.by_index("namespace", namespace)
            known = service_variables(s for s in services if name in ("", name_of(s)))
            self._known_links[namespace, name] = known
        return known

    @property
    def streams(self) -> AgentStreams:
        """Logs and commands of this node's pods, for the API server."""
        return AgentStreams(self.workers.get, self._machine.runtime, self._clock)

    async def run(self) -> None:
        """Be the node until cancelled. Containers go on without it."""
        async with Supervisor(f"agent/{self._settings.name}") as tasks:
            self.workers.serve(tasks, Reporter(self._client, self._clock, tasks, self.workers.reported))
            tasks.start("registration", self._registration.run())
            tasks.start("events", self._recorder.run())
            tasks.start("pods of the node", self._pods.run())
            tasks.start("services", self._services.run())
            for news in self._news:
                tasks.start("news", news.run())
            tasks.start("pods", self._take_over_and_work())
            await tasks.wait()

    async def caught_up(self) -> None:
        """Return once the API shows every pod of this node as it is, not as an earlier agent left it."""
        await self._took_over.wait()
        await self.workers.caught_up()

    async def _take_over_and_work(self) -> None:
        for news in self._news:
            await news.started()
        await self._pods.synced()
        await self._services.synced()
        found = await self._list_sandboxes()
        sandboxes = {s.spec.uid: s for s in found if s.spec.node == self._settings.name}
        # From here to the listener nothing waits, so no change falls in between.
        pods = self._pods.list()
        known = {uid_of(pod) for pod in pods}
        for uid, sandbox in sandboxes.items():
            if uid not in known:
                self.workers.adopt_orphan(sandbox)  # before the pods: one that took its name waits for it
        for pod in pods:
            self.workers.adopt(pod, sandboxes.get(uid_of(pod)))
        self._pods.on_change(self.workers.pod_changed)
        self._took_over.set()
        await self.workers.run()

    async def _list_sandboxes(self) -> Sequence[Sandbox]:
        """What exists, however often the runtime must be asked: to guess would be to lose containers."""
        while True:
            try:
                return await self._machine.runtime.list_sandboxes()
            except RuntimeFailure as failure:
                _log.error("node %s cannot list its sandboxes: %s", self._settings.name, failure)
            await self._clock.sleep(SECONDS_BETWEEN_LISTS)
