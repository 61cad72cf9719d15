"""Three ways to patch: what each does, and that none changes what it was given."""

import copy
import json
from typing import Any

import pytest
from api.documents import POD, STATEFULSET, set_document
from hypothesis import given
from hypothesis import strategies as st

from petset.api.errors import ApiError, BadRequest, Invalid, UnsupportedMediaType
from petset.api.patch import JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, apply_patch
from petset.api.patch import json_patch as jp
from petset.api.patch import merge_patch as mp

JSON_PATCHES: list[tuple[str, Any, list[dict[str, Any]], Any]] = [
    ("add a member", {"a": 1}, [{"op": "add", "path": "/b", "value": 2}], {"a": 1, "b": 2}),
    ("add over a member", {"a": 1}, [{"op": "add", "path": "/a", "value": 2}], {"a": 2}),
    ("add into a list", {"a": [1, 3]}, [{"op": "add", "path": "/a/1", "value": 2}], {"a": [1, 2, 3]}),
    ("add at the end", {"a": [1]}, [{"op": "add", "path": "/a/-", "value": 2}], {"a": [1, 2]}),
    ("add the whole", {"a": 1}, [{"op": "add", "path": "", "value": {}}], {}),
    ("remove a member", {"a": 1, "b": 2}, [{"op": "remove", "path": "/a"}], {"b": 2}),
    ("remove an element", [1, 2], [{"op": "remove", "path": "/0"}], [2]),
    ("replace", {"a": {"b": 1}}, [{"op": "replace", "path": "/a/b", "value": None}], {"a": {"b": None}}),
    ("move", {"a": 1}, [{"op": "move", "from": "/a", "path": "/b"}], {"b": 1}),
    ("move within a list", [1, 2, 3], [{"op": "move", "from": "/0", "path": "/2"}], [2, 3, 1]),
    ("copy", {"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
    ("escapes", {"m~n": 1, "x/y": 2}, [{"op": "remove", "path": "/m~0n"}, {"op": "remove", "path": "/x~1y"}], {}),
    ("test and go on", {"a": 1}, [{"op": "test", "path": "/a", "value": 1.0}, {"op": "remove", "path": "/a"}], {}),
    ("replace what is absent", {}, [{"op": "replace", "path": "/a", "value": 1}], {"a": 1}),
    ("an index from the end", {"a": [1, 2]}, [{"op": "remove", "path": "/a/-1"}], {"a": [1]}),
    ("add at the last place", {"a": [1]}, [{"op": "add", "path": "/a/-1", "value": 2}], {"a": [1, 2]}),
    ("a leading zero", {"a": [1, 2]}, [{"op": "remove", "path": "/a/01"}], {"a": [1]}),
    ("no value is null", {}, [{"op": "add", "path": "/a"}], {"a": None}),
    ("test for absence", {}, [{"op": "test", "path": "/a", "value": None}], {}),
]
JSON_REFUSALS: list[tuple[str, Any, list[dict[str, Any]]]] = [
    ("a test fails", {"a": 1}, [{"op": "test", "path": "/a", "value": 2}]),
    ("true is not 1", {"a": 1}, [{"op": "test", "path": "/a", "value": True}]),
    ("remove what is absent", {}, [{"op": "remove", "path": "/a"}]),
    ("no place to add to", {}, [{"op": "add", "path": "/a/b", "value": 1}]),
    ("beyond the end", {"a": [1]}, [{"op": "add", "path": "/a/2", "value": 1}]),
    ("an index before the first", {"a": [1]}, [{"op": "remove", "path": "/a/-2"}]),
    ("an unknown operation", {}, [{"op": "mend", "path": "/a"}]),
    ("into itself", {"a": {}}, [{"op": "move", "from": "/a", "path": "/a/b"}]),
    ("no pointer", {}, [{"op": "add", "path": "a", "value": 1}]),
    ("no path", {}, [{"op": "add", "value": 1}]),
]


@pytest.mark.parametrize(("name", "document", "patch", "expected"), JSON_PATCHES, ids=[c[0] for c in JSON_PATCHES])
def test_a_json_patch_applies(name: str, document: Any, patch: Any, expected: Any) -> None:
    before = copy.deepcopy(document)
    assert jp.apply(document, patch) == expected
    assert document == before


@pytest.mark.parametrize(("name", "document", "patch"), JSON_REFUSALS, ids=[c[0] for c in JSON_REFUSALS])
def test_a_json_patch_that_cannot_be_done_is_refused_whole(name: str, document: Any, patch: Any) -> None:
    before = copy.deepcopy(document)
    with pytest.raises(Invalid):
        jp.apply(document, [{"op": "add", "path": "/seen", "value": 1}, *patch])
    assert document == before


def test_a_json_patch_is_a_list_of_bounded_length() -> None:
    with pytest.raises(BadRequest):
        jp.apply({}, {"op": "add"})
    with pytest.raises(Invalid, match="maximum operations"):
        jp.apply({}, [{"op": "add", "path": "/a", "value": 1}] * 10_001)


def test_copies_do_not_double_a_document_without_end() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60
    with pytest.raises(Invalid, match="accumulated size increase of copy"):
        jp.apply({"a": ["x" * 1000]}, doubling)


@pytest.mark.parametrize("content_type", [MERGE_PATCH, STRATEGIC_MERGE_PATCH, JSON_PATCH])
def test_a_patch_that_is_nested_too_deep_is_refused(content_type: str) -> None:
    value: Any = 1
    for _ in range(5000):
        value = {"a": value}
    patch = [{"op": "add", "path": "/spec", "value": value}] if content_type == JSON_PATCH else {"spec": value}
    with pytest.raises(BadRequest, match="exceeded max depth"):
        apply_patch(POD, content_type, {}, patch)


MERGES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a"], ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
]


@pytest.mark.parametrize(("document", "patch", "expected"), MERGES)
def test_a_merge_patch_applies(document: Any, patch: Any, expected: Any) -> None:
    assert mp.apply(document, patch) == expected


documents = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from("xy"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(documents, documents)
def test_a_merge_patch_twice_is_once(document: Any, patch: Any) -> None:
    before = copy.deepcopy(document)
    once = mp.apply(document, patch)
    assert mp.apply(once, patch) == once
    assert document == before


def strategic(document: Any, patch: Any, kind: Any = POD) -> Any:
    before = json.dumps(document)
    result = apply_patch(kind, STRATEGIC_MERGE_PATCH, document, patch)
    assert json.dumps(document) == before, "the given document must not change"
    return result


def spec(**fields: Any) -> dict[str, Any]:
    return {"spec": fields}


A, B, C = ({"name": name, "image": name} for name in "abc")
PORT = {"containerPort": 1, "protocol": "TCP"}
STRATEGIC: list[tuple[str, Any, Any, Any]] = [
    (
        "elements merge by key",
        spec(containers=[A, B]),
        spec(containers=[{"name": "b", "image": "new"}]),
        spec(containers=[A, {"name": "b", "image": "new"}]),
    ),
    ("new elements come first", spec(containers=[A]), spec(containers=[B]), spec(containers=[B, A])),
    (
        "an element is deleted",
        spec(containers=[A, B]),
        spec(containers=[{"$patch": "delete", "name": "a"}]),
        spec(containers=[B]),
    ),
    (
        "a list is replaced",
        spec(containers=[A, B]),
        spec(containers=[{"$patch": "replace"}, C]),
        spec(containers=[C]),
    ),
    (
        "replace in an element means the list, and the element itself is no part of it",
        spec(containers=[A, B]),
        spec(containers=[C, {"$patch": "replace", **A}]),
        spec(containers=[C]),
    ),
    ("an object is replaced", spec(a=1, b=2), {"spec": {"$patch": "replace", "c": 3}}, spec(c=3)),
    (
        "a deleted object is left empty",
        {"spec": {"a": 1}, "x": 1},
        {"spec": {"$patch": "delete"}},
        {"spec": {}, "x": 1},
    ),
    ("null removes a member", spec(hostname="h", nodeName="n"), spec(hostname=None), spec(nodeName="n")),
    ("null inside a new object vanishes", {}, spec(securityContext={"a": None}), spec(securityContext={})),
    (
        "atomic lists are replaced",
        spec(containers=[{**A, "args": ["x", "y"]}]),
        spec(containers=[{"name": "a", "args": ["z"]}]),
        spec(containers=[{**A, "args": ["z"]}]),
    ),
    (
        "the order asked for",
        spec(containers=[A, B]),
        {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "c"}, {"name": "a"}], "containers": [C]}},
        spec(containers=[B, C, A]),
    ),
    (
        "order alone",
        spec(containers=[A, B]),
        {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}},
        spec(containers=[B, A]),
    ),
    (
        "elements of others keep their place in the order",
        spec(containers=[A, B, C]),
        {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}]}},
        spec(containers=[A, C, B]),
    ),
    (
        "plain values merge as a set",
        {"metadata": {"finalizers": ["a", "b"]}},
        {"metadata": {"finalizers": ["b", "c"]}},
        {"metadata": {"finalizers": ["a", "b", "c"]}},
    ),
    (
        "plain values are deleted",
        {"metadata": {"finalizers": ["a", "b"]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}},
        {"metadata": {"finalizers": ["b"]}},
    ),
    (
        "only what is retained stays",
        spec(volumes=[{"name": "v", "emptyDir": {}}]),
        spec(volumes=[{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/"}}]),
        spec(volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
    ),
    (
        "maps merge",
        {"metadata": {"labels": {"a": "1", "b": "2"}}},
        {"metadata": {"labels": {"a": None, "c": "3"}}},
        {"metadata": {"labels": {"b": "2", "c": "3"}}},
    ),
    (
        "ports merge by number",
        spec(containers=[{"name": "a", "ports": [PORT]}]),
        spec(containers=[{"name": "a", "ports": [{"containerPort": 1, "name": "web"}]}]),
        spec(containers=[{"name": "a", "ports": [{**PORT, "name": "web"}]}]),
    ),
]


@pytest.mark.parametrize(("name", "document", "patch", "expected"), STRATEGIC, ids=[c[0] for c in STRATEGIC])
def test_a_strategic_merge_patch_applies(name: str, document: Any, patch: Any, expected: Any) -> None:
    assert strategic(document, patch) == expected


def test_rollout_undo_puts_a_whole_template_back() -> None:
    """Rule 74: the stored revision is itself the patch."""
    template = {"metadata": {"labels": {"app": "old"}}, "spec": {"containers": [A]}}
    result = strategic(set_document(), {"spec": {"template": {"$patch": "replace", **template}}}, STATEFULSET)
    assert result["spec"]["template"] == template
    assert result["spec"]["selector"] == set_document()["spec"]["selector"]


STRATEGIC_REFUSALS: list[tuple[str, Any, type[ApiError]]] = [
    ("no object", [], BadRequest),
    ("an unknown directive", {"spec": {"$patch": "mend"}}, BadRequest),
    ("merge, which an element does anyway", spec(containers=[{"$patch": "merge", **A}]), BadRequest),
    ("an element without its key", spec(containers=[{"image": "x"}]), Invalid),
    ("an element that is no object", spec(containers=["x"]), BadRequest),
    ("a stranger among the retained", {"spec": {"$retainKeys": ["a"], "b": 1}}, BadRequest),
]


@pytest.mark.parametrize(("name", "patch", "refusal"), STRATEGIC_REFUSALS, ids=[c[0] for c in STRATEGIC_REFUSALS])
def test_a_malformed_strategic_patch_is_refused(name: str, patch: Any, refusal: type[ApiError]) -> None:
    with pytest.raises(refusal):
        strategic(spec(containers=[A]), patch)


containers = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from("abcd")},
        optional={"image": st.none() | st.sampled_from("xy"), "$patch": st.just("delete")},
    ),
    max_size=4,
    unique_by=lambda c: c["name"],
)
pods = st.lists(
    st.builds(lambda n: {"name": n, "image": "i"}, st.sampled_from("abc")), unique_by=lambda c: c["name"]
)
orders = st.none() | st.permutations("abcd").map(lambda names: [{"name": n} for n in names])


@given(pods, containers, orders)
def test_a_strategic_merge_patch_twice_is_once(current: Any, changes: Any, order: Any) -> None:
    patch: dict[str, Any] = spec(containers=changes)
    if order is not None:
        patch["spec"]["$setElementOrder/containers"] = order
    once = strategic(spec(containers=current), patch)
    assert strategic(once, patch) == once


def test_the_media_type_chooses_the_way() -> None:
    assert apply_patch(POD, MERGE_PATCH, {"a": [1]}, {"a": [2]}) == {"a": [2]}
    assert apply_patch(POD, JSON_PATCH, {"a": 1}, [{"op": "remove", "path": "/a"}]) == {}
    with pytest.raises(UnsupportedMediaType):
        apply_patch(POD, "text/plain", {}, {})
