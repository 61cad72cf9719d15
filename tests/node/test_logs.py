"""Logs: parts of lines are put together, a tail is found from the end, following ends with the attempt."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node.world import a_container, a_pod, node_world

from petset.api.errors import BadRequest, NotFound
from petset.api.objects import replace
from petset.daemons.clock import SystemClock
from petset.node.logs.files import read_lines, start_of_tail
from petset.node.logs.lines import Joiner, time_of
from petset.node.logs.rotation import MOST_FILES, Rotation, plan
from petset.node.memory import PodMemory
from petset.node.runtime import Container, ContainerState
from petset.node.streams import LogOptions
from petset.node.streams_adapter import AgentStreams
from petset.testing.loop import run
from petset.testing.runtime import SimulatedRuntime

STAMP = b"2026-01-01T00:00:00.123456789Z"


def entry(text: bytes, tag: bytes = b"F", stream: bytes = b"stdout") -> bytes:
    return b" ".join([STAMP, stream, tag, text])


def test_parts_of_a_line_are_put_together_each_stream_on_its_own() -> None:
    raw = [entry(b"one ", b"P"), entry(b"oops", stream=b"stderr"), entry(b"two", b"P"), entry(b" three")]
    assert [line.text for line in Joiner().lines(raw)] == [b"oops", b"one two three"]
    assert [line.stream for line in Joiner().lines(raw)] == ["stderr", "stdout"]


def test_what_is_no_log_line_is_passed_over() -> None:
    assert [line.text for line in Joiner().lines([b"", b"garbage", entry(b"fine")])] == [b"fine"]


def test_a_time_is_read_to_the_microsecond_in_any_zone() -> None:
    expected = datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert time_of(STAMP) == expected
    assert time_of(b"2026-01-01T02:00:00.123456789+02:00") == expected
    assert time_of(b"2026-01-01T00:00:00Z") == expected.replace(microsecond=0)


@given(
    texts=st.lists(st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), min_size=1, max_size=3)),
    wanted=st.integers(0, 8),
)
def test_the_tail_of_a_file_is_its_last_lines(texts: list[list[bytes]], wanted: int) -> None:
    raw = []
    for *parts, last in texts:
        raw += [entry(part, b"P") for part in parts] + [entry(last)]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "0.log"
        path.write_bytes(b"".join(line + b"\n" for line in raw))
        with path.open("rb") as file:
            lines, _ = read_lines(file, start_of_tail(file, wanted))
    whole = [b"".join(parts) for parts in texts]
    assert [line.text for line in Joiner().lines(lines)] == (whole[-wanted:] if wanted else [])


def test_a_tail_that_spans_many_blocks_is_found(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(b"".join(entry(b"%06d" % n + b"x" * 100) + b"\n" for n in range(5000)))
    size = path.stat().st_size
    with path.open("rb") as file:
        lines, end = read_lines(file, start_of_tail(file, 3000))
        assert lines[0].endswith(b"002000" + b"x" * 100)
        assert end == size
        assert read_lines(file, size) == ([], size)


def test_a_line_that_is_not_finished_is_not_read_yet(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(entry(b"whole") + b"\n" + entry(b"hal"))
    with path.open("rb") as reading, path.open("ab") as writing:
        lines, end = read_lines(reading, 0)
        assert lines == [entry(b"whole")]
        writing.write(b"f\n")
        writing.flush()
        assert read_lines(reading, end)[0] == [entry(b"half")]


REFUSALS = {
    "an unknown container": (LogOptions(container="nope"), "container nope is not valid for pod web-0"),
    "no container named where there are two": (
        LogOptions(),
        "a container name must be specified for pod web-0, choose one of: [app other]",
    ),
    "an attempt before the first": (
        LogOptions(container="app", previous=True),
        'previous terminated container "app" in pod "web-0" not found',
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_log_is_refused_in_kubernetes_words(case: str) -> None:
    options, message = REFUSALS[case]

    async def story() -> None:
        async with node_world(start=False) as world:
            streams = world.start_agent().streams
            await world.create(a_pod(containers=[a_container(), a_container("other")]))
            await world.ready()
            with pytest.raises(BadRequest) as refused:
                await anext(streams.logs("default", "web-0", options))
            assert str(refused.value) == message
            with pytest.raises(NotFound):
                await anext(streams.logs("default", "web-1", options))

    run(story())


def test_a_container_that_waits_has_no_log_yet() -> None:
    async def story() -> None:
        async with node_world(start=False) as world:
            streams = world.start_agent().streams
            world.runtime.refuse_image("redis:7.0", "ErrImagePull", "no")
            await world.create(a_pod())
            await world.sleep(2)
            with pytest.raises(BadRequest, match="is waiting to start: trying and failing to pull image"):
                await anext(streams.logs("default", "web-0", LogOptions()))

    run(story())


class ClockOfOneLook:
    """Time in which nothing waits: the container ends while a follower sleeps."""

    def __init__(self, at_sleep: Callable[[], None]) -> None:
        self._at_sleep = at_sleep

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self._at_sleep()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        raise AssertionError("logs set no timers")


def read_log(
    path: Path, options: LogOptions, at_sleep: Callable[[PodMemory], None] = lambda m: None
) -> list[bytes]:
    """The log of a pod with one running container; real threads read it, so this runs in real time."""
    pod = a_pod()
    assert pod.metadata is not None
    pod.metadata.uid = "uid-1"
    memory = PodMemory(pod)
    memory.take_container(
        Container("id", "uid-1", "app", 0, "redis:7.0", "", ContainerState.RUNNING, log_path=path)
    )
    clock = ClockOfOneLook(lambda: at_sleep(memory))

    async def main() -> list[bytes]:
        streams = AgentStreams(lambda namespace, name: memory, SimulatedRuntime(clock), clock)
        return [line async for line in streams.logs("default", "web-0", options)]

    return asyncio.run(main())


def test_options_choose_lines(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(b"".join(entry(text) + b"\n" for text in (b"one", b"two", b"three")))
    assert read_log(path, LogOptions()) == [b"one\n", b"two\n", b"three\n"]
    assert read_log(path, LogOptions(tail_lines=1)) == [b"three\n"]
    assert read_log(path, LogOptions(limit_bytes=6)) == [b"one\n", b"tw"]
    assert read_log(path, LogOptions(timestamps=True, tail_lines=1)) == [STAMP + b" three\n"]
    assert read_log(path, LogOptions(since=datetime(2027, 1, 1, tzinfo=UTC))) == []


def test_following_ends_after_the_last_line_of_the_attempt(tmp_path: Path) -> None:
    path = tmp_path / "0.log"
    path.write_bytes(entry(b"one") + b"\n")

    def write_and_exit(memory: PodMemory) -> None:
        with path.open("ab") as file:
            file.write(entry(b"last words") + b"\n")
        path.unlink()  # as the agent does with all that a deleted pod had
        memory.take_container(replace(memory.attempts["app"][0], state=ContainerState.EXITED))

    assert read_log(path, LogOptions(follow=True, tail_lines=0), write_and_exit) == [b"last words\n"]


def test_of_a_container_five_files_are_kept_and_the_older_ones_compressed() -> None:
    now = datetime(2026, 1, 1, 12, 30, 5, tzinfo=UTC)
    assert plan(["log", "config.json"], now) == Rotation((), (), "log.20260101-123005")
    names = ["log", "log.3", "log.1.gz", "log.4", "log.2.gz", "log.0.gz"]
    assert plan(names, now) == Rotation(("log.0.gz", "log.1.gz"), ("log.3", "log.4"), "log.20260101-123005")


@given(names=st.sets(st.sampled_from([f"log.{n}{end}" for n in range(9) for end in ("", ".gz")])))
def test_after_a_rotation_there_are_no_more_than_five_and_the_youngest_of_them(names: set[str]) -> None:
    decided = plan([*names, "log"], datetime(2026, 1, 1, tzinfo=UTC))
    left = sorted(names - set(decided.remove))
    assert len(left) + len({"log", decided.name}) <= MOST_FILES
    assert left == sorted(names)[len(names) - len(left) :]
    assert all(name.endswith(".gz") for name in set(left) - set(decided.compress))


def test_a_log_that_is_followed_goes_on_in_the_new_file_and_no_line_is_lost(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(entry(b"one") + b"\n")

    async def story() -> list[bytes]:
        clock = SystemClock()
        runtime = SimulatedRuntime(clock)
        attempt = Container("id", "uid", "app", 0, "redis", "redis", ContainerState.RUNNING, log_path=log)
        memory = PodMemory(a_pod(), attempts={"app": (attempt,)})
        streams = AgentStreams(lambda namespace, name: memory, runtime, clock)
        heard = []
        async for line in streams.logs("default", "web-0", LogOptions("app", follow=True)):
            heard.append(line)
            match len(heard):
                case 1:  # put aside, and its writer has not gone on yet
                    log.rename(tmp_path / "log.1")
                    with (tmp_path / "log.1").open("ab") as late:
                        late.write(entry(b"two") + b"\n")
                case 2:
                    log.write_bytes(entry(b"three") + b"\n")
                case 3:
                    memory.take_container(replace(memory.attempts["app"][0], state=ContainerState.EXITED))
        return heard

    assert asyncio.run(story()) == [b"one\n", b"two\n", b"three\n"]
