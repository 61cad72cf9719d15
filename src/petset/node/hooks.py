"""Runs what a container wants done after its start or before its end."""

from petset.aio.clock import Clock
from petset.api.models import core_v1
from petset.node.probes.checks import Checks, Outcome, Target


async def run_hook(
    checks: Checks, clock: Clock, hook: core_v1.LifecycleHandler, target: Target, timeout_seconds: float
) -> Outcome:
    """Its command, its request, or its sleep; never raises for what the container does."""
    if hook.sleep is not None:
        await clock.sleep(min(float(hook.sleep.seconds), timeout_seconds))
        return Outcome(True)
    return await checks.check(hook, target, timeout_seconds)
