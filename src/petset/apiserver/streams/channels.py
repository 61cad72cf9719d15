"""The channel protocols over WebSocket: every message starts with one byte that says which stream it belongs to.

`v4.channel.k8s.io` carries input, output, errors, the final status and terminal sizes. `v5.channel.k8s.io` adds a
message by which a client closes its input while it goes on reading.
"""

import msgspec

from petset.api.errors import BadRequest
from petset.api.models import meta_v1

STDIN, STDOUT, STDERR, ERROR, RESIZE = range(5)
CLOSE = 255

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"


def choose(offered: list[str] | tuple[str, ...]) -> str:
    """The first offered that this server speaks, as clients offer first what they like best. Raises BadRequest."""
    for protocol in offered:
        if protocol in (V5, V4):
            return protocol
    raise BadRequest(f"unable to upgrade: offered protocols {list(offered)}, this server speaks {[V5, V4]}")


def frame(channel: int, data: bytes = b"") -> bytes:
    """A message on a channel."""
    return bytes((channel,)) + data


class TerminalSize(msgspec.Struct):
    """What a client sends when its window changes."""

    Width: int = 0
    Height: int = 0


def read_size(data: bytes) -> TerminalSize | None:
    """The new size, or None where the message makes no sense: a window is no reason to end a command."""
    try:
        return msgspec.json.decode(data, type=TerminalSize)
    except msgspec.DecodeError:
        return None


def exit_status(code: int) -> bytes:
    """How the command ended, as the error channel carries it."""
    if code == 0:
        return msgspec.json.encode(meta_v1.Status(metadata=meta_v1.ListMeta(), status="Success"))
    cause = meta_v1.StatusCause(reason="ExitCode", message=str(code))
    status = meta_v1.Status(
        metadata=meta_v1.ListMeta(),
        status="Failure",
        reason="NonZeroExitCode",
        message=f"command terminated with non-zero exit code: exit code {code}",
        details=meta_v1.StatusDetails(causes=[cause]),
    )
    return msgspec.json.encode(status)


def failure_status(message: str) -> bytes:
    """The command could not be run to its end."""
    status = meta_v1.Status(
        metadata=meta_v1.ListMeta(), status="Failure", reason="InternalError", message=message, code=500
    )
    return msgspec.json.encode(status)
