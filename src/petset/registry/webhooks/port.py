"""How webhooks are reached: what a call needs, and what it may come to. The adapter speaks HTTPS."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Destination:
    """Where a webhook listens, and whom to believe that it does.

    `authorities` are PEM certificates, empty for those that the machine trusts. `addresses` (`host:port`) are where
    to connect, one as good as the other, where that is not what the URL says: then the URL's host is only the name
    that the server must prove to have.
    """

    url: str
    authorities: bytes = b""
    addresses: tuple[str, ...] = ()


class CallFailed(Exception):
    """No answer worth reading. The text says why, as far as possible in the words of a Go client."""


class BadAnswer(CallFailed):
    """An answer that says that something is wrong over there."""


class Caller(Protocol):
    """Asks webhooks."""

    async def post(self, to: Destination, body: bytes) -> bytes:
        """The body of a good answer to a JSON body. Raises CallFailed; waits as long as it takes."""
        ...


class Nobody:
    """For a control plane without a network."""

    async def post(self, to: Destination, body: bytes) -> bytes:
        raise CallFailed("this server calls no webhooks")
