"""Manifests are read as kubectl reads them."""

from pathlib import Path

import pytest

from petset.api.yaml11 import documents
from petset.cli.manifests.reading import ManifestError, parse, read

HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


def value(text: str) -> object:
    [(_, document)] = documents(f"v: {text}")
    return document["v"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y", True),
        ("Yes", True),
        ("on", True),
        ("n", False),
        ("OFF", False),
        ('"y"', "y"),
        ("yup", "yup"),
        ("0644", 420),
        ("0x1F", 31),
        ("1_000", 1000),
        ("-7", -7),
        ("1e3", 1000),
        ("0.5", 0.5),
        ("12:30", "12:30"),
        ("2026-01-02", "2026-01-02"),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("~", None),
        ("", None),
        ("1.2.3", "1.2.3"),
        ("1Gi", "1Gi"),
        ("=", "="),
    ],
)
def test_a_plain_value_has_the_type_kubectl_gives_it(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_keys_are_strings_as_in_json() -> None:
    assert [d for _, d in documents("y: 1\n2: two\n1.5: x\n")] == [{"true": 1, "2": "two", "1.5": "x"}]


def test_a_merge_key_fills_in_what_the_mapping_does_not_say() -> None:
    [(_, document)] = documents("base: &b {a: 1, c: 2}\nv: {<<: *b, a: 3}\n")
    assert document["v"] == {"a": 3, "c": 2}


def test_several_documents_are_read_with_their_lines_and_empty_ones_are_left_out() -> None:
    text = "---\n" + HEAD % "a" + "---\n# nothing here\n---\n" + HEAD % "b"
    assert [(m.name, m.place) for m in parse(text, "f.yaml")] == [("a", "f.yaml:2"), ("b", "f.yaml:8")]


def test_lists_are_opened_and_typed_lists_give_their_items_a_kind() -> None:
    text = "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n"
    assert [(m.kind, m.name) for m in parse(text, "f")] == [("ConfigMap", "a"), ("ConfigMap", "b")]
    inner = '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}'
    assert [m.kind for m in parse(f'{{"apiVersion":"v1","kind":"List","items":[{inner}]}}', "f")] == ["Secret"]


def test_a_directory_gives_its_manifests_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).write_text(HEAD % name.split(".")[0])
    (tmp_path / "c.json").write_text('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}')
    assert [m.name for m in read([str(tmp_path)], lambda: "")] == ["a", "b", "c"]


def test_standard_input_is_a_dash() -> None:
    assert [m.name for m in read(["-"], lambda: HEAD % "x")] == ["x"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", 'f:2:1: key "a" is set twice in one mapping'),
        ('{"a": 1, "a": 2}', 'f: key "a" is set twice in one object'),
        ('{"a": 1,}', "f:1:"),
        ("a: [1\n", "f:2:1:"),
        ("- 1\n", "f:1: a manifest must be a mapping, not a list"),
        ("kind: Pod\n", "f:1: apiVersion is missing"),
        ("apiVersion: v1\nkind: Pod\n", "f:1: metadata.name is missing in this Pod"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n", "generateName cannot be applied"),
        ("apiVersion: v1\nkind: List\nitems: 3\n", "items must be a list, not a number"),
        ("a: !!python/object:os.system x\n", "f:1:4: could not determine a constructor"),
        ("\tb: 1\n", "f:1:1:"),
    ],
)
def test_a_bad_manifest_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        list(parse(text, "f"))
    assert str(caught.value).startswith(message) or message in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"absent\.yaml: no such file or directory"):
        read([str(tmp_path / "absent.yaml")], lambda: "")
