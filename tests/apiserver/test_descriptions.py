"""What `kubectl explain` says: something about every field, of no field that there is not, and in our own words."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from petset.api import models
from petset.api.kinds import KINDS
from petset.api.schema import key_of, shape
from petset.apiserver.descriptions import description_of, entries

GROUPS = sorted(file.name.removesuffix(".json") for file in files("petset.apiserver.descriptions_data").iterdir())
LONGEST = 330
"""Characters: five lines of a terminal."""


def reached(model: type[Any], known: dict[str, type[Any]]) -> None:
    """The types that a kind is made of."""
    if key_of(model) in known:
        return
    known[key_of(model)] = model
    for field in shape(model).fields.values():
        inner = field.type
        while inner.of is not None:
            inner = inner.of
        if inner.model is not None:
            reached(inner.model, known)


@pytest.fixture(scope="module")
def types() -> dict[str, type[Any]]:
    known: dict[str, type[Any]] = {}
    for kind in KINDS:
        reached(kind.model, known)
    return known


def texts() -> Iterator[tuple[str, str]]:
    for group in GROUPS:
        for name, entry in entries(group).items():
            yield from (((name, entry.about),) if entry.about else ())
            yield from ((f"{name}.{field}", text) for field, text in entry.fields.items())


def test_every_field_of_every_kind_is_described(types: dict[str, type[Any]]) -> None:
    for name, model in types.items():
        described = description_of(model)
        assert described.about, name
        assert set(described.fields) == set(shape(model).fields), name


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_described_is_there(group: str, types: dict[str, type[Any]]) -> None:
    for name, entry in entries(group).items():
        assert name.partition(".")[0] == group
        if name == "meta_v1.Every":
            continue
        own = shape(getattr(getattr(models, group), name.partition(".")[2])).fields
        assert {*entry.fields, *entry.values} <= set(own), name
        assert name in types, name
        assert not entry.like or entry.like in entries(entry.like.partition(".")[0]), name


def test_nothing_is_read_before_somebody_asks_for_openapi() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import petset.daemons.server; "
        "from petset.apiserver.descriptions import entries; print(entries.cache_info().currsize)"
    )
    source = str(files("petset").joinpath(".."))
    done = subprocess.run([sys.executable, "-c", program, source], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_texts_are_short_sentences() -> None:
    for name, text in texts():
        assert text.endswith((".", ">")) and text[0] != " " and len(text) <= LONGEST, (name, len(text))


def test_no_sentence_is_kubernetes_own() -> None:
    source = files("kubernetes_validate") / "kubernetes-json-schema" / "v1.37.0-local" / "_definitions.json"
    theirs = {sentence for text in described(json.loads(source.read_bytes())) for sentence in sentences(text)}
    assert len(theirs) > 5_000
    assert [(name, s) for name, text in texts() for s in sentences(text) if s in theirs] == []


def described(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("description"), str):
            yield document["description"]
        for value in document.values():
            yield from described(value)
    elif isinstance(document, list):
        for value in document:
            yield from described(value)


def sentences(text: str) -> list[str]:
    """Those of more than a few words, in which two authors do not agree by chance."""
    parted = re.split(r"(?<=[.:;])\s+", text)
    return [part.lower().rstrip(".:;") for part in parted if len(part.split()) > 4]
