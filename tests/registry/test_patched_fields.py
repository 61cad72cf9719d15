"""A patch that names the fields it changes makes of an object what it would make of all of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry.given import MAPS, PODS

from petset.api.decode import Unfit, decode
from petset.api.encode import encode, to_document
from petset.api.errors import ApiError
from petset.api.kinds import Kind
from petset.api.patch import MERGE_PATCH, STRATEGIC_MERGE_PATCH, apply_patch
from petset.api.patch import outcome as shown
from petset.registry.changes import Way, patched
from petset.registry.parts import fields_named
from petset.registry.port import Patch, WriteOptions
from petset.registry.refusals import invalid_patch

METADATA: dict[str, Any] = {
    "name": "a",
    "namespace": "default",
    "uid": "u",
    "resourceVersion": "7",
    "creationTimestamp": "2026-01-02T03:04:05Z",
    "labels": {"app": "web"},
}
MAP = {"metadata": METADATA, "data": {"a": "1", "b": "2"}, "immutable": False}
POD = {
    "metadata": METADATA,
    "spec": {"containers": [{"name": "c", "image": "i"}], "nodeName": "n1"},
    "status": {
        "phase": "Pending",
        "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T03:04:05Z"}],
    },
}
WRONG = st.sampled_from([1, "x", [1], {"x": 1}, True])
TEXTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(st.none(), st.sampled_from(["1", "2", ""])))
CONDITIONS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["Ready", "Other"]), "status": st.sampled_from(["True", "False"])},
        optional={"message": st.sampled_from(["", "why"]), "$patch": st.just("delete"), "what": st.just(1)},
    ),
    max_size=2,
)
PATCHES: Any = st.fixed_dictionaries(
    {},
    optional={
        "apiVersion": st.sampled_from(["v1", "v2"]),
        "metadata": st.one_of(st.none(), WRONG, st.fixed_dictionaries({}, optional={"labels": TEXTS})),
        "data": st.one_of(st.none(), WRONG, TEXTS),
        "binaryData": st.sampled_from([None, {}, {"k": "AA=="}, {"k": "!"}]),
        "immutable": st.sampled_from([None, True, False, "yes"]),
        "spec": st.sampled_from([None, {}, {"nodeName": "n2"}]),
        "status": st.one_of(
            st.none(),
            WRONG,
            st.fixed_dictionaries(
                {},
                optional={
                    "phase": st.sampled_from(["Running", "", None, 5]),
                    "conditions": CONDITIONS,
                    "startTime": st.sampled_from(["2026-01-02T03:04:05+01:00", "soon"]),
                },
            ),
        ),
        "$patch": st.just("replace"),
        "unknown": st.just({"a": 1}),
    },
)


def outcome(make: Any) -> Any:
    try:
        return make()
    except ApiError as error:
        return type(error), str(error)


def whole(kind: Kind, old: Any, patch: Patch, options: WriteOptions) -> bytes:
    """The long way: the object written out, patched, and read again."""
    document = apply_patch(kind, patch.content_type, to_document(old), patch.document)
    try:
        decoded = decode(kind, document, field_validation=options.field_validation)
    except Unfit as error:
        raise invalid_patch(shown(patch.content_type, patch.document, document), error.why) from error
    options.warnings[:] = decoded.warnings
    decoded.obj.metadata.name, decoded.obj.metadata.namespace = "a", "default"
    return encode(decoded.obj)


@pytest.mark.parametrize(("kind", "document", "subresource"), [(MAPS, MAP, ""), (PODS, POD, "status")])
@given(
    patch=PATCHES,
    content_type=st.sampled_from([MERGE_PATCH, STRATEGIC_MERGE_PATCH]),
    validation=st.sampled_from(["Ignore", "Warn", "Strict"]),
)
def test_it_is_as_if_all_of_the_object_had_been_patched(
    kind: Kind, document: Any, subresource: str, patch: Any, content_type: Any, validation: Any
) -> None:
    old = decode(kind, document).obj
    before = encode(old)
    asked = Patch(content_type, patch)
    expected, found = (WriteOptions(field_validation=validation) for _ in range(2))
    change = patched(kind, asked, found, Way(subresource))
    assert outcome(lambda: encode(change(old))) == outcome(lambda: whole(kind, old, asked, expected))
    assert found.warnings == expected.warnings
    assert encode(old) == before, "what is stored is shared"


NAMED = {
    "the status of a pod": (PODS, "status", {"status": {}}, ["status"]),
    "the data of a map": (MAPS, "", {"data": {}, "metadata": {}}, ["data", "metadata"]),
    "what may follow from the rest by default": (PODS, "", {"spec": {}}, []),
    "a directive": (PODS, "status", {"status": {}, "$patch": "replace"}, []),
    "a field that nobody knows": (MAPS, "", {"data": {}, "what": 1}, []),
    "no object": (MAPS, "", "text", []),
}


@pytest.mark.parametrize("case", NAMED)
def test_which_fields_a_patch_names(case: str) -> None:
    kind, subresource, document, expected = NAMED[case]
    assert list(fields_named(kind, subresource, Patch(MERGE_PATCH, document))) == expected
    assert not fields_named(kind, subresource, Patch("application/json-patch+json", document))
