"""What the API server asks of a node agent when a client wants a pod's logs or a shell: the kubelet's port."""

import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from petset.api.errors import BadRequest
from petset.node.runtime import ExecStreams


@dataclass(frozen=True)
class LogOptions:
    """As in `kubectl logs`. None for `tail_lines` or `limit_bytes` is all; `stream` is stdout, stderr, or both."""

    container: str = ""
    follow: bool = False
    previous: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None
    since: datetime | None = None
    stream: Literal["", "stdout", "stderr"] = ""


_WHY_NO_LOG = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


def no_log_yet(container: str, pod: str, reason: str | None) -> BadRequest:
    """The refusal for the log of a container that waits for its first start, for this reason."""
    message = f'container "{container}" in pod "{pod}" is waiting to start'
    why = _WHY_NO_LOG.get(reason or "", reason)
    return BadRequest(f"{message}: {why}" if why else f"{message} - no logs yet")


class NodeStreams(Protocol):
    """One per node. Errors are `petset.api.errors.ApiError`: BadRequest where the container never started."""

    def logs(self, namespace: str, pod: str, options: LogOptions) -> AsyncIterator[bytes]:
        """Whole lines. With `follow`, ends when the container has exited."""
        ...

    def check(self, namespace: str, pod: str, container: str) -> None:
        """BadRequest where no such container runs, as `exec` and `attach` would say."""
        ...

    async def exec(
        self, namespace: str, pod: str, container: str, command: Sequence[str], *, stdin: bool, tty: bool
    ) -> ExecStreams: ...

    async def attach(self, namespace: str, pod: str, container: str, *, stdin: bool) -> ExecStreams:
        """The streams of the container's own process, which goes on when they are let go."""
        ...

    async def dial(self, namespace: str, pod: str, port: int, *, loopback: bool = True) -> socket.socket:
        """A non-blocking connection to what listens on the pod's loopback, or else at its address.

        BadRequest where nobody does.
        """
        ...
