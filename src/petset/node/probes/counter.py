"""How a probe's results add up: thresholds and the time of the next check, as a pure state machine.

Checks that count happen once a period, the first after the initial delay, as Kubernetes does it. On top of those,
as long as a container has never passed its startup or readiness probe, a failed check is tried again soon: after
20 ms, 40 ms, 80 ms … until the pause reaches the period. Those quick checks can only help: a success counts, a
failure does not. So a pod is Ready as soon as it is, not a period later (decision "Eager first probes").
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from petset.api.models import core_v1

FIRST_QUICK_SECONDS = 0.02


class ProbeKind(StrEnum):
    """Which question a probe answers; the value is the word of Kubernetes' events."""

    STARTUP = "Startup"
    READINESS = "Readiness"
    LIVENESS = "Liveness"


@dataclass(frozen=True)
class Settings:
    """A probe's numbers, with Kubernetes' defaults filled in."""

    kind: ProbeKind
    initial_delay_seconds: float
    period_seconds: float
    timeout_seconds: float
    success_threshold: int
    failure_threshold: int


def settings_of(kind: ProbeKind, probe: core_v1.Probe) -> Settings:
    """The numbers of a probe of a pod."""
    return Settings(
        kind,
        probe.initialDelaySeconds or 0,
        probe.periodSeconds or 10,
        probe.timeoutSeconds or 1,
        probe.successThreshold or 1,
        probe.failureThreshold or 3,
    )


@dataclass(frozen=True)
class Tally:
    """What the checks of one attempt came to. Times are seconds since the container's start.

    `passed` is what the probe says now: a liveness probe passes until it fails, the others the other way round.
    `failed` is set once the failure threshold has been reached in a row.
    """

    due: float
    tick: float
    passed: bool
    ever_passed: bool = False
    failed: bool = False
    successes: int = 0
    failures: int = 0
    checks: int = 0
    quick: int = 0
    last_counted: bool = True


def begin(settings: Settings, age_seconds: float, *, passed: bool | None = None) -> Tally:
    """Before the first check of a container of this age. `passed` is what was known from before, if anything."""
    due = max(settings.initial_delay_seconds, age_seconds)
    initially = settings.kind is ProbeKind.LIVENESS if passed is None else passed
    return Tally(due=due, tick=due, passed=initially, ever_passed=initially)


def record(settings: Settings, before: Tally, *, success: bool, age_seconds: float) -> Tally:
    """The tally after a check that ended at this age."""
    checks = before.checks + 1
    if success:
        successes = before.successes + 1
        passed = before.passed or successes >= settings.success_threshold
        due = age_seconds + settings.period_seconds
        return replace(
            before,
            due=due,
            tick=due,
            passed=passed,
            ever_passed=before.ever_passed or passed,
            failed=False,
            successes=successes,
            failures=0,
            checks=checks,
            last_counted=True,
        )
    counted = before.due >= before.tick
    failures = before.failures + counted
    failed = failures >= settings.failure_threshold
    tick = max(before.tick + settings.period_seconds, age_seconds) if counted else before.tick
    due, quick = tick, before.quick
    pause = FIRST_QUICK_SECONDS * 2**quick
    if not before.ever_passed and pause < settings.period_seconds:
        due, quick = min(tick, age_seconds + pause), quick + 1
    return replace(
        before,
        due=due,
        tick=tick,
        passed=before.passed and not failed,
        failed=failed,
        successes=0,
        failures=failures,
        checks=checks,
        quick=quick,
        last_counted=counted,
    )
