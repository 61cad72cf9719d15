"""Doing many things at once, a few first: where a quota refuses one, the rest is spared (rule 45)."""

from collections.abc import Awaitable, Callable, Sequence

from petset.aio.tasks import Supervisor

LARGEST_BATCH = 500
Work = Callable[[], Awaitable[None]]


async def in_growing_batches(name: str, works: Sequence[Work]) -> None:
    """Run 1, then 2, then 4 … at most 500 at once. Raises a batch's first error once the whole batch is done."""
    size = 1
    while works:
        batch, works = works[:size], works[size:]
        if len(batch) == 1:
            await batch[0]()
        else:
            await _at_once(name, batch)
        size = min(2 * size, LARGEST_BATCH)


async def _at_once(name: str, works: Sequence[Work]) -> None:
    errors: list[Exception] = []

    async def attempt(work: Work) -> None:
        try:
            await work()
        except Exception as error:
            errors.append(error)

    async with Supervisor(name) as tasks:
        for task in [tasks.start(f"{name}-{number}", attempt(work)) for number, work in enumerate(works)]:
            await task
    if errors:
        raise errors[0]
