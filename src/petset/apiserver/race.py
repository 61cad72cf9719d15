"""Several things at once, of which the first to end ends the others: how every open response is held."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def race(*contestants: Coroutine[Any, Any, object]) -> None:
    """Run all until one ends, then cancel the rest and wait for them to be gone.

    What the first one raised is raised; cancelling the race cancels all of them.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(contestant) for contestant in contestants]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
