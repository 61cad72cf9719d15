"""`/petset/waiting`: what the controllers wait for, and why. A page of Petset's own, beside the Kubernetes API.

It is no API object: a StatefulSet without a Petset annotation looks just as it does on Kubernetes.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import msgspec

from petset.apiserver.messages import Reply

PATH = "/petset/waiting"


@dataclass(frozen=True)
class Wait:
    """One set's reason: `pod` is who waits, `rule` the number in the contract, `message` the sentence to show.

    The sentence's parts stand beside it: `blocker` is the pod or claim that is waited for, `because` what is wrong
    with it, `remedy` what would end the wait.
    """

    namespace: str
    name: str
    pod: str
    rule: int
    message: str
    blocker: str = ""
    because: str = ""
    remedy: str = ""


class WaitingPage:
    """Asks `waits` anew each time."""

    def __init__(self, waits: Callable[[], Iterable[Wait]]) -> None:
        self._waits = waits

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """The reasons as `{"items": [...]}`; None for another path."""
        if path != PATH:
            return None
        return Reply(msgspec.json.encode({"items": [asdict(wait) for wait in self._waits()]}))
