"""Which rule allows what, and who may hand out which rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.api import rbac
from petset.api.models import rbac_v1
from petset.api.rbac import Attributes

Rule = rbac_v1.PolicyRule


def rule(verbs: str, groups: str = "", resources: str = "", names: str = "", paths: str = "") -> Rule:
    if paths:
        return Rule(verbs=verbs.split(), nonResourceURLs=paths.split())
    listed = ["" if group == "core" else group for group in groups.split()]
    return Rule(
        verbs=verbs.split(), apiGroups=listed, resources=resources.split(), resourceNames=names.split() or None
    )


@pytest.mark.parametrize(
    ("given_rule", "asked", "allowed"),
    [
        (rule("get", "core", "pods"), Attributes("get", "", "pods", name="a"), True),
        (rule("get", "core", "pods"), Attributes("list", "", "pods"), False),
        (rule("get", "core", "pods"), Attributes("get", "apps", "pods"), False),
        (rule("get", "core", "pods"), Attributes("get", "", "pods", "log"), False),
        (rule("get", "core", "pods/log"), Attributes("get", "", "pods", "log"), True),
        (rule("get", "core", "pods/log"), Attributes("get", "", "pods"), False),
        (rule("update", "*", "*/scale"), Attributes("update", "apps", "statefulsets", "scale"), True),
        (rule("update", "*", "*/scale"), Attributes("update", "apps", "statefulsets"), False),
        (rule("*", "*", "*"), Attributes("anything", "any", "thing", "at-all"), True),
        (rule("*", "*", "*"), Attributes("get", path="/metrics"), False),
        (rule("get", "core", "pods", "a b"), Attributes("get", "", "pods", name="b"), True),
        (rule("get", "core", "pods", "a b"), Attributes("get", "", "pods", name="c"), False),
        (rule("list", "core", "pods", "a"), Attributes("list", "", "pods"), False),
        (rule("get", paths="/healthz"), Attributes("get", path="/healthz"), True),
        (rule("get", paths="/healthz"), Attributes("get", path="/healthz/log"), False),
        (rule("get", paths="/healthz/*"), Attributes("get", path="/healthz/log"), True),
        (rule("get", paths="*"), Attributes("get", path="/anything"), True),
        (rule("get", paths="*"), Attributes("get", "", "pods"), False),
        (Rule(verbs=[]), Attributes("get", "", "pods"), False),
    ],
)
def test_a_rule_allows_what_it_names(given_rule: Rule, asked: Attributes, allowed: bool) -> None:
    assert rbac.allows(given_rule, asked) is allowed


def test_a_service_account_is_found_by_its_name_and_only_where_it_is_one() -> None:
    name = "system:serviceaccount:shop:web"
    assert rbac.subjects_of(name, ["g"]) == [("User", name), ("Group", "g"), ("ServiceAccount", "shop/web")]
    assert rbac.account_of("system:serviceaccount:shop") is None
    assert rbac.account_of("system:serviceaccount:a:b:c") is None
    assert rbac.account_of("jane") is None
    assert rbac.groups_of_account("shop") == ("system:serviceaccounts", "system:serviceaccounts:shop")


def test_what_is_missing_is_told_in_the_words_of_kubernetes() -> None:
    owned = [rule("get list", "core", "pods")]
    missing = rbac.uncovered(owned, [rule("get list delete create", "core", "pods")])
    assert [rbac.described(each) for each in rbac.compact(missing)] == [
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}'
    ]
    assert rbac.described(rule("get", paths="/a")) == '{NonResourceURLs:["/a"], Verbs:["get"]}'


@pytest.mark.parametrize(
    ("owned", "wanted", "covered"),
    [
        (rule("get", "core", "pods"), rule("get", "core", "pods", "a"), True),
        (rule("get", "core", "pods", "a"), rule("get", "core", "pods"), False),
        (rule("get", "core", "*"), rule("get", "core", "pods/log"), True),
        (rule("get", "core", "pods"), rule("get", "core", "*"), False),
        (rule("get", "core", "*/log"), rule("get", "core", "pods/log"), True),
        (rule("*", "core", "pods"), rule("*", "core", "pods"), True),
        (rule("get", "core", "pods"), rule("*", "core", "pods"), False),
        (rule("get", paths="/a/*"), rule("get", paths="/a/b /a/c/*"), True),
        (rule("get", paths="/a"), rule("get", paths="/a/*"), False),
    ],
)
def test_rules_cover_rules(owned: Rule, wanted: Rule, covered: bool) -> None:
    assert (not rbac.uncovered([owned], [wanted])) is covered


_some = st.lists(st.sampled_from(["*", "a", "b"]), min_size=1, max_size=2)
_resources = st.lists(st.sampled_from(["*", "r", "s", "r/x", "*/x"]), min_size=1, max_size=2)
_names = st.none() | st.lists(st.sampled_from(["n", "m"]), min_size=1, max_size=2)
_paths = st.lists(st.sampled_from(["*", "/p", "/p/*", "/p/q"]), min_size=1, max_size=2)
_rules = st.builds(Rule, verbs=_some, apiGroups=_some, resources=_resources, resourceNames=_names) | st.builds(
    Rule, verbs=_some, nonResourceURLs=_paths
)
_asked = st.builds(
    Attributes,
    verb=st.sampled_from("ac"),
    group=st.sampled_from("bc"),
    resource=st.sampled_from("rst"),
    subresource=st.sampled_from(["", "x", "y"]),
    name=st.sampled_from(["", "n", "o"]),
) | st.builds(Attributes, verb=st.sampled_from("ac"), path=st.sampled_from(["/p", "/p/q", "/r"]))


@given(st.lists(_rules, max_size=3), _rules, _asked)
def test_a_covered_rule_allows_nothing_more(owned: list[Rule], wanted: Rule, asked: Attributes) -> None:
    """Safety of handing out: a covered rule gives nobody more than the giver has."""
    if not rbac.uncovered(owned, [wanted]) and rbac.allows(wanted, asked):
        assert any(rbac.allows(own, asked) for own in owned)


@given(st.lists(_rules, min_size=1, max_size=3))
def test_everybody_may_hand_out_what_they_have_and_an_administrator_anything(rules: list[Rule]) -> None:
    assert not rbac.uncovered(rules, rules)
    assert not rbac.uncovered(rbac.FULL_AUTHORITY, rules)


@given(st.lists(_rules, max_size=4), _asked)
def test_putting_rules_together_changes_nothing_that_they_allow(rules: list[Rule], asked: Attributes) -> None:
    allowed = [any(rbac.allows(each, asked) for each in some) for some in (rules, rbac.compact(rules))]
    assert allowed[0] == allowed[1]
