"""Ending every container of a machine when nobody watches the pods any more: `petset down`, after the server.

The pods' objects stay as they are. An agent that starts later finds no sandbox for them and starts them anew. What
a pod says for itself stands in the API, which has stopped by now: its sandbox remembers the grace period.
"""

import asyncio
import signal

from petset.aio.tasks import Supervisor
from petset.node.runtime import ContainerState, Runtime, Sandbox

MOST_GRACE_SECONDS = 300.0
"""A person waits for it: a pod that asks for more has to end within this."""


async def stop_everything(runtime: Runtime, most_grace_seconds: float = MOST_GRACE_SECONDS) -> None:
    """Ask every container to end and remove each sandbox once its own have, or its grace period is over.

    With `most_grace_seconds` 0 nobody is asked: everything is killed. Raises the first RuntimeFailure or OSError,
    once all that can be stopped is.
    """
    sandboxes = await runtime.list_sandboxes()
    outcomes = await asyncio.gather(
        *(_stop(runtime, sandbox, most_grace_seconds) for sandbox in sandboxes), return_exceptions=True
    )
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


async def _stop(runtime: Runtime, sandbox: Sandbox, most_grace_seconds: float) -> None:
    grace_seconds = min(sandbox.spec.grace_seconds, most_grace_seconds)
    if grace_seconds > 0:
        await _ask_to_end(runtime, sandbox, grace_seconds)
    await runtime.remove_sandbox(sandbox.spec.uid)


async def _ask_to_end(runtime: Runtime, sandbox: Sandbox, grace_seconds: float) -> None:
    running = [c for c in sandbox.containers if c.state is ContainerState.RUNNING]
    async with Supervisor(f"end of {sandbox.spec.name}") as tasks:
        for container in running:
            await runtime.signal(container.id, signal.SIGTERM)
        endings = {tasks.start(f"end of {container.name}", runtime.wait(container.id)) for container in running}
        if endings:
            await asyncio.wait(endings, timeout=grace_seconds)
