"""The figures of one machine: how fast it starts, how soon real containers are up, what it costs at rest."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.trial import ROOT, median, timed, trial

REDIS = str(ROOT / "examples" / "redis")
REDIS_PATH = "/apis/apps/v1/namespaces/default/statefulsets/redis"
_IDLE_SECONDS = 10


@dataclass(frozen=True)
class Figure:
    """One row: what is measured, in which unit, our target, and what the real control plane takes."""

    name: str
    unit: str
    target: float
    real: str
    measure: Callable[[], float]


def cold_start() -> float:
    with trial() as run:

        def until_ready() -> None:
            run.begin("up", "--port", "0", "--detach")
            run.until(run.is_ready)

        return timed(until_ready)


def first_redis_ready() -> float:
    with trial() as run:

        def until_ready() -> None:
            run.begin("up", "-f", REDIS, "--port", "0", "--detach")
            run.until(lambda: run.ready_pods() >= 1)

        return timed(until_ready)


def three_containers_running() -> float:
    with trial() as run:
        run.petset("up", "--port", "0", "--detach")
        manifest = Path(REDIS, "redis.yaml").read_text()
        start, end = manifest.index("          readinessProbe:"), manifest.index("          resources:")
        plain = run.directory.path.parent / "plain.yaml"
        plain.write_text(manifest[:start] + manifest[end:])

        def until_running() -> None:
            run.begin("up", "-f", str(plain), "--detach")
            run.until(lambda: run.running_pods() == 3)

        return timed(until_running)


def three_redis_ready() -> float:
    with trial() as run:
        run.petset("up", "--port", "0", "--detach")

        def until_ready() -> None:
            run.begin("up", "-f", REDIS, "--detach")
            run.until(lambda: run.ready_pods() == 3)

        return timed(until_ready)


def killed_and_scaled() -> float:
    with trial() as run:
        run.petset("up", "-f", REDIS, "--port", "0", "--wait")
        os.kill(run.server_pid(), signal.SIGKILL)
        run.until(lambda: run.directory.server_pid() is None)

        def until_scaled() -> None:
            run.petset("up", "--detach")
            run.patch(REDIS_PATH, {"spec": {"replicas": 4}})
            run.until(lambda: run.ready_pods() == 4)

        return timed(until_scaled)


def idle_memory() -> float:
    with trial() as run:
        run.petset("up", "-f", REDIS, "--port", "0", "--wait")
        time.sleep(2)
        pages = int(Path(f"/proc/{run.server_pid()}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def idle_cpu() -> float:
    with trial() as run:
        run.petset("up", "-f", REDIS, "--port", "0", "--wait")
        time.sleep(2)
        before = _cpu_seconds(run.server_pid())
        time.sleep(_IDLE_SECONDS)
        return 100 * (_cpu_seconds(run.server_pid()) - before) / _IDLE_SECONDS


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


FIGURES = (
    Figure("cold start, empty data directory, to ready", "s", 0.5, "2.54", cold_start),
    Figure("`petset up` to the first redis pod Ready", "s", 1.0, "–", first_redis_ready),
    Figure("three real containers Running in order, with claims", "s", 0.6, "4.57", three_containers_running),
    Figure("three redis Ready in order, claims, probe every second", "s", 2.5, "–", three_redis_ready),
    Figure("server killed, started again, a scale request satisfied", "s", 1.0, "3–8", killed_and_scaled),
    Figure("idle memory with the three pods", "MB", 80, "711", idle_memory),
    Figure("idle CPU with the three pods", "% of a core", 1.0, "3–4", idle_cpu),
)


def table(runs: int) -> str:
    """The figures as a Markdown table: medians, with the least and the most."""
    lines = ["| figure | median | least–most | target | the real control plane |", "|---|---|---|---|---|"]
    for figure in FIGURES:
        values = [figure.measure() for _ in range(runs)]
        lines.append(
            f"| {figure.name} | {median(values):.2f} {figure.unit} | {min(values):.2f}–{max(values):.2f} "
            f"| ≤ {figure.target:g} {figure.unit} | {figure.real} |"
        )
    return "\n".join(lines)
