"""What a component tells people about an object: `Normal Scheduled Successfully assigned …`.

Telling never holds up the work and never fails it: an event is put into a bounded queue and written by a task of
its own; what does not fit, or is refused, is lost with a line in the log. What is told within a moment is written
side by side, so that it shares a commit and the work beside it does not wait for one commit after the other.

A flood is written at a measured pace, as Kubernetes' own components do (a kubelet: 50 a second, 100 at once), so
that a thousand pods that start at once are not held up by four thousand lines about them. Theirs lose what comes
faster than that, beyond a queue of 1,000; ours is longer.
"""

import asyncio
import logging
from collections import deque
from datetime import UTC, datetime
from random import Random  # noqa: TID251 - the type of an argument
from typing import Literal

from petset.aio.clock import Clock
from petset.api.errors import ApiError, NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import Object, meta
from petset.client.correlate import Correlator, Occurrence, Subject, Tally
from petset.client.port import Client
from petset.registry.port import Patch

COLLECT_SECONDS = 0.05
AT_ONCE = 50
PER_SECOND = 100
_MOST_WAITING = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = logging.getLogger(__name__)


class EventRecorder:
    """Events of one component, such as `statefulset-controller`, on `host` where it runs on a node."""

    def __init__(self, client: Client, clock: Clock, component: str, source: Random, host: str = "") -> None:
        self._client = client
        self._clock = clock
        self._component = component
        self._host = host
        self._random = source
        self._correlator = Correlator(self._name_for)
        self._waiting: deque[Occurrence] = deque()
        self._some_wait = asyncio.Event()
        self._lost = 0
        self._allowed: float = AT_ONCE
        self._allowed_at = clock.monotonic()

    def event(
        self, obj: Object, type: Literal["Normal", "Warning"], reason: str, message: str, field_path: str = ""
    ) -> None:
        """Tell of something that happened to `obj`, or to its part `spec.containers{redis}`."""
        m = meta(obj)
        if len(self._waiting) >= _MOST_WAITING:
            if not self._lost:
                _log.warning("too many events wait; lost: %s %s: %s", m.name, reason, message)
            self._lost += 1
            return
        subject = Subject(
            obj.apiVersion or "", obj.kind or "", m.namespace or "", m.name or "", m.uid or "", field_path
        )
        if not self._waiting:
            self._some_wait.set()
        self._waiting.append(Occurrence(subject, type, reason, message, self._clock.now()))

    async def run(self) -> None:
        """Write what is told, until cancelled."""
        while True:
            await self._some_wait.wait()
            await self._clock.sleep(COLLECT_SECONDS)
            self._tell_of_losses()
            told = self._collected()
            if not self._waiting:
                self._some_wait.clear()
            self._allowed -= len(told)
            await asyncio.gather(*(self._try_to_write(occurrence, tally) for occurrence, tally in told.values()))

    def _tell_of_losses(self) -> None:
        if self._lost and len(self._waiting) < _MOST_WAITING // 2:
            _log.warning("%d events were lost because too many waited", self._lost)
            self._lost = 0

    def _collected(self) -> dict[str, tuple[Occurrence, Tally]]:
        """What is to be written now, by the names of the events: as much as waits and the pace allows."""
        now = self._clock.monotonic()
        self._allowed = min(AT_ONCE, self._allowed + (now - self._allowed_at) * PER_SECOND)
        self._allowed_at = now
        told: dict[str, tuple[Occurrence, Tally]] = {}
        while self._waiting and (not told or len(told) + 1 <= self._allowed):
            occurrence = self._waiting.popleft()
            tally = self._correlator.observe(occurrence)
            if tally is not None:
                told[tally.name] = occurrence, tally
        return told

    async def _try_to_write(self, occurrence: Occurrence, tally: Tally) -> None:
        try:
            await self._write(occurrence, tally)
        except ApiError as error:
            _log.warning("the event %s %s is lost: %s", occurrence.subject.name, occurrence.reason, error)

    async def _write(self, occurrence: Occurrence, tally: Tally) -> None:
        if tally.count > 1:
            try:
                await self._client.patch(core_v1.Event, tally.name, _namespace_of(occurrence), _count_patch(tally))
            except NotFound:
                _log.debug("the event %s was cleared away; it is written anew", tally.name)
            else:
                return
        await self._client.create(self._event(occurrence, tally))

    def _event(self, occurrence: Occurrence, tally: Tally) -> core_v1.Event:
        subject = occurrence.subject
        return core_v1.Event(
            metadata=meta_v1.ObjectMeta(name=tally.name, namespace=_namespace_of(occurrence)),
            involvedObject=core_v1.ObjectReference(
                apiVersion=subject.api_version,
                kind=subject.kind,
                namespace=subject.namespace or None,
                name=subject.name,
                uid=subject.uid,
                fieldPath=subject.field_path or None,
            ),
            type=occurrence.type,
            reason=occurrence.reason,
            message=tally.message,
            count=tally.count,
            firstTimestamp=tally.first,
            lastTimestamp=tally.last,
            source=core_v1.EventSource(component=self._component, host=self._host or None),
            reportingComponent=self._component,
            reportingInstance=self._host,
        )

    def _name_for(self, occurrence: Occurrence) -> str:
        """The subject's name, the moment and, as many things may happen in one moment, some random bits."""
        micros = (occurrence.at - _EPOCH).total_seconds() * 1_000_000
        return f"{occurrence.subject.name}.{int(micros):x}{self._random.getrandbits(16):04x}"


def _namespace_of(occurrence: Occurrence) -> str:
    """Events about objects without a namespace live in `default`."""
    return occurrence.subject.namespace or "default"


def _count_patch(tally: Tally) -> Patch:
    last = tally.last.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    document = {"count": tally.count, "lastTimestamp": last, "message": tally.message}
    return Patch("application/merge-patch+json", document)
