"""Bodies become objects, or a refusal in the words that clients of Kubernetes know."""

import json
from contextlib import suppress
from typing import Any

import pytest
from api.documents import (
    CONFIG_MAP,
    DEFINITION,
    EVENT,
    LEASE,
    POD,
    REVISION,
    SECRET,
    STATEFULSET,
    pod_document,
    set_document,
)
from hypothesis import given
from hypothesis import strategies as st

from petset.api.decode import decode
from petset.api.encode import encode, to_document
from petset.api.errors import BadRequest
from petset.api.kinds import Kind
from petset.api.objects import copy


def unfit(kind: Kind, why: str) -> str:
    return f'{kind.name} in version "v1" cannot be handled as a {kind.name}: {why}'


def unmarshal(kind: Kind, value: str, field: str, go_type: str) -> str:
    return unfit(kind, f"json: cannot unmarshal {value} into Go struct field {field} of type {go_type}")


REPLICAS = ("StatefulSetSpec.spec.replicas", "int32")
NO_QUANTITY = r"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NO_TIME = 'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"'
WRONG: list[tuple[Kind, Any, str]] = [
    (STATEFULSET, {"spec": {"replicas": "3"}}, unmarshal(STATEFULSET, "string", *REPLICAS)),
    (STATEFULSET, {"spec": {"replicas": 1.5}}, unmarshal(STATEFULSET, "number 1.5", *REPLICAS)),
    (STATEFULSET, {"spec": {"replicas": 2**31}}, unmarshal(STATEFULSET, "number 2147483648", *REPLICAS)),
    (
        STATEFULSET,
        {"metadata": {"labels": {"a": 1}}, "spec": {}},
        unmarshal(STATEFULSET, "number", "ObjectMeta.metadata.labels", "string"),
    ),
    (
        POD,
        {"spec": {"containers": {}}},
        unmarshal(POD, "object", "PodSpec.spec.containers", "[]v1.Container"),
    ),
    (
        POD,
        {"spec": {"containers": [{"env": [{"value": True}]}]}},
        unmarshal(POD, "bool", "EnvVar.spec.containers.env.value", "string"),
    ),
    (
        STATEFULSET,
        {"spec": {"template": {"metadata": {"managedFields": [{"fieldsV1": [1]}]}}}},
        unmarshal(
            STATEFULSET,
            "array",
            "ManagedFieldsEntry.spec.template.metadata.managedFields.fieldsV1",
            "map[string]interface {}",
        ),
    ),
    (POD, {"spec": "x"}, unmarshal(POD, "string", "Pod.spec", "v1.PodSpec")),
    (POD, {"spec": {"containers": [{"resources": {"limits": {"cpu": "x"}}}]}}, unfit(POD, NO_QUANTITY)),
    (POD, {"metadata": {"deletionTimestamp": "soon"}}, unfit(POD, NO_TIME)),
    (
        STATEFULSET,
        {"spec": {"template": {"metadata": {"managedFields": [{"fieldsV1": [1]}]}}}},
        unmarshal(
            STATEFULSET,
            "array",
            "ManagedFieldsEntry.spec.template.metadata.managedFields.fieldsV1",
            "map[string]interface {}",
        ),
    ),
    (
        DEFINITION,
        {"spec": {"versions": [{"subresources": {"status": 3}}]}},
        unmarshal(
            DEFINITION,
            "number",
            "CustomResourceSubresources.spec.versions.subresources.status",
            "map[string]interface {}",
        ),
    ),
    (SECRET, {"data": {"a": "%"}}, unfit(SECRET, "illegal base64 data at input byte 0")),
    (
        POD,
        {"apiVersion": "v1", "kind": "Service"},
        'Service in version "v1" cannot be handled as a Pod: '
        "converting (v1.Service) to (core.Pod): unknown conversion",
    ),
]


