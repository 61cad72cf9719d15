"""Attacks on the collector: any graph, any owners in any state, deletions of any kind in any order.

Safety: nothing with a living owner is ever deleted. Liveness: what has lost all of its owners goes.
"""

from controllers.cluster import cluster
from controllers.garbage.test_garbage_collector import config, delete, names
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.controllers.garbage.invariants import is_safe
from petset.controllers.garbage.model import Delete, Identity, Node, OwnerState, Reference, Snapshot
from petset.controllers.garbage.plan import plan
from petset.testing.loop import run

FINALIZERS = st.lists(st.sampled_from(["foregroundDeletion", "orphan", "example.com/hold"]), unique=True).map(tuple)


def reference(uid: str, *, blocks: bool = False) -> Reference:
    return Reference("v1", "ConfigMap", uid, uid, blocks)


def node(uid: str, owners: list[Reference], finalizers: tuple[str, ...], terminating: bool) -> Node:
    return Node(Identity("v1", "ConfigMap", "default", uid, uid), tuple(owners), finalizers, terminating, "1")


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    owners = draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True))
    states = [(reference(uid), draw(st.sampled_from(list(OwnerState)))) for uid in owners]
    subject = node("x", [r for r, _ in states], draw(FINALIZERS), draw(st.booleans()))
    dependents = [
        node(uid, [reference("x", blocks=draw(st.booleans()))], draw(FINALIZERS), draw(st.booleans()))
        for uid in draw(st.lists(st.sampled_from(["d", "e"]), unique=True))
    ]
    return Snapshot(subject, states, dependents)


@given(snapshots())
def test_no_plan_deletes_what_has_a_living_owner_or_frees_an_owner_that_is_blocked(snapshot: Snapshot) -> None:
    assert is_safe(snapshot, plan(snapshot))


@given(snapshots())
def test_what_has_lost_all_of_its_owners_is_deleted(snapshot: Snapshot) -> None:
    lost = snapshot.owners and all(state is OwnerState.GONE for _, state in snapshot.owners)
    if lost and not snapshot.node.terminating:
        assert any(isinstance(action, Delete) for action in plan(snapshot).actions)


@settings(max_examples=40, deadline=None)
@given(
    owners=st.lists(st.lists(st.integers(0, 6), max_size=2, unique=True), min_size=1, max_size=7),
    deletions=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(["Background", "Foreground"])), max_size=4),
    seed=st.integers(0, 1000),
)
def test_exactly_what_still_has_an_owner_or_never_had_one_is_left(
    owners: list[list[int]], deletions: list[tuple[int, str]], seed: int
) -> None:
    """Objects are made in order, each owned by some of those before it; then some are deleted."""
    graph = [sorted({o for o in wanted if o < number}) for number, wanted in enumerate(owners)]
    left = run(play(graph, deletions, seed), seed=seed)
    gone = {which for which, _ in deletions if which < len(graph)}
    for number, mine in enumerate(graph):
        if mine and all(o in gone for o in mine):
            gone.add(number)
    assert left == {f"o{number}" for number in range(len(graph)) if number not in gone}


async def play(graph: list[list[int]], deletions: list[tuple[int, str]], seed: int) -> set[str]:
    async with cluster(seed) as c:
        made = []
        for number, mine in enumerate(graph):
            made.append(await c.create(config(f"o{number}", *(made[o] for o in mine), block=True)))
        await c.settle()
        for which, policy in deletions:
            if f"o{which}" in await names(c):
                await delete(c, f"o{which}", policy)
        await c.settle(5)
        return await names(c)
