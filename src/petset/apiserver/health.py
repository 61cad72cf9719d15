"""Whether the server is alive and ready: `/livez`, `/readyz` and the older `/healthz`, one named check at a time.

A composition root hangs its own checks in (`Options.checks`); each is asked anew every time. The answers are the
plain texts that load balancers and `kubectl get --raw` know.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from petset.apiserver.messages import Reply
from petset.apiserver.query import Parameters

PATHS = ("/healthz", "/livez", "/readyz")


@dataclass(frozen=True)
class Check:
    """A named question. `ask` returns when all is well and raises when it is not; the log has the reason."""

    name: str
    ask: Callable[[], Awaitable[None]]
    readiness_only: bool = False


async def _ping() -> None:
    """That the server answers at all."""


class Health:
    """Answers the three paths, and one check by name below each."""

    def __init__(self, checks: Sequence[Check] = ()) -> None:
        self._checks = (Check("ping", _ping), *checks)

    async def get(self, path: str, query_string: bytes, accept: str) -> Reply | None:
        """200 `ok`, or 500 with the checks that failed; None for another path."""
        root, _, name = path[1:].partition("/")
        if f"/{root}" not in PATHS:
            return None
        parameters = Parameters(query_string)
        excluded = set(parameters.texts("exclude"))
        checks = [c for c in self._checks if root == "readyz" or not c.readiness_only]
        chosen = [c for c in checks if (c.name == name if name else c.name not in excluded)]
        if name and not chosen:
            return None
        failed = {check.name for check in chosen if not await _passes(check)}
        if not failed and (name or not parameters.texts("verbose")):
            return _text("ok", 200)
        lines = [f"[-]{c.name} failed: reason withheld" if c.name in failed else f"[+]{c.name} ok" for c in chosen]
        verdict = f"{root} check {'failed' if failed else 'passed'}"
        return _text("\n".join([*lines, verdict, ""]), 500 if failed else 200)


async def _passes(check: Check) -> bool:
    try:
        await check.ask()
    except Exception:  # whatever is wrong, it is not well
        return False
    return True


def _text(text: str, status: int) -> Reply:
    headers = ((b"x-content-type-options", b"nosniff"),)
    return Reply(text.encode(), status, "text/plain; charset=utf-8", headers)