@pytest.mark.parametrize(("kind", "document", "message"), WRONG, ids=[m[-60:] for _, _, m in WRONG])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_a_wrong_type_is_refused_with_its_path(kind: Kind, document: Any, message: str, as_bytes: bool) -> None:
    with pytest.raises(BadRequest) as refusal:
        decode(kind, json.dumps(document).encode() if as_bytes else document)
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "unexpected end of JSON input (<empty>)"),
        (b'{"kind":', 'unexpected end of JSON input ({"kind":)'),
        (b"{nonsense}", "invalid character 'n' at line 1 column 2 ({nonsense})"),
        (b"[]", "json: cannot unmarshal the body into an object ([])"),
    ],
)
def test_what_is_no_json_object_is_unrecognized(body: bytes, why: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        decode(POD, body)
    assert refusal.value.message == (
        "the object provided is unrecognized (must be of type Pod): "
        f"couldn't get version/kind; json parse error: {why}"
    )


UNKNOWN = b'{"spec":{"a":1,"replicas":1,"replicas":2,"template":{"spec":{"containers":[{"name":"x","b":{}}]}}}}'
COMPLAINTS = (
    'duplicate field "spec.replicas"',
    'unknown field "spec.a"',
    'unknown field "spec.template.spec.containers[0].b"',
)


def test_unknown_and_repeated_fields_are_refused_when_strict() -> None:
    with pytest.raises(BadRequest) as refusal:
        decode(STATEFULSET, UNKNOWN, field_validation="Strict")
    assert sorted(
        refusal.value.message.removeprefix(unfit(STATEFULSET, "strict decoding error: ")).split(", ")
    ) == sorted(COMPLAINTS)


def test_unknown_and_repeated_fields_are_warned_of_when_asked_and_dropped() -> None:
    decoded = decode(STATEFULSET, UNKNOWN, field_validation="Warn")
    assert sorted(decoded.warnings) == sorted(COMPLAINTS)
    assert decoded.obj.spec.replicas == 2


def test_unknown_fields_are_dropped_silently_otherwise() -> None:
    decoded = decode(STATEFULSET, UNKNOWN)
    assert decoded.warnings == ()
    assert "a" not in to_document(decoded.obj)["spec"]


def test_a_correct_body_passes_strict_validation_without_warnings() -> None:
    assert decode(STATEFULSET, json.dumps(set_document()).encode(), field_validation="Strict").warnings == ()


def test_absent_required_fields_get_the_zero_value_for_validation_to_name() -> None:
    spec = decode(STATEFULSET, b'{"spec": {"template": {"spec": {"containers": [{}]}}}}').obj.spec
    assert spec.selector is None
    assert spec.template.spec.containers[0].name == ""


def test_null_is_the_same_as_absent() -> None:
    spec = decode(STATEFULSET, b'{"spec": {"selector": null, "replicas": null, "template": null}}').obj.spec
    assert (spec.selector, spec.replicas, spec.template.spec.containers) == (None, None, [])


def test_the_type_may_be_left_out_since_the_address_tells_it() -> None:
    assert decode(POD, b'{"metadata": {"name": "a"}}').obj.kind == "Pod"


def test_numbers_are_quantities_too() -> None:
    document = pod_document(spec__containers__0__resources={"limits": {"cpu": 1, "memory": 1048576}})
    limits = decode(POD, json.dumps(document).encode()).obj.spec.containers[0].resources.limits
    assert limits == {"cpu": "1", "memory": "1048576"}


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert decode(CONFIG_MAP, rb'{"data": {"a": "\ud83d"}}').obj.data == {"a": "\ufffd"}


def test_times_are_whole_seconds_of_utc_and_micro_times_have_six_digits() -> None:
    event = decode(EVENT, b'{"metadata":{},"involvedObject":{},"firstTimestamp":"2026-01-01T02:00:00.9+02:00"}')
    assert b'"firstTimestamp":"2026-01-01T00:00:00Z"' in encode(event.obj)
    lease = decode(LEASE, b'{"spec":{"renewTime":"2026-01-01T00:00:00Z","acquireTime":"2026-01-01T00:00:00.5Z"}}')
    assert to_document(lease.obj)["spec"] == {
        "renewTime": "2026-01-01T00:00:00.000000Z",
        "acquireTime": "2026-01-01T00:00:00.500000Z",
    }


@pytest.mark.parametrize("depth", [200, 300, 900, 1000, 100_000])
@pytest.mark.parametrize("field_validation", ["Ignore", "Strict"])
def test_a_body_that_is_nested_too_deep_is_refused(depth: int, field_validation: Any) -> None:
    body = b'{"metadata": {"name": "a"}, "data": ' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
    if depth == 200:
        obj = decode(REVISION, body, field_validation=field_validation).obj
        assert decode(REVISION, encode(copy(obj))).obj == obj
        return
    with pytest.raises(BadRequest, match="exceeded max depth"):
        decode(REVISION, body, field_validation=field_validation)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["spec", "metadata", "name", "labels", "containers", "replicas", "template", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_document_is_read_or_refused_and_both_ways_agree(value: Any) -> None:
    """Bytes and parsed documents lead to the same object or the same refusal."""
    outcomes = []
    for body in (json.dumps({"spec": value}).encode(), {"spec": value}):
        try:
            outcomes.append(encode(decode(STATEFULSET, body).obj))
        except BadRequest as refusal:
            outcomes.append(refusal.message.encode())
    assert outcomes[0] == outcomes[1]


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(BadRequest):
        assert decode(POD, body, field_validation="Strict").obj.kind == "Pod"


def test_what_was_encoded_decodes_to_the_same_object() -> None:
    obj = decode(STATEFULSET, set_document()).obj
    assert decode(STATEFULSET, encode(obj)).obj == obj


def test_of_very_many_complaints_the_first_hundred_are_told() -> None:
    document = {"metadata": {"name": "a"}, **{f"colour{number}": number for number in range(300)}}
    assert len(decode(POD, document, field_validation="Warn").warnings) == 100
