"""Long answers take turns: a few in each turn of the event loop, the others in the order in which they came.

A socket rarely has room for all of a long answer; the rest is sent once the loop looks at its sockets again. Were
those of all clients written in one turn, the rests would lie until the last was begun: a client that asked together
with sixty-three others got its last bytes after twice the time that it takes to answer them all.
"""

import asyncio
from collections import deque

IN_A_TURN = 8
"""Lists of 500 take three milliseconds so, and to look at the sockets in between a thirtieth more than that."""


class Turns:
    """For answers long enough to wait for their turn. Nobody holds one: a slow client keeps nobody waiting."""

    def __init__(self, in_a_turn: int = IN_A_TURN) -> None:
        self._in_a_turn = in_a_turn
        self._left = in_a_turn
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return when it is the caller's turn."""
        if self._left:
            self._use_one()
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter

    def _use_one(self) -> None:
        if self._left == self._in_a_turn:
            asyncio.get_running_loop().call_soon(self._begin)
        self._left -= 1

    def _begin(self) -> None:
        """The next turn of the loop: for those who wait first."""
        self._left = self._in_a_turn
        while self._waiting and self._left:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self._use_one()
                waiter.set_result(None)
