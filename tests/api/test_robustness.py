"""No document, however strange, makes the server stumble: it is stored or refused, whatever its kind and fields."""

from contextlib import suppress
from random import Random  # noqa: TID251 - seeded by Hypothesis
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petset.api.decode import decode, decoder
from petset.api.defaults import apply_defaults
from petset.api.encode import encode
from petset.api.errors import BadRequest, Invalid
from petset.api.kinds import KINDS, Kind
from petset.api.objects import copy
from petset.api.schema import Type, shape
from petset.api.validation import check_create, check_status_update, check_update
from petset.registry.forms import stored_kind, to_stored

VALUES: dict[str, list[Any]] = {
    "string": ["", "a", "Always", "UPPER", "TCP", "10.0.0.1", "a/b", "x" * 300, "None", "é", 1, None],
    "int32": [0, 1, -1, 80, 2**31, None, "1"],
    "int64": [0, 1, -1, 10**10, None],
    "bool": [True, False, None],
    "Quantity": ["1", "1Gi", "-1", 0, "x", None],
    "IntOrString": [0, 80, -1, "http", "110%", None],
    "Time": ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5+01:00", "soon", None],
    "MicroTime": ["2026-01-01T00:00:00.000001Z", None],
    "bytes": ["", "eA==", "%"],
    "raw": [{}, {"a": [1]}, [], None],
    "object": [{}, {"a": [1]}, [], None],
    "FieldsV1": [{}, {"f:b": {".": {}}, "f:a": {}}, {"\ud800": {}}, [], None],
    "float64": [0.5],
}


def document_of(kind: Type, random: Random, tame: bool, depth: int = 0) -> Any:
    """A document of a type; a tame one has only values that fit their type."""
    if kind.model is not None:
        fields = shape(kind.model).fields
        share = 0.9 if depth == 0 else 0.5 if depth < 4 else 0.25
        return {
            name: document_of(field.type, random, tame, depth + 1)
            for name, field in fields.items()
            if name not in ("apiVersion", "kind") and (random.random() < share or name in ("name", "containers"))
        }
    if kind.of is not None:
        size = random.randrange(3) if depth < 7 else 0
        items = [document_of(kind.of, random, tame, depth + 1) for _ in range(size)]
        return items if kind.name == "list" else dict(zip("ab", items, strict=False))
    pool = VALUES[kind.name]
    return random.choice([v for v in pool if fits(kind.name, v)] if tame else pool)


def fits(name: str, value: Any) -> bool:
    if value is None or (name == "string" and value == 1) or value in ("soon", "%", 2**31, []):
        return False
    if name in ("object", "FieldsV1") and value == []:
        return False
    return not (name == "Quantity" and value == "x") and not (name == "int32" and value == "1")


@pytest.mark.parametrize("shown", KINDS, ids=lambda kind: f"{kind.qualified}/{kind.version}")
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), tame=st.booleans())
def test_any_document_is_stored_or_refused(shown: Kind, seed: int, tame: bool) -> None:
    random, kind = Random(seed), stored_kind(shown)
    found = []
    for _ in range(2):
        document = document_of(Type("struct", model=shown.model), random, tame)
        with suppress(BadRequest):
            found.append(
                apply_defaults(kind, to_stored(shown, decode(shown, document, field_validation="Strict").obj))
            )
    assert len(found) == 2 or not tame, "a document whose values fit their types is read"
    for obj in found:
        assert apply_defaults(kind, copy(obj)) == obj, "defaulting twice changes nothing"
        with suppress(Invalid):
            check_create(kind, obj)
            assert decoder(kind.model).decode(encode(obj)) == obj, "what passes can be stored and read back"
    if len(found) == 2:
        for check in (check_update, check_status_update):
            with suppress(Invalid):
                check(kind, *found)
