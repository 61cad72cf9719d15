"""Pruning and defaults as properties: for any document and the schema of a database, whatever else holds."""

import json
from copy import deepcopy
from typing import Any

from custom.databases import SPEC
from hypothesis import given
from hypothesis import strategies as st

from petset.api.custom.defaulting import drop_nulls, fill
from petset.api.custom.jsonpath import compiled
from petset.api.custom.pruning import pruned
from petset.api.custom.structural import Schema, parse
from petset.api.custom.validating import Validator
from petset.api.validation.fields import Faults

SCHEMA = parse(SPEC)
_NAMES = st.sampled_from([*SPEC["properties"], "name", "size", "className", "port", "superuser", "stranger"])
_SCALARS = st.none() | st.booleans() | st.integers(-3, 12) | st.sampled_from(["postgres", "ann", "1Gi", ""])
DOCUMENTS = st.dictionaries(
    _NAMES,
    st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
        max_leaves=12,
    ),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> set[tuple[Any, ...]]:
    """Every place in a document."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path}.union(*(places(inner, (*path, name)) for name, inner in members))


def is_known(schema: Schema | None, path: tuple[Any, ...]) -> bool:
    """Whether the schema has such a place, or keeps what it does not know."""
    for step in path:
        if schema is None or schema.preserves:
            return schema is not None
        schema = schema.items if isinstance(step, int) else schema.child(step)
    return schema is not None


def prune(document: Any) -> tuple[Any, list[str]]:
    dropped: list[str] = []
    return pruned(SCHEMA, document, "", dropped), dropped


@given(DOCUMENTS)
def test_pruning_keeps_what_is_known_and_nothing_else_and_leaves_its_argument_alone(document: Any) -> None:
    before = deepcopy(document)
    kept, dropped = prune(document)
    assert document == before
    assert prune(kept) == (kept, [])
    assert (kept == document) == (not dropped)
    keys = (path for path in places(kept) if path and isinstance(path[-1], str))
    assert all(is_known(SCHEMA, path) for path in keys)
    assert places(kept) <= places(document)


@given(DOCUMENTS)
def test_defaults_are_filled_in_once_and_never_over_what_is_there(document: Any) -> None:
    kept, _ = prune(document)
    filled = deepcopy(kept)
    fill(SCHEMA, filled)
    drop_nulls(SCHEMA, filled)
    again = deepcopy(filled)
    fill(SCHEMA, again)
    drop_nulls(SCHEMA, again)
    assert again == filled
    assert prune(filled) == (filled, [])
    assert filled["replicas"] == (kept["replicas"] if kept.get("replicas") is not None else 1)
    for name, value in kept.items():
        if value is not None and not isinstance(value, dict | list):
            assert filled[name] == value


@given(DOCUMENTS)
def test_a_check_never_fails_and_names_places_that_are_there(document: Any) -> None:
    faults = Faults()
    Validator(SPEC).check(document, faults)
    for cause in faults.causes:
        assert cause.message
        json.dumps(cause.message)


def test_json_paths_find_what_kubernetes_finds() -> None:
    document = {
        "spec": {"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]},
        "metadata": {"labels": {"app.kubernetes.io/name": "db"}},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    expected = {
        ".spec.ports[0].port": [1],
        ".spec.ports[-1].port": [2],
        ".spec.ports[*].name": ["a", "b"],
        ".spec.ports[0:1].name": ["a"],
        ".spec.ports[?(@.port>1)].name": ["b"],
        r".metadata.labels.app\.kubernetes\.io/name": ["db"],
        ".metadata.labels['app.kubernetes.io/name']": ["db"],
        '.status.conditions[?(@.type=="Ready")].status': ["True"],
        ".status.conditions[?(@.type=='Gone')].status": [],
        "..port": [1, 2],
        ".spec.nothing.here": [],
    }
    assert {path: compiled(path).find(document) for path in expected} == expected
