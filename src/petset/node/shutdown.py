"""Ending every container of a machine when nobody watches the pods any more: `petset down`, after the server.

As when a node is shut down in good order, each container's preStop hook is run, then it is asked to end, both
within the pod's grace period. The pods' objects stay as they are: an agent that starts later finds no sandbox for
them and starts them anew. What a pod says for itself stands in the API, which has stopped: its sandbox knows it.
"""

import asyncio
import contextlib
import logging
import signal
from dataclasses import dataclass

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.node.hooks import run_hook
from petset.node.pods.stopping import LEAST_SECONDS_TO_STOP
from petset.node.probes.checks import Checks, Target
from petset.node.probes.network import Network
from petset.node.runtime import Container, ContainerState, Runtime, Sandbox

MOST_GRACE_SECONDS = 300.0
"""A person waits for it: a pod that asks for more has to end within this."""
_log = logging.getLogger(__name__)


async def stop_everything(
    runtime: Runtime, network: Network, clock: Clock, most_grace_seconds: float = MOST_GRACE_SECONDS
) -> None:
    """Let every container say farewell and end; remove each sandbox once its own have, or its grace period is over.

    With `most_grace_seconds` 0 nobody is asked: everything is killed. Raises the first RuntimeFailure or OSError,
    once all that can be stopped is.
    """
    sandboxes = await runtime.list_sandboxes()
    stopper = _Stopper(runtime, Checks(runtime, network), clock, most_grace_seconds)
    outcomes = await asyncio.gather(*(stopper.stop(sandbox) for sandbox in sandboxes), return_exceptions=True)
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


@dataclass(frozen=True)
class _Stopper:
    runtime: Runtime
    checks: Checks
    clock: Clock
    most_grace_seconds: float

    async def stop(self, sandbox: Sandbox) -> None:
        """One pod."""
        grace_seconds = min(sandbox.spec.grace_seconds, self.most_grace_seconds)
        if grace_seconds > 0:
            await self._ask_to_end(sandbox, grace_seconds)
        await self.runtime.remove_sandbox(sandbox.spec.uid)

    async def _ask_to_end(self, sandbox: Sandbox, grace_seconds: float) -> None:
        running = [c for c in sandbox.containers if c.state is ContainerState.RUNNING]
        async with Supervisor(f"end of {sandbox.spec.name}") as tasks:
            endings = {tasks.start(c.name, self._end(sandbox, c, grace_seconds)) for c in running}
            if endings:
                await asyncio.wait(endings)

    async def _end(self, sandbox: Sandbox, container: Container, grace_seconds: float) -> None:
        """Hook, signal, and what is left of the grace period; however little that is, there is time to react."""
        deadline = self.clock.monotonic() + grace_seconds
        await self._say_farewell(sandbox, container, grace_seconds)
        await self.runtime.signal(container.id, signal.SIGTERM)
        left_seconds = max(deadline - self.clock.monotonic(), LEAST_SECONDS_TO_STOP)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left_seconds):
                await self.runtime.wait(container.id)

    async def _say_farewell(self, sandbox: Sandbox, container: Container, grace_seconds: float) -> None:
        said = next((each for each in sandbox.spec.farewells if each.name == container.name), None)
        hook = said.lifecycle.preStop if said is not None and said.lifecycle is not None else None
        if said is None or hook is None:
            return
        target = Target(said, container.id, sandbox.ip or "127.0.0.1")
        outcome = await run_hook(self.checks, self.clock, hook, target, grace_seconds)
        if not outcome.success:
            _log.warning("the preStop hook of %s/%s failed: %s", sandbox.spec.name, container.name, outcome.message)
