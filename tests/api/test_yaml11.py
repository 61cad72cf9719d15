"""The YAML reader is not brought down by what it is given to read."""

import pytest
import yaml

from petset.api.yaml11 import DEEPEST, documents

ALIASES = "&a0 [x]" + "".join(f", &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12))
MERGES = "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}\n" for i in range(1, 12))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: " + "[" * 50_000, "levels deep"),
        ("a: " + "{b: " * 50_000, "levels deep"),
        ("- " * 50_000 + "x", "levels deep"),
        (f"a: [{ALIASES}]", "grows without bounds"),
        ("a0: &a0 {x: 1}\n" + MERGES, "grows without bounds"),
        ("a: &a [*a]", "recursive"),
        ("a: *nowhere", "undefined alias"),
    ],
)
def test_a_document_made_to_do_harm_is_refused(text: str, says: str) -> None:
    with pytest.raises(yaml.MarkedYAMLError, match=says):
        list(documents(text))


def test_aliases_and_nesting_in_reason_are_read() -> None:
    shared = "base: &base {a: [1, 2, 3]}\nuses: [" + ", ".join(["*base"] * 500) + "]\n"
    [(_, document)] = documents(shared)
    assert document["uses"][499] == {"a": [1, 2, 3]}
    [(_, nested)] = documents("[" * DEEPEST + "]" * DEEPEST)
    assert isinstance(nested, list)
    assert [value for _, value in documents("a: &x 1\nb: *x\n---\n- 2\n")] == [{"a": 1, "b": 1}, [2]]
