"""Ending every container of a machine when nobody watches the pods any more: `petset down`, after the server.

The pods' objects stay as they are. An agent that starts later finds no sandbox for them and starts them anew.
"""

import asyncio
import signal

from petset.aio.tasks import Supervisor
from petset.node.runtime import ContainerState, Runtime

GRACE_SECONDS = 30.0
"""Kubernetes' own default. What a pod says for itself stands in the API, which has stopped by now."""


async def stop_everything(runtime: Runtime, grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask every container to end, wait at most `grace_seconds` for all of them, then remove every sandbox."""
    sandboxes = await runtime.list_sandboxes()
    running = [c for sandbox in sandboxes for c in sandbox.containers if c.state is ContainerState.RUNNING]
    async with Supervisor("shutdown") as tasks:
        for container in running:
            await runtime.signal(container.id, signal.SIGTERM)
        endings = {tasks.start(f"end of {container.name}", runtime.wait(container.id)) for container in running}
        if endings:
            await asyncio.wait(endings, timeout=grace_seconds)
    for sandbox in sandboxes:
        await runtime.remove_sandbox(sandbox.spec.uid)
