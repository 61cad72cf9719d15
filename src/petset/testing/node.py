"""A machine without anything on it: what an agent needs to run simulated pods.

Volumes are made of the real content and written nowhere; every connection succeeds unless a test refuses it.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from petset.aio.clock import Clock
from petset.api.models import authentication_v1
from petset.node.machine import Facts, Machine
from petset.node.probes.network import HttpRequest
from petset.node.volumes.render import Content
from petset.testing.runtime import SimulatedRuntime

CAPACITY = {"cpu": "1000", "memory": "4Ti", "ephemeral-storage": "4Ti", "pods": "100000"}
"""More than any test asks for: who tests the scheduler says otherwise."""
_NOWHERE = Path("/simulated")


class SimulatedVolumes:
    """A `VolumeStore` that keeps what it was told to write."""

    def __init__(self) -> None:
        self.contents: dict[tuple[str, str], Content] = {}

    async def prepare(self, uid: str, contents: Mapping[str, Content], fs_group: int | None) -> Mapping[str, Path]:
        for name, content in contents.items():
            self.contents[uid, name] = content
        return dict.fromkeys(contents, _NOWHERE)

    async def sub_path(self, root: Path, relative: str) -> Path:
        return root / relative

    async def remove(self, uid: str) -> None:
        for key in [key for key in self.contents if key[0] == uid]:
            del self.contents[key]


class SimulatedNetwork:
    """A `Network` in which everybody answers, but those a test has silenced."""

    def __init__(self) -> None:
        self.refused: set[int] = set()
        self.status_code = 200

    async def connect(self, host: str, port: int) -> None:
        if port in self.refused:
            raise ConnectionRefusedError(111, "Connection refused")

    async def get(self, request: HttpRequest) -> int:
        await self.connect(request.host, request.port)
        return self.status_code


class SimulatedTokens:
    """Tokens that stand for nobody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.issued = 0

    async def request(
        self, namespace: str, account: str, request: authentication_v1.TokenRequest
    ) -> authentication_v1.TokenRequest:
        self.issued += 1
        until = self._clock.now() + timedelta(hours=1)
        status = authentication_v1.TokenRequestStatus(until, f"token-{self.issued} of {namespace}/{account}")
        return authentication_v1.TokenRequest(spec=request.spec, status=status)


def simulated_machine(clock: Clock, capacity: Mapping[str, str] | None = None) -> Machine:
    """All ports simulated. `machine.runtime` is a SimulatedRuntime; keep the machine to simulate a restart."""
    facts = Facts(capacity=capacity or CAPACITY, host_ip="192.168.0.1", os_image="Simulated")
    return Machine(SimulatedRuntime(clock), SimulatedVolumes(), SimulatedNetwork(), facts, SimulatedTokens(clock))
