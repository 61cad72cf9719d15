"""A task for every probe of every running container: waits, checks, counts, and tells when an answer changes."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.node.pods.probing import WantedProbe
from petset.node.probes.checks import Checks, Outcome, Target
from petset.node.probes.counter import ProbeKind, Settings, Tally, begin, record, settings_of

_log = logging.getLogger(__name__)


class ProbeKey(NamedTuple):
    """One probe of one attempt."""

    container_id: str
    kind: ProbeKind


@dataclass(frozen=True)
class ProbeNews:
    """A probe's answer has changed, or a check that counts has failed (then `failure` says how)."""

    pod_uid: str
    container: str
    container_id: str
    kind: ProbeKind
    tally: Tally
    changed: bool
    failure: str | None = None


class Probers:
    """The probes of all pods of a node. `tell` hears the news and must not block."""

    def __init__(
        self, supervisor: Supervisor, checks: Checks, clock: Clock, tell: Callable[[ProbeNews], None]
    ) -> None:
        self._supervisor = supervisor
        self._checks = checks
        self._clock = clock
        self._tell = tell
        self._stops: dict[str, dict[ProbeKey, Callable[[], object]]] = {}

    def keep(self, pod_uid: str, ip: str, wanted: Sequence[WantedProbe]) -> None:
        """Run exactly these probes for the pod: start those that are missing, end the others."""
        if not wanted and pod_uid not in self._stops:
            return  # as with nearly every look
        probes = {ProbeKey(w.attempt.id, w.kind): w for w in wanted}
        running = self._stops.setdefault(pod_uid, {})
        for key in [key for key in running if key not in probes]:
            running.pop(key)()
        for key, probe in probes.items():
            if key not in running:
                name = f"probe/{pod_uid}/{probe.container.name}/{probe.kind}"
                running[key] = self._supervisor.start(name, self._run(pod_uid, ip, probe)).cancel
        if not running:
            del self._stops[pod_uid]

    async def _run(self, pod_uid: str, ip: str, wanted: WantedProbe) -> None:
        settings = settings_of(wanted.kind, wanted.probe)
        target = Target(wanted.container, wanted.attempt.id, ip)
        started = wanted.attempt.started_at or self._clock.now()
        tally = begin(settings, self._age(started), passed=wanted.passed)
        while True:
            await self._clock.sleep(tally.due - self._age(started))
            outcome = await self._check(wanted, target, settings)
            before = tally
            tally = record(settings, before, success=outcome.success, age_seconds=self._age(started))
            news = self._news(pod_uid, wanted, before, tally)
            if news.changed or (not outcome.success and tally.last_counted and before.checks):
                self._tell(_with_message(news, outcome))
            if _is_settled(wanted.kind, tally):
                return

    def _age(self, started: datetime) -> float:
        return (self._clock.now() - started).total_seconds()

    async def _check(self, wanted: WantedProbe, target: Target, settings: Settings) -> Outcome:
        try:
            return await self._checks.check(wanted.probe, target, settings.timeout_seconds)
        except Exception as error:
            _log.exception("a %s probe of %s could not be made", wanted.kind.lower(), wanted.container.name)
            return Outcome(False, str(error))

    def _news(self, pod_uid: str, wanted: WantedProbe, before: Tally, after: Tally) -> ProbeNews:
        changed = before.passed != after.passed or (after.failed and not before.failed)
        return ProbeNews(pod_uid, wanted.container.name, wanted.attempt.id, wanted.kind, after, changed)


def _with_message(news: ProbeNews, outcome: Outcome) -> ProbeNews:
    if outcome.success or not news.tally.last_counted:
        return news
    return replace(news, failure=outcome.message)


def _is_settled(kind: ProbeKind, tally: Tally) -> bool:
    """A startup probe ends with its first answer; a failed liveness probe has done its work."""
    if kind is ProbeKind.STARTUP:
        return tally.passed or tally.failed
    return kind is ProbeKind.LIVENESS and tally.failed
