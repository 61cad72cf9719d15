"""The real runtime keeps the contract of the port, with each engine."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from isolation import needs_containers
from node.contract import CASES, RuntimeCase

from petset.node.oci.opening import Options
from petset.node.oci.runtime import OciRuntime

pytestmark = [pytest.mark.containers, needs_containers]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_the_port_contract(options: Options, case: Callable[[RuntimeCase], Awaitable[None]]) -> None:
    async def main() -> None:
        runtimes = [await OciRuntime.open(options)]

        async def reopen() -> OciRuntime:
            runtimes.append(await OciRuntime.open(options))
            return runtimes[-1]

        script = ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.02; done"]
        try:
            await case(RuntimeCase(runtimes[0], reopen, "busybox", "nowhere.invalid/nothing:1", script))
        finally:
            await runtimes[-1].close()

    asyncio.run(main())
