"""A three-way merge changes what the manifest says, removes what it no longer says, and leaves the rest alone."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.cli.applying import LAST_APPLIED, last_applied, three_way_patch, with_annotation


def merged(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A JSON merge patch applied the way RFC 7386 defines it."""
    result = dict(target)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            inner = result.get(key)
            result[key] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[key] = value
    return result


@pytest.mark.parametrize(
    ("original", "modified", "current", "patch"),
    [
        ({}, {"a": 1}, {"a": 1, "added-by-server": 2}, {}),
        ({"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}),
        ({"a": 1, "b": 1}, {"a": 1}, {"a": 1, "b": 1, "c": 1}, {"b": None}),
        ({"a": 1}, {}, {}, {}),
        ({"m": {"x": 1, "y": 1}}, {"m": {"x": 1}}, {"m": {"x": 1, "y": 1, "z": 1}}, {"m": {"y": None}}),
        ({"l": [1]}, {"l": [1, 2]}, {"l": [1]}, {"l": [1, 2]}),
        ({}, {"m": {}}, {}, {"m": {}}),
    ],
)
def test_the_patch_says_only_what_must_change(
    original: dict[str, Any], modified: dict[str, Any], current: dict[str, Any], patch: dict[str, Any]
) -> None:
    assert three_way_patch(original, modified, current) == patch


documents = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | inner, max_size=3),
    max_leaves=6,
)


@given(documents, documents, documents)
def test_after_the_patch_everything_the_manifest_says_is_so(
    original: dict[str, Any], modified: dict[str, Any], current: dict[str, Any]
) -> None:
    result = merged(current, three_way_patch(original, modified, current))
    assert three_way_patch({}, modified, result) == {}
    gone = {key for key in original if key not in modified}
    assert not gone & set(result)


def test_the_annotation_is_the_manifest_without_itself_and_kubectl_could_read_it() -> None:
    document = {"kind": "ConfigMap", "metadata": {"name": "a", "annotations": {LAST_APPLIED: "old", "k": "v"}}}
    sent = with_annotation(document, "n")
    applied = json.loads(sent["metadata"]["annotations"][LAST_APPLIED])
    assert applied == {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n", "annotations": {"k": "v"}}}
    assert last_applied(sent) == applied


@pytest.mark.parametrize("current", [{}, {"metadata": {}}, {"metadata": {"annotations": {LAST_APPLIED: "{"}}}])
def test_an_object_that_was_never_applied_has_no_last_manifest(current: dict[str, Any]) -> None:
    assert last_applied(current) == {}
