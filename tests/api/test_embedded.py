"""Which fields an owner has: bytes in structs, trees in documents, one spelling for each set."""

import sys
from typing import Any

import msgspec
import pytest
from api.documents import CONFIG_MAP, STATEFULSET, set_document
from hypothesis import given
from hypothesis import strategies as st

from petset.api.decode import decode, decoder
from petset.api.embedded import convert, kept, plain, tree_of
from petset.api.encode import encode, to_document
from petset.api.errors import BadRequest
from petset.api.models import core_v1
from petset.api.untyped import model_of

steps = st.sampled_from(["f:a", "f:b", "f:é", "f:\U0001f600", 'k:{"name":"c"}', 'v:"x<y"', "i:0", "."])
trees = st.recursive(st.just({}), lambda inner: st.dictionaries(steps, inner, max_size=4), max_leaves=12)


def owned(tree: Any) -> dict[str, Any]:
    entry = {"manager": "me", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": tree}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "managedFields": [entry]}}


def turned(tree: dict[str, Any]) -> dict[str, Any]:
    return {step: turned(inner) for step, inner in reversed(tree.items())}


@given(trees)
def test_every_tree_is_the_same_in_documents_bytes_and_structs(tree: dict[str, Any]) -> None:
    document = owned(tree)
    obj = decode(CONFIG_MAP, document).obj
    assert tree_of(obj.metadata.managedFields[0].fieldsV1) == tree
    assert to_document(obj) == plain(obj) == document
    assert msgspec.json.decode(encode(obj)) == document
    assert decoder(core_v1.ConfigMap).decode(encode(obj)) == convert(document, core_v1.ConfigMap) == obj


@given(trees)
def test_two_spellings_of_a_set_are_one_object(tree: dict[str, Any]) -> None:
    by_document, compact = decode(CONFIG_MAP, owned(tree)).obj, msgspec.json.encode(owned(turned(tree)))
    for body in (compact, msgspec.json.format(compact, indent=2)):
        assert decode(CONFIG_MAP, body).obj == by_document
        assert encode(decode(CONFIG_MAP, body).obj) == encode(by_document)


@given(trees)
def test_custom_objects_carry_them_too(tree: dict[str, Any]) -> None:
    obj = decoder(model_of("Thing")).decode(msgspec.json.encode(owned(tree) | {"spec": {"a": 1}}))
    assert (obj.kind, obj.spec) == ("ConfigMap", {"a": 1})
    assert to_document(obj) == owned(tree) | {"spec": {"a": 1}}


def test_the_body_that_an_object_came_in_is_not_kept_alive() -> None:
    body = msgspec.json.encode(owned({"f:data": {}}))
    before = sys.getrefcount(body)
    obj = decode(CONFIG_MAP, body).obj
    assert obj.metadata.managedFields[0].fieldsV1 == kept({"f:data": {}})
    assert sys.getrefcount(body) == before


def test_owners_in_the_metadata_of_a_template_are_carried_too() -> None:
    metadata = owned({"f:b": {}, "f:a": {}})["metadata"]
    document = set_document(spec__template__metadata__managedFields=metadata["managedFields"])
    obj = decode(STATEFULSET, document).obj
    assert obj == decode(STATEFULSET, msgspec.json.encode(document)).obj
    assert obj.spec.template.metadata.managedFields[0].fieldsV1 == kept({"f:a": {}, "f:b": {}})
    assert msgspec.json.decode(encode(obj)) == to_document(obj)


@pytest.mark.parametrize("tree", [[1], "x", 1, True, [{}]])
def test_what_is_no_tree_is_refused_however_it_comes(tree: Any) -> None:
    for body in (owned(tree), msgspec.json.encode(owned(tree))):
        with pytest.raises(BadRequest, match=r"ManagedFieldsEntry\.metadata\.managedFields\.fieldsV1"):
            decode(CONFIG_MAP, body)


def test_none_is_no_tree() -> None:
    for body in (owned(None), msgspec.json.encode(owned(None))):
        assert decode(CONFIG_MAP, body).obj.metadata.managedFields[0].fieldsV1 is None


@pytest.mark.parametrize("levels", [300, 100_000])
def test_a_tree_too_deep_to_be_walked_is_refused(levels: int) -> None:
    tree = b'{"f:a":' * levels + b"{}" + b"}" * levels
    whole = b'{"metadata":{"name":"a","managedFields":[{"fieldsV1":' + tree + b"}]}}"
    with pytest.raises(BadRequest, match="exceeded max depth"):
        decode(CONFIG_MAP, whole)


def test_bytes_that_are_no_text_are_refused() -> None:
    whole = b'{"metadata":{"name":"a","managedFields":[{"fieldsV1":{"f:\xff":{}}}]}}'
    with pytest.raises(BadRequest):
        decode(CONFIG_MAP, whole)
