"""A whole control plane and its nodes in one process, in simulated time, from one seed.

Everything is real but the machine: the store (in memory), the verbs with defaults and validation, the in-process
client, every controller, the scheduler, and an agent for each node, whose containers are simulated. A seed fixes
names, ids, and the order in which ready tasks run, so a failure replays. A witness sees every write and remembers
what should never have happened.

Processes (the controllers, each agent) can die anywhere and come back; between them and the API there may be
`weather`; `plane.store` may run full; `runtime` and `not_ready` are what containers do.

    async def story() -> None:
        async with World(seed=7) as world:
            await world.client.create(stateful_set)
            await world.run_until(lambda: world.is_settled("web"), seconds=60)
    run(story(), seed=7)
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from petset.aio.tasks import Supervisor
from petset.api.errors import NotFound
from petset.api.gates import DEFAULT, Gates
from petset.api.kinds import by_model
from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, meta, uid_of
from petset.client.local import LocalClient
from petset.controllers.manager import ControllerManager, Settings
from petset.node.agent import Agent
from petset.node.machine import NodeSettings
from petset.node.runtime import Container, ExecResult
from petset.registry.port import ListOptions
from petset.testing.asking import UsersClient
from petset.testing.directories import SimulatedDirectories
from petset.testing.link import Link, Weather
from petset.testing.node import simulated_machine
from petset.testing.plane import SIMULATED_CA, Plane, plane
from petset.testing.runtime import SimulatedRuntime
from petset.testing.witness import Witness

T = TypeVar("T")
VOLUME_ROOT = "/volumes"
TICK_SECONDS = 0.05
CONTROLLERS = "controllers"


class _Process(NamedTuple):
    task: asyncio.Task[None]
    link: Link


class World:
    """Use as `async with`, under `petset.testing.loop.run`.

    Controllers and agents hear of changes up to `lag_seconds` late. `not_ready` are the uids of pods whose probes
    fail, where they have any.
    """

    def __init__(self, seed: int = 0, nodes: int = 1, lag_seconds: float = 0.0, gates: Gates = DEFAULT) -> None:
        self.seed = seed
        self.gates = gates
        self.weather = Weather(lag_seconds)
        self.not_ready: set[str] = set()
        self.nodes = [f"node-{number}" for number in range(nodes)]
        self._running: dict[str, _Process] = {}
        self._controllers_since = 0.0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.plane: Plane = await self._stack.enter_async_context(plane(self.seed, self.gates))
        self._tasks = await self._stack.enter_async_context(Supervisor("world"))
        self.machine = simulated_machine(self.plane.clock)
        self.directories = SimulatedDirectories()
        self.runtime.answer = self._answer
        # A batch may wait for the one before it to arrive, so a picture is late by two lags at most.
        self.witness = Witness(self.plane, self.runtime, 2 * self.weather.lag_seconds, self.gates)
        self._client = UsersClient(self.plane.registry, self.witness.user_asks)
        for node in self.nodes:
            self.start_agent(node)
        self._start_controllers()
        await self.manager.pool.synced()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    @property
    def client(self) -> LocalClient:
        """The API, as the user sees it."""
        return self._client

    @property
    def runtime(self) -> SimulatedRuntime:
        """The containers of all nodes, and what a test may do to them."""
        assert isinstance(self.machine.runtime, SimulatedRuntime)
        return self.machine.runtime

    async def restart_controllers(self) -> None:
        """The controllers die where they stand, with all they remember, and start again."""
        await self.stop(CONTROLLERS)
        self._start_controllers()

    async def restart_agent(self, node: str) -> None:
        """The node's agent dies where it stands; its containers go on, and the next agent takes them over."""
        await self.stop(node)
        self.start_agent(node)

    def crash_after(self, process: str, writes: int, down_seconds: float) -> None:
        """Let a process (CONTROLLERS, or a node's agent) die after so many more of its writes, and come back."""
        if process in self._running:
            self._running[process].link.break_after(
                writes, lambda: self._do("crash", self._revive(process, down_seconds))
            )

    def disarm(self) -> None:
        """Nobody who still lives dies as `crash_after` has arranged."""
        for process in self._running.values():
            process.link.disarm()

    async def stop(self, process: str) -> None:
        """The process dies where it stands; nothing happens if it is dead already."""
        found = self._running.pop(process, None)
        if found is not None:
            found.link.break_after(0)
            found.task.cancel()
            await asyncio.wait([found.task])

    def start_agent(self, node: str) -> None:
        """An agent for the node, if it has none."""
        if node in self._running:
            return
        link, settings = self._link(), NodeSettings(node)
        agent = Agent(link, self.machine, settings, self.plane.clock, self.plane.random)
        self._running[node] = _Process(self._tasks.start(node, agent.run()), link)

    def start(self, process: str) -> None:
        """The controllers, or a node's agent, unless they run."""
        if process == CONTROLLERS:
            self._start_controllers()
        else:
            self.start_agent(process)

    def is_off(self, node: str) -> bool:
        """Neither the node's agent nor any container of it runs."""
        return node not in self._running and node not in self.runtime.living_nodes()

    def is_quiet(self, resources: Sequence[str], seconds: float) -> bool:
        """Nothing of these resources has been written for so long."""
        latest = max((self.witness.changed_at.get(resource, 0.0) for resource in resources), default=0.0)
        return self.plane.clock.monotonic() - latest > seconds

    def has_run(self, seconds: float) -> bool:
        """The controllers are there, and have been for so long."""
        return CONTROLLERS in self._running and self.plane.clock.monotonic() - self._controllers_since > seconds

    def failed(self) -> list[str]:
        """The processes that ended by themselves, which none ever should."""
        return [name for name, process in self._running.items() if process.task.done()]

    async def run_until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Let time pass until `holds()`. AssertionError after `seconds`, or as soon as a promise is broken."""
        deadline = self.plane.clock.monotonic() + seconds
        while not holds():
            if self.plane.clock.monotonic() >= deadline:
                raise AssertionError(f"not within {seconds} s (seed {self.seed}); {self._why()}")
            await self.run_for(TICK_SECONDS)

    async def run_for(self, seconds: float) -> None:
        """Let time pass. AssertionError where a promise was broken meanwhile."""
        await self.plane.clock.sleep(seconds)
        assert not self.witness.broken, f"seed {self.seed}: {'; '.join(self.witness.broken)}"
        assert not self.manager.stateful_sets.ledger_corrections, f"seed {self.seed}: a roster was wrong"

    def get(self, kind: type[T], name: str, namespace: str = "default") -> T | None:
        """What the store holds at this moment."""
        row = by_model(kind)
        try:
            found: T = self.plane.registry.decode(row, self.plane.registry.get(row, namespace, name))
        except NotFound:
            return None
        return found

    def every(self, kind: type[T], namespace: str = "default") -> list[T]:
        """All that the store holds at this moment."""
        row = by_model(kind)
        selected = self.plane.registry.list(row, namespace, ListOptions())
        return [self.plane.registry.decode(row, record) for record in selected.records]

    def pods_of(self, name: str, namespace: str = "default") -> list[core_v1.Pod]:
        """The pods that a StatefulSet owns, in the order of the store."""
        stateful_set = self.get(apps_v1.StatefulSet, name, namespace)
        if stateful_set is None:
            return []
        owners = ((pod, controller_of(pod)) for pod in self.every(core_v1.Pod, namespace))
        return [pod for pod, owner in owners if owner is not None and owner.uid == uid_of(stateful_set)]

    def is_settled(self, name: str, namespace: str = "default") -> bool:
        """The set is where its spec wants it, and has said so."""
        stateful_set = self.get(apps_v1.StatefulSet, name, namespace)
        if stateful_set is None or stateful_set.status is None:
            return False
        status, wanted = stateful_set.status, stateful_set.spec.replicas
        seen = status.observedGeneration == meta(stateful_set).generation
        counts = (status.replicas, status.availableReplicas or 0, status.updatedReplicas or 0)
        return seen and counts == (wanted, wanted, wanted) and len(self.pods_of(name, namespace)) == wanted

    def _start_controllers(self) -> None:
        if CONTROLLERS in self._running:
            return
        link, clock = self._link(), self.plane.clock
        tokens = self.machine.tokens
        settings = Settings(VOLUME_ROOT, SIMULATED_CA, audit_seconds=0, gates=self.gates, issuer=tokens)
        self.manager = ControllerManager(link, clock, self.plane.random, self.directories, settings)
        self._controllers_since = clock.monotonic()
        self._running[CONTROLLERS] = _Process(self._tasks.start(CONTROLLERS, self.manager.run()), link)

    def _link(self) -> Link:
        return Link(self.plane.client, self.plane.clock, self.weather, self.plane.random)

    def _do(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        if self._tasks.stopping:
            work.close()
        else:
            self._tasks.start(name, work)

    async def _revive(self, process: str, down_seconds: float) -> None:
        await self.stop(process)
        await self.plane.clock.sleep(down_seconds)
        self.start(process)

    def _answer(self, container: Container, command: Sequence[str]) -> ExecResult:
        """What a probe finds."""
        return ExecResult(int(container.sandbox_uid in self.not_ready), "")

    def _why(self) -> str:
        sets = self.every(apps_v1.StatefulSet, "")
        waiting = (w for s in sets for w in self.manager.stateful_sets.waiting(*_key(s)))
        return " ".join(map(str, waiting)) or "no StatefulSet waits for anything"


def _key(stateful_set: apps_v1.StatefulSet) -> tuple[str, str]:
    metadata = meta(stateful_set)
    return metadata.namespace or "", metadata.name or ""
