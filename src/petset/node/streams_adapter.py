"""What a node offers to the API server: a pod's logs, and commands run in its containers.

A log that is followed is looked at every 100 ms of the agent's clock: the standard library has no file
notification, one look ten times a second costs nothing, and only while somebody follows. Following goes on in the
new file where the log is put aside, and ends with the container's attempt, after its last line.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from petset.aio.clock import Clock
from petset.api.errors import BadRequest, NotFound
from petset.api.models import core_v1
from petset.node.logs.files import is_put_aside, read_lines, start_of_tail
from petset.node.logs.lines import Joiner, is_since
from petset.node.memory import PodMemory
from petset.node.pods.model import has_exited, is_running
from petset.node.pods.order import all_containers, init_containers, spec_of
from petset.node.pods.recall import all_statuses
from petset.node.runtime import Container, ExecStreams, Runtime, RuntimeFailure
from petset.node.streams import LogOptions, no_log_yet

SECONDS_BETWEEN_LOOKS = 0.1

Find = Callable[[str, str], PodMemory | None]
"""The newest pod of a namespace and name on this node."""


class AgentStreams:
    """The `NodeStreams` port on what an agent knows of its pods (`find`) and its runtime."""

    def __init__(self, find: Find, runtime: Runtime, clock: Clock) -> None:
        self._find = find
        self._runtime = runtime
        self._clock = clock

    async def logs(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        memory = self._memory(namespace, pod)
        name = _container_name(memory, options.container)
        attempt = _attempt(memory, name, previous=options.previous)
        left = options.limit_bytes
        if left == 0:
            return
        async for line in self._lines(memory, attempt, options):
            yield line if left is None else line[:left]
            if left is not None:
                left -= len(line)
                if left <= 0:
                    return

    def check(self, namespace: str, pod: str, container: str) -> None:
        self._running(namespace, pod, container)

    async def exec(
        self, namespace: str, pod: str, container: str, command: Sequence[str], *, stdin: bool, tty: bool
    ) -> ExecStreams:
        running = self._running(namespace, pod, container)
        try:
            return await self._runtime.exec(running.id, command, stdin=stdin, tty=tty)
        except RuntimeFailure as failure:
            raise BadRequest(str(failure)) from failure

    async def attach(self, namespace: str, pod: str, container: str, *, stdin: bool) -> ExecStreams:
        running = self._running(namespace, pod, container)
        try:
            return await self._runtime.attach(running.id, stdin=stdin)
        except RuntimeFailure as failure:
            raise BadRequest(str(failure)) from failure

    def _running(self, namespace: str, pod: str, container: str) -> Container:
        memory = self._memory(namespace, pod)
        name = _container_name(memory, container)
        attempts = memory.attempts.get(name, ())
        if not attempts or not is_running(attempts[-1]):
            raise BadRequest(f'container not found ("{name}")')
        return attempts[-1]

    async def dial(self, namespace: str, pod: str, port: int, *, loopback: bool = True) -> socket.socket:
        memory = self._memory(namespace, pod)
        if memory.sandbox is None or not memory.sandbox.ready:
            raise BadRequest(f"pod {pod} does not run")
        status = memory.pod.status
        address = "" if loopback else (status.podIP if status else None) or memory.sandbox.ip
        try:
            connection = socket.socket(fileno=await self._runtime.dial(memory.sandbox.spec.uid, port, address))
        except RuntimeFailure as failure:
            raise BadRequest(str(failure)) from failure
        connection.setblocking(False)
        return connection

    def _memory(self, namespace: str, pod: str) -> PodMemory:
        memory = self._find(namespace, pod)
        if memory is None or memory.gone:
            raise NotFound(f'pods "{pod}" not found', kind="pods", name=pod)
        return memory

    async def _lines(self, memory: PodMemory, attempt: Container, options: LogOptions) -> AsyncIterator[bytes]:
        joiner = Joiner()
        async for raw in self._raw_lines(memory, attempt, options):
            for line in joiner.lines(raw):
                if is_since(line, options.since) and options.stream in ("", line.stream):
                    yield line.render(timestamps=options.timestamps)

    async def _raw_lines(
        self, memory: PodMemory, attempt: Container, options: LogOptions
    ) -> AsyncIterator[list[bytes]]:
        """The file's lines in batches. Containers without a file (simulated ones) have written nothing."""
        if attempt.log_path is None:
            while options.follow and not _is_over(memory, attempt):
                await self._clock.sleep(SECONDS_BETWEEN_LOOKS)
            return
        file = await asyncio.to_thread(_open, attempt.log_path)
        try:
            offset = 0
            if options.tail_lines is not None:
                offset = await asyncio.to_thread(start_of_tail, file, options.tail_lines)
            while True:
                # Asked before the read: what was written by then is still read.
                over, renewed = _is_over(memory, attempt), is_put_aside(file, attempt.log_path)
                raw, offset = await asyncio.to_thread(read_lines, file, offset)
                if raw:
                    yield raw
                elif renewed and options.follow:
                    file.close()
                    file, offset = await asyncio.to_thread(_open, attempt.log_path), 0
                elif over or not options.follow:
                    return
                else:
                    await self._clock.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            file.close()


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return BytesIO()  # its container was removed a moment ago


def _is_over(memory: PodMemory, attempt: Container) -> bool:
    """The attempt has exited, or is known no more."""
    known = [a for a in memory.attempts.get(attempt.name, ()) if a.id == attempt.id]
    return not known or has_exited(known[0])


def _container_name(memory: PodMemory, wanted: str) -> str:
    """The container that is meant: by name, or the only one there is."""
    pod = memory.pod
    names = [c.name for c in all_containers(pod)]
    name = pod.metadata.name if pod.metadata else ""
    if wanted:
        if wanted not in names:
            raise BadRequest(f"container {wanted} is not valid for pod {name}")
        return wanted
    apps, init = [c.name for c in spec_of(pod).containers], [c.name for c in init_containers(pod)]
    if len(names) == 1:
        return names[0]
    choice = f"a container name must be specified for pod {name}, choose one of: [{' '.join(apps)}]"
    if init:
        choice += f" or one of the init containers: [{' '.join(init)}]"
    raise BadRequest(choice)


def _attempt(memory: PodMemory, container: str, *, previous: bool) -> Container:
    pod_name = memory.key[1]
    attempts = memory.attempts.get(container, ())
    if previous:
        ended = [a for a in attempts[:-1] if has_exited(a)]
        if not ended and attempts and has_exited(attempts[-1]) and _waits(memory.pod, container):
            ended = [attempts[-1]]
        if not ended:
            raise BadRequest(f'previous terminated container "{container}" in pod "{pod_name}" not found')
        return ended[-1]
    if not attempts:
        raise no_log_yet(container, pod_name, _waits(memory.pod, container) or "ContainerCreating")
    return attempts[-1]


def _waits(pod: core_v1.Pod, container: str) -> str:
    """The reason a container's status gives for waiting; empty if it does not wait."""
    for told in all_statuses(pod.status):
        if told.name == container and told.state and told.state.waiting:
            return told.state.waiting.reason or ""
    return ""
