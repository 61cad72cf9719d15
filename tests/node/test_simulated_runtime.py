"""The simulated runtime keeps the port's contract and refuses what cannot be."""

from collections.abc import Awaitable, Callable

import pytest
from node.contract import CASES, RuntimeCase, container, sandbox

from petset.node.runtime import RuntimeFailure
from petset.testing.clock import SimulatedClock
from petset.testing.loop import run
from petset.testing.runtime import ImpossibleState, SimulatedRuntime


def a_case() -> RuntimeCase:
    runtime = SimulatedRuntime(SimulatedClock())
    runtime.refuse_image("nowhere:1", "ErrImagePull", "not found")

    async def reopen() -> SimulatedRuntime:
        return runtime

    return RuntimeCase(runtime, reopen, "redis:7.0", "nowhere:1", ["sleep", "1000"])


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.__name__)
def test_the_port_contract(case: Callable[[RuntimeCase], Awaitable[None]]) -> None:
    async def main() -> None:
        await case(a_case())

    run(main())


def test_a_container_needs_its_sandbox() -> None:
    case = a_case()
    with pytest.raises(ImpossibleState, match="does not exist"):
        run(start_container(case))


async def start_container(case: RuntimeCase) -> None:
    await case.runtime.start_container("uid-1", container(case))


def test_two_attempts_of_one_container_never_run_together() -> None:
    case = a_case()

    async def main() -> None:
        await case.runtime.start_sandbox(sandbox())
        await case.runtime.start_container("uid-1", container(case))
        await case.runtime.start_container("uid-1", container(case, 1))

    with pytest.raises(ImpossibleState, match="while 0 runs"):
        run(main())


def test_a_signal_to_something_unknown_is_refused() -> None:
    with pytest.raises(RuntimeFailure, match="does not exist"):
        run(a_case().runtime.signal("nothing", 15))
