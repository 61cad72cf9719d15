"""The part that listens: objects on the real verbs in, what the kernel was told out."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from petset.aio.tasks import Supervisor, give_way
from petset.api.models import core_v1, discovery_v1, meta_v1
from petset.client.events import EventRecorder
from petset.daemons.clock import SystemClock
from petset.node.services import script
from petset.node.services.apply import Kernel, NftFailed
from petset.node.services.controller import ServiceProxy
from petset.node.services.invariants import applied
from petset.node.services.model import Backend, Backends, Front, Plan, Ruleset
from petset.testing.plane import Plane, plane

AROUND = script.Surroundings("t", "b", "10.244.0.1", "10.244.0.0/16")


class RecordingKernel(Kernel):
    """A kernel that takes only what the real one would, and fails when it is told to."""

    def __init__(self, *, usable: bool = True) -> None:
        super().__init__(AROUND)
        self.table: dict[Front, Backends] | None = None
        self.failing = False
        self.refusals = 0
        self._usable = usable

    def is_usable(self) -> bool:
        return self._usable

    def replace(self, ruleset: Ruleset) -> None:
        self._check()
        self.table = dict(ruleset)

    def apply(self, plan: Plan) -> None:
        self._check()
        assert self.table is not None
        for action in plan.actions:
            self.table = applied(self.table, action)

    def _check(self) -> None:
        assert self._usable
        if self.failing:
            self.refusals += 1
            raise NftFailed("no")


def a_service(name: str = "web") -> core_v1.Service:
    port = core_v1.ServicePort(port=80, targetPort=8080)
    return core_v1.Service(
        apiVersion="v1",
        kind="Service",
        metadata=meta_v1.ObjectMeta(name=name, namespace="default"),
        spec=core_v1.ServiceSpec(clusterIP="10.96.0.5", ports=[port]),
    )


def a_slice(*addresses: str) -> discovery_v1.EndpointSlice:
    return discovery_v1.EndpointSlice(
        apiVersion="discovery.k8s.io/v1",
        kind="EndpointSlice",
        metadata=meta_v1.ObjectMeta(
            name="web-1", namespace="default", labels={"kubernetes.io/service-name": "web"}
        ),
        addressType="IPv4",
        endpoints=[discovery_v1.Endpoint(addresses=[address]) for address in addresses],
        ports=[discovery_v1.EndpointPort(name="", port=8080, protocol="TCP")],
    )


FRONT = Front("10.96.0.5", "tcp", 80)
A = Backends((Backend("10.244.0.10", 8080),))


async def until(holds: Callable[[], bool]) -> None:
    """Wait for others' work; the test's time limit ends what never comes true."""
    while not holds():
        await give_way()


def with_proxy(kernel: RecordingKernel, story: Callable[[Plane], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with plane() as control, Supervisor("test") as tasks:
            recorder = EventRecorder(control.client, control.clock, "kube-proxy", control.random)
            tasks.start("proxy", ServiceProxy(control.client, SystemClock(), kernel, recorder).run())
            await story(control)

    asyncio.run(main())


def test_what_the_kernel_knows_follows_the_objects() -> None:
    kernel = RecordingKernel()

    async def story(control: Plane) -> None:
        api = control.client
        await api.create(a_slice("10.244.0.10"))
        await api.create(a_service())
        await until(lambda: (kernel.table or {}).get(FRONT) == A)
        await api.delete(discovery_v1.EndpointSlice, "web-1", "default")
        await until(lambda: (kernel.table or {}).get(FRONT) == Backends())
        await api.delete(core_v1.Service, "web", "default")
        await until(lambda: FRONT not in (kernel.table or {}))

    with_proxy(kernel, story)


def test_a_refused_transaction_is_made_good_by_the_whole_table() -> None:
    kernel = RecordingKernel()

    async def story(control: Plane) -> None:
        await until(lambda: kernel.table is not None)
        kernel.failing = True
        await control.client.create(a_service())
        await control.client.create(a_slice("10.244.0.10"))
        await until(lambda: kernel.refusals > 0)
        kernel.table, kernel.failing = {Front("10.96.9.9", "tcp", 9): A}, False  # whatever was there
        await until(lambda: (kernel.table or {}).get(FRONT) == A)

    with_proxy(kernel, story)


def test_a_machine_without_nft_says_so_at_each_service_that_needs_it() -> None:
    kernel = RecordingKernel(usable=False)

    async def story(control: Plane) -> None:
        await control.client.create(a_service())
        told: list[core_v1.Event] = []
        while not told:
            events = await control.client.list(core_v1.Event, "default")
            told = [e for e in events.items if e.involvedObject.name == "web"]
            await give_way()
        assert (told[0].type, told[0].reason) == ("Warning", "ServiceNotServed")
        assert "install nftables" in (told[0].message or "")

    with_proxy(kernel, story)
