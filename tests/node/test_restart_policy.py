"""Who is started again, and after which pause: tables."""

from datetime import UTC, datetime, timedelta

import pytest
from node.world import a_container, a_pod

from petset.api.models import core_v1
from petset.node.pods.model import CrashLoop, Stop
from petset.node.pods.restart import after_restart, may_restart, restart_at
from petset.node.runtime import Container, ContainerState

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def ended(code: int, at: datetime = NOW) -> Container:
    return Container("id", "uid", "app", 0, "i", "i", ContainerState.EXITED, finished_at=at, exit_code=code)


POLICIES = {
    ("Always", 0): True,
    ("Always", 1): True,
    ("OnFailure", 0): False,
    ("OnFailure", 1): True,
    ("Never", 0): False,
    ("Never", 1): False,
}


@pytest.mark.parametrize("case", POLICIES)
def test_the_policy_and_the_exit_code_decide(case: tuple[str, int]) -> None:
    policy, code = case
    spec = a_pod(restartPolicy=policy).spec
    assert spec is not None
    assert may_restart(a_container(), spec, ended(code), None, init=False) is POLICIES[case]


INIT = {("Always", 0): False, ("Always", 1): True, ("OnFailure", 1): True, ("Never", 1): False}


@pytest.mark.parametrize("case", INIT)
def test_an_init_container_is_done_once_it_has_succeeded(case: tuple[str, int]) -> None:
    policy, code = case
    spec = a_pod(restartPolicy=policy).spec
    assert spec is not None
    assert may_restart(a_container(), spec, ended(code), None, init=True) is INIT[case]


def test_a_sidecar_is_always_started_again_whatever_the_pod_says() -> None:
    spec = a_pod(restartPolicy="Never").spec
    assert spec is not None
    assert may_restart(a_container(restartPolicy="Always"), spec, ended(0), None, init=True)


def test_a_container_stopped_for_its_health_is_restarted_though_it_exited_with_0() -> None:
    spec = a_pod(restartPolicy="OnFailure").spec
    assert spec is not None
    assert may_restart(a_container(), spec, ended(0), Stop(NOW, 30, restart=True), init=False)


def test_a_containers_own_rules_come_before_its_policy() -> None:
    rule = core_v1.ContainerRestartRule(
        action="Restart", exitCodes=core_v1.ContainerRestartRuleOnExitCodes(operator="In", values=[42])
    )
    container = a_container(restartPolicy="Never", restartPolicyRules=[rule])
    spec = a_pod(restartPolicy="Always").spec
    assert spec is not None
    assert may_restart(container, spec, ended(42), None, init=False)
    assert not may_restart(container, spec, ended(1), None, init=False)


def test_the_first_restart_comes_at_once_and_each_later_pause_is_twice_as_long_up_to_five_minutes() -> None:
    pauses, loop, now = [], None, NOW
    for _ in range(8):
        death = ended(1, now)
        again = restart_at(loop, death)
        pauses.append((again - now).total_seconds() if again else 0)
        now = again or now
        loop = after_restart(loop, death, now)
    assert pauses == [0, 10, 20, 40, 80, 160, 300, 300]


def test_ten_minutes_of_running_are_forgiven() -> None:
    loop = CrashLoop(300, NOW)
    assert restart_at(loop, ended(1, NOW + timedelta(minutes=9))) == NOW + timedelta(minutes=14)
    assert restart_at(loop, ended(1, NOW + timedelta(minutes=11))) is None
    assert after_restart(loop, ended(1, NOW + timedelta(minutes=11)), NOW).pause_seconds == 10
