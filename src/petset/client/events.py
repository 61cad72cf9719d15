"""What a component tells people about an object: `Normal Scheduled Successfully assigned …`.

Telling never holds up the work and never fails it: an event is put into a bounded queue and written by a task of
its own; what does not fit, or is refused, is lost with a line in the log.
"""

import asyncio
import logging
from datetime import UTC, datetime
from random import Random  # noqa: TID251 - the type of an argument
from typing import Literal

from petset.api import objects
from petset.api.errors import ApiError, NotFound
from petset.api.models import core_v1, meta_v1
from petset.api.objects import Now, Object
from petset.client.correlate import Correlator, Occurrence, Subject, Tally
from petset.client.port import Client
from petset.registry.port import Patch

_MOST_WAITING = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_log = logging.getLogger(__name__)


class EventRecorder:
    """Events of one component, such as `statefulset-controller`, on `host` where it runs on a node."""

    def __init__(self, client: Client, now: Now, component: str, source: Random, host: str = "") -> None:
        self._client = client
        self._now = now
        self._component = component
        self._host = host
        self._random = source
        self._correlator = Correlator(self._name_for)
        self._waiting: asyncio.Queue[Occurrence] = asyncio.Queue(_MOST_WAITING)

    def event(
        self, obj: Object, type: Literal["Normal", "Warning"], reason: str, message: str, field_path: str = ""
    ) -> None:
        """Tell of something that happened to `obj`, or to its part `spec.containers{redis}`."""
        subject = Subject(
            obj.apiVersion or "",
            obj.kind or "",
            objects.namespace_of(obj),
            objects.name_of(obj),
            objects.uid_of(obj),
            field_path,
        )
        try:
            self._waiting.put_nowait(Occurrence(subject, type, reason, message, self._now()))
        except asyncio.QueueFull:
            _log.warning("too many events wait; lost: %s %s: %s", subject.name, reason, message)

    async def run(self) -> None:
        """Write what is told, until cancelled."""
        while True:
            occurrence = await self._waiting.get()
            tally = self._correlator.observe(occurrence)
            if tally is None:
                continue
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
