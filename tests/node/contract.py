"""What every adapter of the `Runtime` port promises, one case each.

An adapter's own test module makes a `RuntimeCase` and runs every member of `CASES` on it. The image and the
commands of the case must exist for that adapter; `long` runs until it is signalled and ends on SIGTERM.
"""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import pytest

from petset.node.runtime import (
    Container,
    ContainerSpec,
    ContainerState,
    ExecStreams,
    Resources,
    Runtime,
    RuntimeFailure,
    SandboxSpec,
)


@dataclass(frozen=True)
class RuntimeCase:
    """A runtime under test, something it can run, and how it is opened again after a restart."""

    runtime: Runtime
    reopen: Callable[[], Awaitable[Runtime]]
    image: str
    missing_image: str
    long: Sequence[str]


def sandbox(uid: str = "uid-1", name: str = "web-0") -> SandboxSpec:
    return SandboxSpec(uid=uid, namespace="default", name=name, node="node-1", hostname=name)


def container(case: RuntimeCase, attempt: int = 0) -> ContainerSpec:
    return ContainerSpec(name="app", attempt=attempt, image=case.image, command=case.long)


async def stopped(runtime: Runtime, container_id: str) -> Container:
    """Ask it to end until it does: the first process of a container ignores SIGTERM until it has set its trap."""
    while True:
        await runtime.signal(container_id, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(runtime.wait(container_id), 0.1)


async def a_sandbox_has_an_address_and_is_started_once(case: RuntimeCase) -> None:
    first = await case.runtime.start_sandbox(sandbox())
    again = await case.runtime.start_sandbox(sandbox())
    assert first.ip
    assert again.ip == first.ip
    assert [s.spec.uid for s in await case.runtime.list_sandboxes()] == ["uid-1"]


async def two_sandboxes_have_two_addresses(case: RuntimeCase) -> None:
    one = await case.runtime.start_sandbox(sandbox())
    two = await case.runtime.start_sandbox(sandbox("uid-2", "web-1"))
    assert one.ip != two.ip


async def a_removed_sandbox_is_gone_and_may_be_removed_again(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    await case.runtime.start_container("uid-1", container(case))
    await case.runtime.remove_sandbox("uid-1")
    await case.runtime.remove_sandbox("uid-1")
    assert not await case.runtime.list_sandboxes()


async def a_container_runs_and_is_listed_in_its_sandbox(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    started = await case.runtime.start_container("uid-1", container(case))
    assert started.state is ContainerState.RUNNING
    assert started.started_at is not None
    assert started.started_at.tzinfo is not None
    (listed,) = await case.runtime.list_sandboxes()
    assert [(c.id, c.name, c.attempt) for c in listed.containers] == [(started.id, "app", 0)]


async def starting_the_same_attempt_twice_starts_it_once(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    one = await case.runtime.start_container("uid-1", container(case))
    two = await case.runtime.start_container("uid-1", container(case))
    assert one.id == two.id


async def a_stop_signal_ends_a_container_and_its_end_is_recorded(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    started = await case.runtime.start_container("uid-1", container(case))
    ended = await stopped(case.runtime, started.id)
    assert ended.state is ContainerState.EXITED
    assert ended.exit_code is not None
    assert ended.finished_at is not None
    assert (await case.runtime.inspect(started.id)).state is ContainerState.EXITED


async def waiting_for_what_has_exited_returns_at_once(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    started = await case.runtime.start_container("uid-1", container(case))
    await case.runtime.signal(started.id, signal.SIGKILL)
    first = await case.runtime.wait(started.id)
    assert (await case.runtime.wait(started.id)) == first
    assert first.exit_code == 137
    await case.runtime.signal(started.id, signal.SIGTERM)


async def a_second_attempt_has_its_own_id_and_the_first_is_kept(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    one = await case.runtime.start_container("uid-1", container(case))
    await case.runtime.signal(one.id, signal.SIGKILL)
    await case.runtime.wait(one.id)
    two = await case.runtime.start_container("uid-1", container(case, 1))
    assert one.id != two.id
    (listed,) = await case.runtime.list_sandboxes()
    assert sorted((c.attempt, c.state) for c in listed.containers) == [
        (0, ContainerState.EXITED),
        (1, ContainerState.RUNNING),
    ]
    await case.runtime.remove_container(one.id)
    await case.runtime.remove_container(one.id)
    (listed,) = await case.runtime.list_sandboxes()
    assert [c.attempt for c in listed.containers] == [1]


async def a_missing_image_says_so(case: RuntimeCase) -> None:
    with pytest.raises(RuntimeFailure) as failure:
        await case.runtime.resolve_image(case.missing_image)
    assert failure.value.reason in ("ErrImagePull", "InvalidImageName")
    assert str(failure.value)


async def an_image_has_the_same_id_each_time(case: RuntimeCase) -> None:
    assert await case.runtime.resolve_image(case.image) == await case.runtime.resolve_image(case.image)


async def a_container_is_resized_while_it_runs_and_not_after(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    started = await case.runtime.start_container("uid-1", container(case))
    assert started.resources == container(case).resources
    more = Resources(cpu_request_millis=250, memory_bytes=256 << 20)
    resized = await case.runtime.resize(started.id, more)
    assert (resized.id, resized.state, resized.resources) == (started.id, ContainerState.RUNNING, more)
    await case.runtime.close()
    again = await case.reopen()
    assert (await again.inspect(started.id)).resources == more
    await stopped(again, started.id)
    with pytest.raises(RuntimeFailure):
        await again.resize(started.id, more)


async def containers_outlive_whoever_started_them(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    started = await case.runtime.start_container("uid-1", container(case))
    await case.runtime.close()
    again = await case.reopen()
    (listed,) = await again.list_sandboxes()
    wanted, found = sandbox(), listed.spec
    assert (found.uid, found.namespace, found.name, found.node) == (
        wanted.uid, wanted.namespace, wanted.name, wanted.node,
    )  # fmt: skip
    assert [(c.id, c.state) for c in listed.containers] == [(started.id, ContainerState.RUNNING)]
    assert (await stopped(again, started.id)).exit_code is not None


async def whoever_attaches_may_leave_and_learns_of_the_end(case: RuntimeCase) -> None:
    await case.runtime.start_sandbox(sandbox())
    started = await case.runtime.start_container("uid-1", container(case))
    leaving, staying = [await case.runtime.attach(started.id, stdin=False) for _ in range(2)]
    await leaving.kill()
    assert (await case.runtime.inspect(started.id)).state is ContainerState.RUNNING
    said, _ = await asyncio.gather(everything_said(staying), stopped(case.runtime, started.id))
    assert (said, await staying.wait()) == ([], 0)
    with pytest.raises(RuntimeFailure):
        await case.runtime.attach(started.id, stdin=False)


async def everything_said(streams: ExecStreams) -> list[tuple[int, bytes]]:
    return [said async for said in streams.output()]


CASES: tuple[Callable[[RuntimeCase], Awaitable[None]], ...] = (
    a_sandbox_has_an_address_and_is_started_once,
    two_sandboxes_have_two_addresses,
    a_removed_sandbox_is_gone_and_may_be_removed_again,
    a_container_runs_and_is_listed_in_its_sandbox,
    starting_the_same_attempt_twice_starts_it_once,
    a_stop_signal_ends_a_container_and_its_end_is_recorded,
    waiting_for_what_has_exited_returns_at_once,
    a_second_attempt_has_its_own_id_and_the_first_is_kept,
    a_missing_image_says_so,
    an_image_has_the_same_id_each_time,
    a_container_is_resized_while_it_runs_and_not_after,
    containers_outlive_whoever_started_them,
    whoever_attaches_may_leave_and_learns_of_the_end,
)
