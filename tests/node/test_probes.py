"""How probes count, when they check, and what they say."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node.world import a_container

from petset.api.models import core_v1
from petset.node.probes.checks import Checks, Outcome, Target, port_number
from petset.node.probes.counter import ProbeKind, Settings, Tally, begin, record, settings_of
from petset.node.probes.network import HostNetwork, HttpRequest
from petset.testing.clock import SimulatedClock
from petset.testing.runtime import SimulatedRuntime

READINESS = Settings(ProbeKind.READINESS, 0, 1, 1, 1, 3)


def after(settings: Settings, results: str) -> Tally:
    """The tally after checks made when they were due: `+` succeeded, `-` failed."""
    tally = begin(settings, 0)
    for result in results:
        tally = record(settings, tally, success=result == "+", age_seconds=tally.due)
    return tally


def test_the_numbers_have_kubernetes_defaults() -> None:
    assert settings_of(ProbeKind.LIVENESS, core_v1.Probe()) == Settings(ProbeKind.LIVENESS, 0, 10, 1, 1, 3)


def test_readiness_is_false_until_a_success_and_liveness_true_until_the_threshold() -> None:
    assert not begin(READINESS, 0).passed
    assert after(READINESS, "+").passed
    liveness = replace(READINESS, kind=ProbeKind.LIVENESS)
    assert begin(liveness, 0).passed
    assert not after(liveness, "--").failed
    assert after(liveness, "---").failed
    assert not after(liveness, "--+--").failed


def test_a_container_that_was_ready_needs_as_many_failures_as_the_threshold_says() -> None:
    assert after(READINESS, "+--").passed
    assert not after(READINESS, "+---").passed
    assert after(READINESS, "+---+").passed


def test_a_success_threshold_wants_successes_in_a_row() -> None:
    settings = replace(READINESS, success_threshold=2)
    assert not after(settings, "+").passed
    assert after(settings, "++").passed
    assert not after(settings, "+-+").passed


def test_the_first_check_comes_after_the_initial_delay_or_at_once_for_an_older_container() -> None:
    settings = replace(READINESS, initial_delay_seconds=5)
    assert begin(settings, 0).due == 5
    assert begin(settings, 60).due == 60


def test_until_it_was_ready_once_a_failed_check_is_soon_repeated_and_counts_once_a_period() -> None:
    settings = replace(READINESS, period_seconds=1)
    tally, times = begin(settings, 0), []
    while tally.due < 4:
        times.append(round(tally.due, 3))
        tally = record(settings, tally, success=False, age_seconds=tally.due)
    assert times == [0, 0.02, 0.06, 0.14, 0.3, 0.62, 1, 2, 3]
    assert tally.failures == 4


def test_a_container_that_was_ready_before_is_checked_once_a_period_only() -> None:
    tally = after(READINESS, "+-")
    assert tally.due == pytest.approx(2)
    assert record(READINESS, tally, success=False, age_seconds=2).due == pytest.approx(3)


@given(
    kind=st.sampled_from(list(ProbeKind)),
    threshold=st.integers(1, 5),
    period=st.integers(1, 30),
    results=st.lists(st.booleans(), max_size=60),
)
def test_quick_checks_never_bring_a_failure_forward(
    kind: ProbeKind, threshold: int, period: int, results: list[bool]
) -> None:
    """Safety: the threshold is never reached before that many whole periods, less one, have passed in failure."""
    settings = Settings(kind, 0, period, 1, 1, threshold)
    tally, last_success = begin(settings, 0), -float(period)
    for success in results:
        at = tally.due
        tally = record(settings, tally, success=success, age_seconds=at)
        if success:
            last_success = at
        if tally.failed:
            assert at - last_success >= threshold * period - 1e-6
        assert tally.due > at - 1e-9


def check(probe: core_v1.Probe, runtime: SimulatedRuntime | None = None) -> Outcome:
    container = a_container(ports=[core_v1.ContainerPort(name="web", containerPort=80)])

    async def main() -> Outcome:
        checks = Checks(runtime or SimulatedRuntime(SimulatedClock()), HostNetwork())
        return await checks.check(probe, Target(container, "id", "127.0.0.1"), 1)

    return asyncio.run(main())


def test_ports_may_be_named() -> None:
    container = a_container(ports=[core_v1.ContainerPort(name="web", containerPort=80)])
    assert port_number(container, "web") == 80
    assert port_number(container, 8080) == 8080
    assert port_number(container, "nope") is None
    assert (
        check(core_v1.Probe(tcpSocket=core_v1.TCPSocketAction(port="nope"))).message == "couldn't find port: nope"
    )


def test_grpc_probes_say_that_they_are_not_supported() -> None:
    outcome = check(core_v1.Probe(grpc=core_v1.GRPCAction(port=1)))
    assert outcome == (False, "grpc probes are not supported yet: use httpGet, tcpSocket or exec")


def serve(answer: bytes, ask: Callable[[int], core_v1.Probe]) -> Outcome:
    """The outcome of a probe of a server on the loopback that gives this answer to everybody."""

    served = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        served.set()

    async def main() -> Outcome:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            checks = Checks(SimulatedRuntime(SimulatedClock()), HostNetwork())
            outcome = await checks.check(ask(port), Target(a_container(), "id", "127.0.0.1"), 5)
            await served.wait()
            return outcome

    return asyncio.run(main())


def http(port: int) -> core_v1.Probe:
    return core_v1.Probe(httpGet=core_v1.HTTPGetAction(port=port, path="/healthz"))


ANSWERS = {
    b"HTTP/1.1 200 OK\r\n\r\n": Outcome(True),
    b"HTTP/1.0 302 Found\r\n\r\n": Outcome(True),
    b"HTTP/1.1 503 Service Unavailable\r\n\r\n": Outcome(False, "HTTP probe failed with statuscode: 503"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_http_probe_succeeds_from_200_to_399(answer: bytes) -> None:
    assert serve(answer, http) == ANSWERS[answer]


def test_an_answer_that_is_no_http_fails() -> None:
    assert serve(b"what?\r\n", http).message.endswith("malformed HTTP response")


def test_a_tcp_probe_connects() -> None:
    assert serve(b"", lambda port: core_v1.Probe(tcpSocket=core_v1.TCPSocketAction(port=port))).success


def test_a_refused_connection_is_told_as_go_tells_it() -> None:
    async def free_port() -> int:
        server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        return int(port)

    port = asyncio.run(free_port())
    tcp = check(core_v1.Probe(tcpSocket=core_v1.TCPSocketAction(port=port)))
    assert tcp.message == f"dial tcp 127.0.0.1:{port}: connect: connection refused"
    assert check(http(port)).message == f'Get "http://127.0.0.1:{port}/healthz": {tcp.message}'


def test_an_ipv6_address_is_bracketed() -> None:
    assert HttpRequest("http", "::1", 80, "/").url == "http://[::1]:80/"
