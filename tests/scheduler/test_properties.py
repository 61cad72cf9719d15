"""Attacks on the scheduler: any nodes, any pods, coming and going in any order.

Safety: no decision ever overcommits a node; every plan is sound. Liveness: a pod is refused only where no node
has room.
"""

from controllers.cluster import node, pod
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.models import core_v1
from petset.scheduler.filters import objections
from petset.scheduler.invariants import is_overcommitted, is_sound
from petset.scheduler.ledger import Ledger
from petset.scheduler.model import Bind, Snapshot
from petset.scheduler.plan import plan
from petset.scheduler.resources import total

CPUS = st.sampled_from(["100m", "250m", "0.5", "1", "2"])
MEMORIES = st.sampled_from(["64Mi", "256M", "1Gi", "3Gi"])


def wanting(number: int, cpu: str, memory: str, port: int | None) -> core_v1.Pod:
    new = pod(f"p{number}")
    new.metadata.uid = f"p{number}"
    requests = core_v1.ResourceRequirements(requests={"cpu": cpu, "memory": memory})
    ports = [core_v1.ContainerPort(containerPort=80, hostPort=port)] if port else None
    new.spec.containers = [core_v1.Container(name="main", image="x", resources=requests, ports=ports)]
    return new


@settings(max_examples=200, deadline=None)
@given(
    rooms=st.lists(
        st.tuples(st.sampled_from(["1", "2", "4"]), st.sampled_from(["1Gi", "4Gi"]), st.integers(1, 5)), max_size=4
    ),
    wishes=st.lists(st.tuples(CPUS, MEMORIES, st.sampled_from([None, None, 8080]), st.booleans()), max_size=16),
)
def test_no_decision_overcommits_a_node_and_no_room_is_denied(
    rooms: list[tuple[str, str, int]], wishes: list[tuple[str, str, int | None, bool]]
) -> None:
    nodes = [node(f"n{i}", cpu=cpu, memory=memory, pods=str(pods)) for i, (cpu, memory, pods) in enumerate(rooms)]
    ledger, placed = Ledger(), list[core_v1.Pod]()
    for number, (cpu, memory, port, one_leaves) in enumerate(wishes):
        if one_leaves and placed:
            ledger.strike(placed.pop(0))
        wanted = wanting(number, cpu, memory, port)
        snapshot = Snapshot(wanted, ledger.states(nodes))
        decided = plan(snapshot)
        assert is_sound(snapshot, decided)
        for action in decided.actions:
            assert isinstance(action, Bind)
            ledger.enter(wanted, action.node)
            placed.append(wanted)
        if not decided.actions:
            assert all(objections(snapshot, state) for state in snapshot.nodes)
        assert not any(is_overcommitted(state) for state in ledger.states(nodes))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.booleans()), max_size=30))
def test_the_ledger_always_adds_up(changes: list[tuple[int, int, bool]]) -> None:
    ledger, nodes = Ledger(), [node(f"n{i}") for i in range(3)]
    pods = [wanting(i, "250m", "64Mi", None) for i in range(6)]
    where: dict[int, int] = {}
    for who, place, leaves in changes:
        if leaves:
            ledger.strike(pods[who])
            where.pop(who, None)
        else:
            ledger.enter(pods[who], f"n{place}")
            where[who] = place
    for place, state in enumerate(ledger.states(nodes)):
        here = [pods[who] for who, there in where.items() if there == place]
        assert {p.metadata.name for p in state.pods} == {p.metadata.name for p in here}
        assert {k: v for k, v in state.used.items() if v} == {k: v for k, v in total(here).items() if v}
