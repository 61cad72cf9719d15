"""Bodies that nobody sends in good faith: custom objects are documents, and documents may hold anything."""

import json
from typing import Any

import msgspec
import pytest
from custom.databases import DATABASES, DEFINITIONS, Data, Document, data, definition, simple, with_data
from hypothesis import given
from hypothesis import strategies as st

from petset.api.custom.definition import kinds_of
from petset.api.decode import decode, decoder
from petset.api.defaults import apply_defaults
from petset.api.encode import encode
from petset.api.errors import BadRequest, Invalid
from petset.api.kinds import Kind, by_model
from petset.api.models import apiextensions_v1
from petset.api.untyped import model_of
from petset.api.validation import check_create
from petset.registry.metadata import put_in_namespace
from petset.testing.loop import run

WIDGETS = "/apis/data.example.com/v1/namespaces/default/widgets"
_NAMES = st.sampled_from(["spec", "status", "metadata", "x", "apiVersion", "type", "properties", "\ud800"])
_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
    | st.sampled_from([2**70, -(2**63), 1e308, "\udfff", "object"])
)  # fmt: skip
ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3), max_leaves=10
)


def widgets() -> Kind:
    """The kind of a definition that allows anything."""
    found = decode(DEFINITION, msgspec.json.encode(simple())).obj
    condition = apiextensions_v1.CustomResourceDefinitionCondition(type="Established", status="True")
    names = found.spec.names
    found.status = apiextensions_v1.CustomResourceDefinitionStatus(conditions=[condition], acceptedNames=names)
    [kind] = kinds_of(found, model_of("Widget"))
    return kind


DEFINITION = by_model(apiextensions_v1.CustomResourceDefinition)
WIDGET = widgets()


def stored(kind: Kind, document: Document) -> bool:
    """Whether an object may be stored; a refusal is the client's mistake and never ours."""
    try:
        obj = apply_defaults(kind, decode(kind, json.dumps(document).encode()).obj)
        put_in_namespace(kind, "default", obj.metadata)
        check_create(kind, obj)
    except (BadRequest, Invalid):
        return False
    assert decoder(kind.model).decode(encode(obj)).metadata.name == obj.metadata.name
    return True


@given(ANYTHING)
def test_any_object_is_stored_or_refused(content: Any) -> None:
    stored(WIDGET, {"metadata": {"name": "w"}, "spec": content})
    stored(WIDGET, {"metadata": {"name": "w", "labels": content}})


@given(ANYTHING)
def test_any_schema_is_taken_or_refused(schema: Any) -> None:
    stored(DEFINITION, simple(schema={"type": "object", "properties": {"spec": schema}}))


@with_data
async def test_a_document_too_deep_is_refused(data: Data) -> None:
    await data.define(simple())
    for depth, status in ((240, 201), (300, 400), (5_000, 400), (100_000, 400)):
        deep = b'{"metadata":{"name":"w"},"spec":' + b"[" * depth + b"]" * depth + b"}"
        assert (await data.ask("POST", WIDGETS, deep)).status == status
        schema = b'{"type":"array","items":' * depth + b'{"type":"string"}' + b"}" * depth
        text = json.dumps(simple("deeps", schema={"type": "object", "properties": {"spec": "@"}})).encode()
        refused = await data.ask("POST", DEFINITIONS, text.replace(b'"@"', schema))
        assert refused.status == 201 if depth == 240 else refused.status in (400, 422)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": 5},
        {"type": "object", "properties": []},
        {"type": "object", "properties": {"x": 5}},
        {"type": "string", "maxLength": "long"},
        {"type": "string", "enum": 5},
        {"type": "string", "pattern": 5},
        {"type": "array", "items": 5},
        {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": 5},
        {"type": "object", "x-kubernetes-validations": [5]},
        {"type": "object", "required": "x"},
        {"type": "object", "anyOf": 5},
        {"type": "object", "x-kubernetes-validations": [{"rule": 5}]},
        {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-map-keys": [5]},
    ],
)  # fmt: skip
def test_a_schema_of_the_wrong_form_is_refused(wrong: Any) -> None:
    async def body() -> None:
        async with data() as site:
            document = simple(schema={"type": "object", "properties": {"spec": wrong}})
            refused = await site.ask("POST", DEFINITIONS, document)
            assert refused.status in (400, 422), refused

    run(body())


@with_data
async def test_a_definition_that_says_nothing_is_refused(data: Data) -> None:
    for spec in ({}, {"versions": []}, definition()["spec"] | {"versions": []}, None):
        refused = await data.ask("POST", DEFINITIONS, {"metadata": {"name": "x.example.com"}, "spec": spec})
        assert refused.status in (400, 422)
    assert (await data.ask("GET", DATABASES)).status == 404
