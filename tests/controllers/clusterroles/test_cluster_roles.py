"""Roles that gather the rules of others by their labels."""

from controllers.cluster import cluster
from hypothesis import given
from hypothesis import strategies as st

from petset.api import objects
from petset.api.models import meta_v1, rbac_v1
from petset.controllers.clusterroles import invariants
from petset.controllers.clusterroles.model import Snapshot
from petset.controllers.clusterroles.plan import plan
from petset.registry.roles import ensure_roles
from petset.testing.loop import run


def role(name: str, *verbs: str, gathers: str = "", **labels: str) -> rbac_v1.ClusterRole:
    rules = [rbac_v1.PolicyRule(verbs=[verb], apiGroups=[""], resources=["pods"]) for verb in verbs]
    selector = meta_v1.LabelSelector(matchLabels={gathers: "yes"})
    return rbac_v1.ClusterRole(
        metadata=meta_v1.ObjectMeta(name=name, labels=labels, resourceVersion="1"),
        rules=rules or None,
        aggregationRule=rbac_v1.AggregationRule(clusterRoleSelectors=[selector]) if gathers else None,
    )


def verbs_of(rules: list[rbac_v1.PolicyRule] | None) -> list[str]:
    return [verb for rule in rules or [] for verb in rule.verbs]


def test_a_role_gathers_the_rules_of_those_with_its_label_once_each() -> None:
    all_ = role("all", "gone", gathers="x")
    others = [role("a", "get", "list", x="yes"), role("b", "list", "watch", x="yes"), role("c", "delete", x="no")]
    decided = plan(Snapshot(all_, [*others, all_]))
    assert [verbs_of(list(action.rules)) for action in decided.actions] == [["get", "list", "watch"]]


def test_a_role_never_gathers_itself_and_one_that_gathers_nothing_is_let_be() -> None:
    itself = role("all", gathers="x", x="yes")
    assert not plan(Snapshot(itself, [itself])).actions
    assert not plan(Snapshot(role("plain", "get"), [role("a", "list", x="yes")])).actions


@given(
    st.lists(
        st.tuples(st.sets(st.sampled_from(["get", "list", "watch"])), st.sampled_from(["yes", "no"])), max_size=5
    )
)
def test_one_step_is_enough_and_grants_nothing_that_was_not_gathered(given_: list[tuple[set[str], str]]) -> None:
    """Safety: only gathered rules. Liveness: after the step there is nothing left to do."""
    roles = [role(f"r{i}", *sorted(verbs), x=label) for i, (verbs, label) in enumerate(given_)]
    snapshot = Snapshot(role("all", gathers="x"), roles)
    decided = plan(snapshot)
    assert invariants.is_safe(snapshot, decided)
    for action in decided.actions:
        snapshot = Snapshot(objects.replace(snapshot.role, rules=list(action.rules) or None), roles)
    assert not plan(snapshot).actions


def test_a_cluster_has_administrators_editors_and_viewers_and_takes_new_rules_in() -> None:
    async def story() -> None:
        async with cluster() as c:
            await ensure_roles(c.plane.registry)
            await c.settle()
            admin = await c.get(rbac_v1.ClusterRole, "admin")
            assert admin and {"impersonate", "get", "delete"} <= set(verbs_of(admin.rules))
            label = "rbac.authorization.k8s.io/aggregate-to-view"
            more = role("more", "peek")
            more.metadata = meta_v1.ObjectMeta(name="more", labels={label: "true"})
            await c.create(more)
            await c.settle()
            for name in ("view", "edit", "admin"):  # each goes into the next
                gathered = await c.get(rbac_v1.ClusterRole, name)
                assert gathered and "peek" in verbs_of(gathered.rules), name
            await c.plane.client.delete(rbac_v1.ClusterRole, "more")
            await c.settle()
            admin = await c.get(rbac_v1.ClusterRole, "admin")
            assert admin and "peek" not in verbs_of(admin.rules)

    run(story())
