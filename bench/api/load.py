"""The load client: `wrk`, which spends far less of the two shared cores on a request than the server does.

It has no client certificates, so it comes as a service account with a bearer token, whose role allows what it does.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.api.served import NAMESPACE, Served

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Taken:
    """One run: requests a second, latencies in milliseconds, and the server's processor time for each in µs."""

    requests: int
    per_second: float
    median_ms: float
    p99_ms: float
    cpu_micros: float


@dataclass(frozen=True)
class Ask:
    """What to ask for: the verb of `load.lua`, from which object on, going round how many (0: always the next).

    With a `last` object it ends there, if the time is not over before.
    """

    verb: str
    first: int = 0
    round: int = 0
    namespace: str = NAMESPACE
    last: int = 0


def run(served: Served, ask: Ask, workers: int, seconds: int, *, strict: bool = True) -> Taken:
    """Ask for that long. Raises RuntimeError where an answer was no success, if that is not expected."""
    numbers = [str(number) for number in (ask.first, ask.round, ask.last)]
    arguments = [ask.verb, ask.namespace, served.token, *numbers]
    command = ["wrk", "-t1", f"-c{workers}", f"-d{seconds}s", "--timeout", "30s", "-s", str(SCRIPT), served.url]
    before = served.cpu_seconds()
    done = subprocess.run([*command, "--", *arguments], capture_output=True, text=True, check=True)
    cpu = served.cpu_seconds() - before
    told = json.loads(done.stdout.splitlines()[-1])
    if strict and (told["refused"] or told["broken"]):
        raise RuntimeError(f"{ask}: {told['refused']} refused, {told['broken']} broken of {told['requests']}")
    count = told["requests"]
    return Taken(
        requests=count,
        per_second=count / told["micros"] * 1e6,
        median_ms=told["median_micros"] / 1e3,
        p99_ms=told["p99_micros"] / 1e3,
        cpu_micros=cpu / count * 1e6,
    )


def require() -> None:
    """Raises SystemExit where the load client is missing."""
    if shutil.which("wrk") is None:
        raise SystemExit("bench api needs wrk: apt-get install wrk")
