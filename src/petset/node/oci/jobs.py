"""Blocking work beside the event loop: a small pool whose threads may take namespaces of their own.

The pool is not the loop's default one, so that no other code ever runs on a thread that is in the wrong namespace.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Jobs:
    """Runs callables on threads. More than eight at once gain nothing: the kernel's locks are the limit."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="petset-oci")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work`'s result. A caller that is cancelled leaves; the work goes on to its end."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))

    async def see_through(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for work that must be cleared up after: a caller that is cancelled leaves once it has ended."""
        working = asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait([working])
            if not working.cancelled():
                working.exception()  # nobody is left to hear of it
            raise

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
