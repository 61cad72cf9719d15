"""A pod's log as plain text in chunks: `kubectl logs`, with everything it can ask for."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from petset.aio.clock import Clock
from petset.api.errors import ApiError, Cause, Invalid
from petset.api.models import core_v1
from petset.api.objects import name_of
from petset.apiserver.messages import Reply, Stream, Write
from petset.apiserver.query import Parameters
from petset.apiserver.routes import Request
from petset.apiserver.streams import pods
from petset.node.streams import LogOptions, NodeStreams, no_log_yet
from petset.registry.port import Registry

TEXT = "text/plain"
_STREAMS: Mapping[str, Literal["", "stdout", "stderr"]] = {
    "": "", "All": "", "Stdout": "stdout", "Stderr": "stderr",
}  # fmt: skip


async def open_logs(
    request: Request, registry: Registry, streams: Mapping[str, NodeStreams], clock: Clock
) -> Reply | Stream:
    """The log's stream. Raises ApiError where there is no such container, or none of its logs yet.

    A pod that has no node yet has an empty log, as in Kubernetes.
    """
    pod = pods.load(request, registry)
    options = read_options(request.raw_query, clock.now())
    container = pods.choose_container(pod, options.container)
    if not pods.node_of(pod):
        return Reply(b"", content_type=TEXT)
    options = LogOptions(
        container=container,
        follow=options.follow,
        previous=options.previous,
        timestamps=options.timestamps,
        tail_lines=options.tail_lines,
        limit_bytes=options.limit_bytes,
        since=options.since,
        stream=options.stream,
    )
    lines = pods.agent_of(pod, streams).logs(request.namespace, request.name, options)
    if options.follow:
        check_has_started(pod, container)
        return Stream(_Log(lines).run, TEXT)
    return Stream(_Log(lines, await anext(lines, b"")).run, TEXT)


def check_has_started(pod: core_v1.Pod, container: str) -> None:
    """Raises BadRequest for a container that waits for its first start.

    Whoever follows a log gets an answer at once, before there is a line; so what the node's agent would refuse with
    the first line is refused here.
    """
    statuses = pod.status.containerStatuses if pod.status else None
    for status in statuses or ():
        waiting = status.state.waiting if status.state else None
        if status.name == container and waiting is not None and not status.restartCount:
            raise no_log_yet(container, name_of(pod), waiting.reason)


class _Log:
    """The log from its first chunk on, which is fetched early so that a refusal is still a Status."""

    def __init__(self, lines: AsyncIterator[bytes], first: bytes = b"") -> None:
        self._lines = lines
        self._first = first

    async def run(self, write: Write) -> None:
        try:
            if self._first:
                await write(self._first)
            async for chunk in self._lines:
                if chunk:
                    await write(chunk)
        except ApiError as error:
            await write(f"{error.message}\n".encode())


def read_options(query_string: bytes, now: datetime) -> LogOptions:
    """The query of `kubectl logs`. Raises BadRequest or Invalid naming the parameter."""
    raw = Parameters(query_string)
    seconds, moment = raw.number("sinceSeconds"), raw.time("sinceTime")
    tail, limit = raw.number("tailLines"), raw.number("limitBytes")
    stream = raw.text("stream")
    _check(seconds, moment, tail, limit, stream)
    return LogOptions(
        container=raw.text("container"),
        follow=bool(raw.flag("follow")),
        previous=bool(raw.flag("previous")),
        timestamps=bool(raw.flag("timestamps")),
        tail_lines=tail,
        limit_bytes=limit,
        since=_before(now, seconds) if seconds is not None else moment,
        stream=_STREAMS[stream],
    )


def _before(now: datetime, seconds: int) -> datetime | None:
    """So long ago; None, for all there is, where that was before the calendar began."""
    try:
        return now - timedelta(seconds=seconds)
    except OverflowError:
        return None


def _check(seconds: int | None, moment: datetime | None, tail: int | None, limit: int | None, stream: str) -> None:
    causes = []
    if tail is not None and tail < 0:
        causes.append(_cause("tailLines", f"Invalid value: {tail}: must be greater than or equal to 0"))
    if limit is not None and limit < 1:
        causes.append(_cause("limitBytes", f"Invalid value: {limit}: must be greater than 0"))
    if seconds is not None and moment is not None:
        causes.append(_cause("", "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"))
    elif seconds is not None and seconds < 1:
        causes.append(_cause("sinceSeconds", f"Invalid value: {seconds}: must be greater than 0"))
    if stream not in _STREAMS:
        allowed = '"All", "Stderr", "Stdout"'
        causes.append(_cause("stream", f'Unsupported value: "{stream}": supported values: {allowed}'))
    elif _STREAMS[stream] and tail is not None:
        causes.append(_cause("", "Forbidden: `tailLines` and specific `stream` are mutually exclusive for now"))
    if causes:
        texts = [f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes]
        listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        raise Invalid(f'PodLogOptions "" is invalid: {listed}', kind="PodLogOptions", causes=tuple(causes))


def _cause(field: str, message: str) -> Cause:
    reasons = {"Forbidden": "FieldValueForbidden", "Unsupported value": "FieldValueNotSupported"}
    return Cause(reasons.get(message.partition(":")[0], "FieldValueInvalid"), message, field)
