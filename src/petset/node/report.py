"""Writes pods' statuses: one write at a time for each pod, each of the newest, none that says nothing new.

While a pod is on its way (its sandbox or a container is being started, or told to stop) its status would change
again within milliseconds, so the write is held back for up to 50 ms, and a little longer for each pod that is on
its way too. A healthy pod without probes thus costs one write when it comes and one when it goes, also when a
thousand start at once.
"""

import logging
from datetime import datetime, timedelta
from typing import Protocol

from petset.aio.clock import Clock
from petset.aio.tasks import Supervisor
from petset.api.errors import ApiError, Conflict, NotFound
from petset.api.models import core_v1
from petset.api.objects import name_of, namespace_of, uid_of
from petset.client.port import Client
from petset.node.memory import PodMemory

HOLD = timedelta(milliseconds=50)
HOLD_FOR_EACH_OTHER = timedelta(milliseconds=3)
LONGEST_HOLD = timedelta(seconds=2)
PAUSE_AFTER_A_REFUSAL = timedelta(seconds=1)
_SOON_DIFFERENT = ("volumes", "sandbox", "image/", "start/", "stop/", "signal/")

_log = logging.getLogger(__name__)


class Ended(Protocol):
    """What is called when a write has ended. `look_again`: it failed, or the status has changed meanwhile."""

    def __call__(self, memory: PodMemory, *, look_again: bool) -> None: ...


class Reporter:
    """The statuses of a node's pods."""

    def __init__(self, client: Client, clock: Clock, supervisor: Supervisor, ended: Ended) -> None:
        self._client = client
        self._clock = clock
        self._supervisor = supervisor
        self._ended = ended
        self._on_their_way: set[str] = set()

    def held_until(self, memory: PodMemory, now: datetime) -> datetime | None:
        """The time until which nothing should be written; None if now is right."""
        if memory.report_again_at is not None and now < memory.report_again_at:
            return memory.report_again_at
        if not _is_on_its_way(memory):
            memory.report_held_since = None
            self._on_their_way.discard(memory.uid)
            return None
        if memory.report_held_since is None:
            self._on_their_way.add(memory.uid)
            memory.report_held_since = now
        others = len(self._on_their_way) - 1
        until = memory.report_held_since + HOLD + min(HOLD_FOR_EACH_OTHER * others, LONGEST_HOLD)
        if now < until:
            return until
        self._on_their_way.discard(memory.uid)
        return None

    def forget(self, uid: str) -> None:
        """Nothing is left of the pod."""
        self._on_their_way.discard(uid)

    def is_known(self, memory: PodMemory, status: core_v1.PodStatus) -> bool:
        """The API has this status already, as it was sent or in the form that the server gave it, and keeps it.

        While another is on its way nothing is known: what the API has at present is about to be replaced.
        """
        if memory.reporting:
            return False
        stored = memory.pod.status
        return stored == status or (status == memory.written and stored == memory.accepted)

    def write(self, memory: PodMemory, status: core_v1.PodStatus) -> None:
        """Write the status; where a write is under way, have the pod looked at again when that has ended."""
        if memory.reporting:
            memory.report_again = True
        else:
            memory.reporting, memory.report_again = True, False
            self._supervisor.start(f"report/{memory.uid}", self._write(memory, status))

    async def _write(self, memory: PodMemory, status: core_v1.PodStatus) -> None:
        pod = core_v1.Pod(
            apiVersion="v1", kind="Pod", metadata=memory.pod.metadata, spec=memory.pod.spec, status=status
        )
        done = False
        try:
            stored = await self._client.update(pod, "status")
            memory.written, memory.accepted = status, stored.status
            memory.take_pod(stored)
            done = not memory.report_again
        except Conflict:
            await self._read_again(memory)
        except NotFound:
            _log.debug("%s/%s is gone: its status goes nowhere", *memory.key)
            memory.report_again_at = self._clock.now() + PAUSE_AFTER_A_REFUSAL
        except ApiError as error:
            _log.warning("the status of %s/%s was refused: %s", *memory.key, error)
            memory.report_again_at = self._clock.now() + PAUSE_AFTER_A_REFUSAL
        finally:
            memory.reporting = False
            self._ended(memory, look_again=not done)

    async def _read_again(self, memory: PodMemory) -> None:
        """Somebody else wrote in between: the next status is made from what is there now."""
        try:
            pod = await self._client.get(core_v1.Pod, name_of(memory.pod), namespace_of(memory.pod))
        except ApiError:
            memory.report_again_at = self._clock.now() + PAUSE_AFTER_A_REFUSAL
            return
        if uid_of(pod) == memory.uid:
            memory.take_pod(pod)
        else:  # gone, and another has taken its name: the watch will say so
            memory.report_again_at = self._clock.now() + PAUSE_AFTER_A_REFUSAL


def _is_on_its_way(memory: PodMemory) -> bool:
    """The pod's status will soon be different."""
    for key in memory.busy:
        if key.startswith(_SOON_DIFFERENT):
            return True
    return memory.is_ending
