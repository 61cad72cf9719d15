"""Who owns which field: the rules of updates and applies on plain documents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.api.embedded import with_kept
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.ownership import owners as entries
from petset.api.ownership import tracking, upgrade
from petset.api.ownership.comparing import compare, held, touched
from petset.api.ownership.fieldsets import (
    FieldSet,
    Malformed,
    difference,
    intersection,
    is_within,
    of_fields,
    ordered,
    parse,
    path_text,
    paths,
    union,
    without_below,
)
from petset.api.ownership.merging import faults, merged, without
from petset.api.ownership.owners import Manager, Owners, manager
from petset.api.ownership.parts import Part, root
from petset.api.ownership.tracking import Applied, ApplyConflict, Write

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POD, SET, MAP = root(core_v1.Pod), root(apps_v1.StatefulSet), root(core_v1.ConfigMap)


def texts(fields: FieldSet) -> set[str]:
    return {path_text(path) for path in paths(fields)}


def write(name: str, operation: entries.Operation = "Update", minutes: int = 0) -> Write:
    return Write(manager(name, operation, "v1"), "v1", NOON + timedelta(minutes=minutes))


def applied(part: Part, live: Any, config: Any, owners: Owners, name: str, *, force: bool = False) -> Applied:
    return tracking.apply(part, live, config, owners, write(name, "Apply"), force=force)


def of(owners: Owners, name: str) -> set[str]:
    return {text for who, share in owners.items() if who.name == name for text in texts(share.fields)}


def pod(**spec: Any) -> dict[str, Any]:
    return {"spec": spec}


def container(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


HELD: dict[str, tuple[Part, dict[str, Any], set[str]]] = {
    "a field of a struct": (SET, {"spec": {"replicas": 3}}, {".spec.replicas"}),
    "each key of a map": (
        MAP,
        {"metadata": {"labels": {"a": "1", "b": "2"}}},
        {".metadata.labels.a", ".metadata.labels.b"},
    ),
    "an element of a keyed list and what is in it": (
        POD,
        pod(containers=[container("c", image="i")]),
        {'.spec.containers[name="c"]', '.spec.containers[name="c"].name', '.spec.containers[name="c"].image'},
    ),
    "a port by its number and its protocol, TCP where it has none": (
        POD,
        pod(containers=[container("c", ports=[{"containerPort": 80}])]),
        {
            '.spec.containers[name="c"]',
            '.spec.containers[name="c"].name',
            '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]',
            '.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"].containerPort',
        },
    ),
    "each value of a set": (MAP, {"metadata": {"finalizers": ["x/y"]}}, {'.metadata.finalizers[="x/y"]'}),
    "a list without keys as a whole": (POD, pod(tolerations=[{"key": "a"}]), {".spec.tolerations"}),
    "an atomic map as a whole": (POD, pod(nodeSelector={"a": "b"}), {".spec.nodeSelector"}),
    "an atomic struct as a whole": (SET, {"spec": {"selector": {"matchLabels": {"a": "b"}}}}, {".spec.selector"}),
    "an empty struct": (POD, pod(securityContext={}), {".spec.securityContext"}),
    "of an empty list nothing": (POD, pod(containers=[]), set()),
}


@pytest.mark.parametrize("case", HELD)
def test_what_a_document_holds(case: str) -> None:
    part, document, expected = HELD[case]
    assert texts(held(part, document)) == expected


DIFFERENCES: dict[str, tuple[Part, Any, Any, tuple[set[str], set[str], set[str]]]] = {
    "nothing": (POD, pod(hostname="a"), pod(hostname="a"), (set(), set(), set())),
    "another value": (POD, pod(hostname="a"), pod(hostname="b"), (set(), set(), {".spec.hostname"})),
    "a map that was not there, and its key": (
        MAP,
        {"metadata": {}},
        {"metadata": {"labels": {"a": "1"}}},
        ({".metadata.labels", ".metadata.labels.a"}, set(), set()),
    ),
    "an element that has gone, with all that was in it": (
        POD,
        pod(containers=[container("a"), container("b")]),
        pod(containers=[container("a")]),
        (set(), {'.spec.containers[name="b"]', '.spec.containers[name="b"].name'}, set()),
    ),
    "one field of an element in another place": (
        POD,
        pod(containers=[container("a", image="1"), container("b")]),
        pod(containers=[container("b"), container("a", image="2")]),
        (set(), set(), {'.spec.containers[name="a"].image'}),
    ),
    "an atomic list": (
        POD,
        pod(tolerations=[{"key": "a"}]),
        pod(tolerations=[]),
        (set(), set(), {".spec.tolerations"}),
    ),
    "elements that cannot be told apart any more": (
        POD,
        pod(volumes=[{"name": "v"}]),
        pod(volumes=[{"name": "v"}, {"name": "v"}]),
        ({'.spec.volumes[name="v"]'}, {'.spec.volumes[name="v"]', '.spec.volumes[name="v"].name'}, set()),
    ),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_what_differs_between_two_documents(case: str) -> None:
    part, before, after, expected = DIFFERENCES[case]
    assert tuple(map(texts, compare(part, before, after))) == expected


MERGED: dict[str, tuple[Part, Any, Any, Any]] = {
    "a field that only one has stays": (
        POD,
        pod(hostname="a"),
        pod(subdomain="b"),
        pod(hostname="a", subdomain="b"),
    ),
    "elements meet by their keys": (
        POD,
        pod(containers=[container("a", image="1"), container("b", image="1")]),
        pod(containers=[container("b", image="2")]),
        pod(containers=[container("a", image="1"), container("b", image="2")]),
    ),
    "new elements come after those that were there": (
        POD,
        pod(containers=[container("a")]),
        pod(containers=[container("b")]),
        pod(containers=[container("a"), container("b")]),
    ),
    "the applied order holds for what both have": (
        POD,
        pod(containers=[container("a"), container("x"), container("b")]),
        pod(containers=[container("b"), container("a")]),
        pod(containers=[container("x"), container("b"), container("a")]),
    ),
    "an atomic list is replaced": (
        POD,
        pod(tolerations=[{"key": "a"}]),
        pod(tolerations=[{"key": "b"}]),
        pod(tolerations=[{"key": "b"}]),
    ),
    "a set is the union": (
        MAP,
        {"metadata": {"finalizers": ["a"]}},
        {"metadata": {"finalizers": ["b"]}},
        {"metadata": {"finalizers": ["a", "b"]}},
    ),
    "null leaves a map alone": (MAP, {"data": {"a": "1"}}, {"data": None}, {"data": {"a": "1"}}),
    "null empties a leaf": (POD, pod(hostname="a"), pod(hostname=None), pod(hostname=None)),
}


@pytest.mark.parametrize("case", MERGED)
def test_what_applying_makes_of_an_object(case: str) -> None:
    part, live, config, expected = MERGED[case]
    assert merged(part, live, config) == expected


def test_an_update_takes_what_it_changes_from_everybody() -> None:
    first = tracking.update(MAP, {}, {"data": {"a": "1", "b": "1", "c": "1"}}, {}, write("ann"))
    second = tracking.update(
        MAP,
        {"data": {"a": "1", "b": "1", "c": "1"}},
        {"data": {"a": "2", "b": "1"}},
        first,
        write("bob", minutes=1),
    )
    assert of(second, "ann") == {".data", ".data.b"}
    assert of(second, "bob") == {".data.a"}
    assert {share.time for share in second.values()} == {NOON, NOON + timedelta(minutes=1)}


def test_an_update_that_changes_nothing_leaves_the_owners_as_they_are() -> None:
    owners = tracking.update(MAP, {}, {"data": {"a": "1"}}, {}, write("ann"))
    assert tracking.update(MAP, {"data": {"a": "1"}}, {"data": {"a": "1"}}, owners, write("bob")) is owners


def test_fields_that_a_write_does_not_touch_get_no_owner() -> None:
    status = Write(write("agent").manager, "v1", NOON, of_fields("spec"))
    owners = tracking.update(POD, {}, {"spec": {"hostname": "a"}, "status": {"phase": "Running"}}, {}, status)
    assert of(owners, "agent") == {".status", ".status.phase"}


def test_what_is_no_longer_applied_goes_if_nobody_else_owns_it() -> None:
    both = {"data": {"a": "1", "b": "1", "c": "1"}}
    first = applied(MAP, {}, both, {}, "ann")
    second = applied(MAP, first.document, {"data": {"b": "1"}}, first.owners, "bob")
    third = applied(MAP, second.document, {"data": {"a": "1"}}, second.owners, "ann")
    assert third.document == {"data": {"a": "1", "b": "1"}}
    assert (of(third.owners, "ann"), of(third.owners, "bob")) == ({".data.a"}, {".data.b"})


def test_an_element_that_is_no_longer_applied_goes_but_for_what_others_put_into_it() -> None:
    first = applied(POD, {}, pod(containers=[container("c", image="1", tty=True), container("d")]), {}, "ann")
    second = applied(POD, first.document, pod(containers=[container("c", image="1")]), first.owners, "bob")
    third = applied(POD, second.document, pod(containers=[container("e")]), second.owners, "ann")
    assert third.document == pod(containers=[container("c", image="1"), container("e")])


def test_what_somebody_else_wrote_into_a_removed_map_goes_only_with_its_owner() -> None:
    first = applied(MAP, {}, {"data": {"a": "1"}}, {}, "ann")
    changed = {"data": {"a": "1", "b": "2"}}
    owners = tracking.update(MAP, first.document, changed, first.owners, write("bob"))
    assert applied(MAP, changed, {}, owners, "ann").document == {"data": {"b": "2"}}


def test_conflicts_are_named_by_manager_and_field_and_force_takes_them() -> None:
    first = applied(MAP, {}, {"data": {"a": "1", "b": "1"}}, {}, "ann")
    owners = tracking.update(MAP, first.document, {"data": {"a": "1", "b": "2"}}, first.owners, write("cli"))
    live = {"data": {"a": "1", "b": "2"}}
    with pytest.raises(ApplyConflict) as one:
        applied(MAP, live, {"data": {"b": "3"}}, owners, "bob")
    assert one.value.message == 'Apply failed with 1 conflict: conflict with "cli" using v1: .data.b'
    with pytest.raises(ApplyConflict) as two:
        applied(MAP, live, {"data": {"a": "3", "b": "3"}}, owners, "bob")
    assert two.value.message == (
        'Apply failed with 2 conflicts: conflicts with "ann":\n- .data.a\nconflicts with "cli" using v1:\n- .data.b'
    )
    assert [(c.reason, c.field) for c in two.value.causes] == [
        ("FieldManagerConflict", ".data.a"),
        ("FieldManagerConflict", ".data.b"),
    ]
    forced = applied(MAP, live, {"data": {"a": "3", "b": "3"}}, owners, "bob", force=True)
    assert forced.document == {"data": {"a": "3", "b": "3"}}
    assert {who.name for who in forced.owners} == {"bob"}


def test_equal_values_are_owned_together_without_a_conflict() -> None:
    first = applied(MAP, {}, {"data": {"a": "1"}}, {}, "ann")
    second = applied(MAP, first.document, {"data": {"a": "1"}}, first.owners, "bob")
    assert of(second.owners, "ann") == of(second.owners, "bob") == {".data.a"}


FAULTS = {
    ".spec.replica: field not declared in schema": (SET, {"spec": {"replica": 1}}),
    '.spec.containers: duplicate entries for key [name="c"]': (
        POD,
        pod(containers=[container("c"), container("c")]),
    ),
    ".spec.containers: expected list, got &{x}": (POD, pod(containers="x")),
    ".spec: expected map, got &{[]}": (POD, {"spec": []}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_an_applied_document_may_not_have(fault: str) -> None:
    assert list(faults(*FAULTS[fault])) == [fault]


def test_the_eleventh_updater_makes_the_oldest_two_ancient() -> None:
    owners: Owners = {}
    live: dict[str, Any] = {"data": {}}
    for number in range(11):
        new = {"data": {**live["data"], f"k{number}": "x"}}
        owners = tracking.update(MAP, live, new, owners, write(f"m{number}", minutes=number))
        live = new
    assert sorted(who.name for who in owners) == sorted([entries.ANCIENT, *(f"m{n}" for n in range(2, 11))])
    assert of(owners, entries.ANCIENT) == {".data.k0", ".data.k1"}


def test_owners_are_written_appliers_first_and_read_back() -> None:
    owners = tracking.update(MAP, {}, {"data": {"a": "1"}}, {}, write("zoe"))
    owners = applied(MAP, {"data": {"a": "1"}}, {"data": {"b": "1"}}, owners, "ann").owners
    listed = entries.written(owners)
    assert listed is not None
    assert [(e.manager, e.operation, e.apiVersion, e.fieldsType) for e in listed] == [
        ("ann", "Apply", "v1", "FieldsV1"),
        ("zoe", "Update", "v1", "FieldsV1"),
    ]
    assert entries.read(listed) == entries.read_own(listed) == owners


@pytest.mark.parametrize(
    "entry",
    [
        {"operation": "Steal", "apiVersion": "v1", "fieldsType": "FieldsV1"},
        {"operation": "Apply", "fieldsType": "FieldsV1"},
        {"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV2"},
        {"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"x": {}}},
        {"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"k:{": {}}},
        {"operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:a": 1}},
    ],
)
def test_entries_that_mean_nothing_are_malformed(entry: dict[str, Any]) -> None:
    listed = with_kept({"managedFields": [entry]})["managedFields"]
    with pytest.raises(Malformed):
        entries.read([meta_v1.ManagedFieldsEntry(**named) for named in listed])


def test_what_client_side_apply_left_as_it_was_is_inherited() -> None:
    before = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":"1","b":"1"}}'
    live = {
        "apiVersion": "v1",
        "metadata": {"annotations": {upgrade.LAST_APPLIED: before}},
        "data": {"a": "1", "b": "2"},
    }
    assert ".data.a" in texts(upgrade.inherited(MAP, live, dict))
    assert ".data.b" not in texts(upgrade.inherited(MAP, live, dict))


steps = st.sampled_from(["f:a", "f:b", 'k:{"name":"c"}', 'v:"x"', "i:0"])
trees = st.recursive(
    st.just({}), lambda inner: st.dictionaries(st.one_of(steps, st.just(".")), inner, max_size=3), max_leaves=8
)


@given(trees, trees)
def test_the_algebra_of_field_sets_is_that_of_the_sets_of_their_places(left: Any, right: Any) -> None:
    a, b = parse(left), parse(right)
    here, there = set(paths(a)), set(paths(b))
    assert set(paths(union(a, b))) == here | there
    assert set(paths(difference(a, b))) == here - there
    assert set(paths(intersection(a, b))) == here & there
    assert is_within(a, b) == (here <= there)
    below = {path for path in here if not any(path[: len(top)] == top for top in there)}
    assert set(paths(without_below(a, b))) == below


names = st.sampled_from(["a", "b", "c"])
values = st.sampled_from(["1", "2"])
containers = st.lists(
    st.fixed_dictionaries({"name": names}, optional={"image": values, "workingDir": values}),
    max_size=3,
    unique_by=lambda each: str(each["name"]),
)
configs = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.fixed_dictionaries(
            {},
            optional={
                "labels": st.dictionaries(names, values, min_size=1),
                "finalizers": st.lists(names, unique=True, min_size=1),
            },
        ),
        "spec": st.fixed_dictionaries(
            {},
            optional={"hostname": values, "containers": containers, "nodeSelector": st.dictionaries(names, values)},
        ),
    },
)


repeated = st.lists(
    st.fixed_dictionaries({}, optional={"name": names, "image": values, "env": st.just([{"name": "a"}])}),
    max_size=4,
)
crowds = st.fixed_dictionaries({}, optional={"spec": st.fixed_dictionaries({}, optional={"containers": repeated})})
documents = st.one_of(configs, crowds)


@given(documents, documents)
def test_what_a_creation_touches_is_what_a_comparison_finds_touched(left: Any, right: Any) -> None:
    compared = compare(POD, left, right).touched
    found = touched(POD, left, right)
    assert msgspec.json.encode(found) == msgspec.json.encode(compared and ordered(compared)), "in order, too"


@given(documents, documents)
def test_the_owners_of_a_new_object_are_those_of_an_update_of_nothing(nothing: Any, new: Any) -> None:
    by = write("ann")._replace(ignored=of_fields("status", "metadata.finalizers"))
    assert tracking.created(POD, nothing, new, by) == tracking.update(POD, nothing, new, {}, by)


@given(documents, documents, documents)
def test_who_owns_all_that_it_changes_owns_as_much_after_it(old: Any, new: Any, owned: Any) -> None:
    """Told by the long way, of which nothing is short when there is somebody else, who owns nothing of it."""
    ann = tracking.created(POD, {}, owned, write("ann"))
    bob = tracking.created(POD, {}, {"spec": {"nodeName": "n1"}}, write("bob"))
    alone = tracking.update(POD, old, new, ann, write("ann", minutes=1))
    beside = tracking.update(POD, old, new, {**ann, **bob}, write("ann", minutes=1))
    assert alone == {owner: share for owner, share in beside.items() if owner.name != "bob"}


@given(configs, configs)
def test_applying_again_changes_nothing(live: Any, config: Any) -> None:
    owners = tracking.update(POD, {}, live, {}, write("first"))
    once = applied(POD, live, config, owners, "ann", force=True)
    twice = applied(POD, once.document, config, once.owners, "ann")
    assert twice == once


@given(configs, configs)
def test_who_applies_owns_what_is_applied_and_forcing_leaves_the_values_of_the_last(one: Any, two: Any) -> None:
    first = applied(POD, {}, one, {}, "ann")
    second = applied(POD, first.document, two, first.owners, "bob", force=True)
    for name, config in (("bob", two),):
        given_fields = texts(difference(held(POD, config), tracking.NEVER_OWNED))
        assert of(second.owners, name) == given_fields
    assert not compare(POD, two, second.document).modified
    assert not compare(POD, two, second.document).removed


@given(configs)
def test_what_its_only_owner_no_longer_applies_is_gone(config: Any) -> None:
    first = applied(POD, {}, config, {}, "ann")
    emptied = applied(POD, first.document, {}, first.owners, "ann")
    assert texts(difference(held(POD, emptied.document), of_fields("metadata", "spec"))) == set()
    assert emptied.owners == {}


@given(configs, configs)
def test_appliers_of_different_fields_never_conflict(one: Any, two: Any) -> None:
    shared = intersection(held(POD, one), held(POD, two))
    left = without(POD, two, shared) or {}
    first = applied(POD, {}, one, {}, "ann")
    second = applied(POD, first.document, left, first.owners, "bob")
    assert of(second.owners, "ann") == texts(difference(held(POD, one), tracking.NEVER_OWNED))


def test_a_manager_is_shown_as_conflicts_name_it() -> None:
    assert (
        str(Manager("kubectl", "Update", "apps/v1", "scale")) == '"kubectl" with subresource "scale" using apps/v1'
    )
    assert str(manager("", "Apply", "v1")) == '"unknown"'
