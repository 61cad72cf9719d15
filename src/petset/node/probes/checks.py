"""One check of a container: run a command in it, ask it over HTTP, connect to it.

The messages are those of a kubelet, which people search for; they end up in Unhealthy events.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from petset.api.models import core_v1
from petset.node.probes.network import HttpRequest, Network, authority
from petset.node.runtime import Runtime, RuntimeFailure

Handler = core_v1.Probe | core_v1.LifecycleHandler


class Outcome(NamedTuple):
    """Whether a check succeeded, and what it said."""

    success: bool
    message: str = ""


@dataclass(frozen=True)
class Target:
    """The container that is checked and where it is reached."""

    container: core_v1.Container
    container_id: str
    ip: str


class Checks:
    """Makes checks; never raises for what the container does."""

    def __init__(self, runtime: Runtime, network: Network) -> None:
        self._runtime = runtime
        self._network = network

    async def check(self, handler: Handler, target: Target, timeout_seconds: float) -> Outcome:
        """Make the check that a probe or hook describes."""
        if handler.exec is not None:
            return await self._exec(handler.exec.command or (), target, timeout_seconds)
        if handler.httpGet is not None:
            return await self._http(handler.httpGet, target, timeout_seconds)
        if handler.tcpSocket is not None:
            return await self._tcp(handler.tcpSocket, target, timeout_seconds)
        if isinstance(handler, core_v1.Probe) and handler.grpc is not None:
            return Outcome(False, "grpc probes are not supported yet: use httpGet, tcpSocket or exec")
        return Outcome(False, "missing probe handler")

    async def _exec(self, command: Sequence[str], target: Target, timeout_seconds: float) -> Outcome:
        try:
            result = await self._runtime.run(target.container_id, command, timeout_seconds)
        except TimeoutError:
            words = " ".join(command)
            return Outcome(False, f'command timed out: "{words}" timed out after {timeout_seconds:g}s')
        except RuntimeFailure as failure:
            return Outcome(False, str(failure))
        return Outcome(result.exit_code == 0, result.output)

    async def _http(self, action: core_v1.HTTPGetAction, target: Target, timeout_seconds: float) -> Outcome:
        port = port_number(target.container, action.port)
        if port is None:
            return Outcome(False, f"couldn't find port: {action.port}")
        path = action.path or "/"
        request = HttpRequest(
            (action.scheme or "HTTP").lower(),
            action.host or target.ip,
            port,
            path if path.startswith("/") else f"/{path}",
            [(h.name, h.value) for h in action.httpHeaders or ()],
        )
        try:
            async with asyncio.timeout(timeout_seconds):
                code = await self._network.get(request)
        except TimeoutError:
            waited = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
            return Outcome(False, f'Get "{request.url}": {waited}')
        except (OSError, ValueError) as error:
            return Outcome(False, f'Get "{request.url}": {_dial_error(request.host, port, error)}')
        if 200 <= code < 400:
            return Outcome(True)
        return Outcome(False, f"HTTP probe failed with statuscode: {code}")

    async def _tcp(self, action: core_v1.TCPSocketAction, target: Target, timeout_seconds: float) -> Outcome:
        port = port_number(target.container, action.port)
        if port is None:
            return Outcome(False, f"couldn't find port: {action.port}")
        host = action.host or target.ip
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._network.connect(host, port)
        except TimeoutError:
            return Outcome(False, f"dial tcp {authority(host, port)}: i/o timeout")
        except OSError as error:
            return Outcome(False, _dial_error(host, port, error))
        return Outcome(True)


def port_number(container: core_v1.Container, port: int | str) -> int | None:
    """A port given by number or by the name it has in the container; None if there is no such name."""
    if isinstance(port, int):
        return port
    for declared in container.ports or ():
        if declared.name == port:
            return declared.containerPort
    return int(port) if port.isdigit() else None


def _dial_error(host: str, port: int, error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"dial tcp {authority(host, port)}: connect: connection refused"
    if isinstance(error, OSError) and error.strerror:
        return f"dial tcp {authority(host, port)}: {error.strerror.lower()}"
    return str(error)
