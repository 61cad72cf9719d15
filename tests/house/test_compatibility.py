"""docs/compatibility.md promises tests by name; a promise that nobody keeps fails here."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "compatibility.md"
RULES = range(1, 76)
_NAMED = re.compile(r"`((?:tests/|…::|test_)[^`]*)`")


def rows() -> list[list[str]]:
    """The cells of every row of every table, headings and rulers left out."""
    lines = [line.strip("|").split("|") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in cells] for cells in lines]


def named_tests() -> list[tuple[str, str]]:
    """`(file, test)` of all that is named; `…` stands for the file named before it."""
    found: list[tuple[str, str]] = []
    file = ""
    for *_, cell in rows():
        for name in _NAMED.findall(cell):
            path, _, test = name.partition("::")
            file = file if path == "…" else path
            found.append((file, test.partition("[")[0]))
    return found


@cache
def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def problem(file: str, test: str) -> str:
    """Why this name proves nothing, or empty."""
    if not file.startswith("tests/"):
        return "" if _anywhere(file) else f"no test {file}"
    path = ROOT / file
    if not path.exists():
        return f"no file {file}"
    if test and test not in functions_of(path):
        return f"no test {test} in {file}"
    return ""


def _anywhere(name: str) -> bool:
    """A bare name is a test or a file somewhere in tests/."""
    if name.endswith(".py"):
        return bool(list((ROOT / "tests").rglob(name)))
    return any(f"def {name}(" in path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


def test_every_test_that_is_named_exists() -> None:
    named = named_tests()
    assert len(named) > 100, "the page is read wrongly"
    assert not [found for file, test in named if (found := problem(file, test))]


def test_every_rule_of_the_contract_has_a_row_with_a_verdict() -> None:
    numbered = {int(cells[0]): cells for cells in rows() if cells[0].isdigit()}
    assert list(numbered) == list(RULES)
    verdicts = ("matched", "differs", "missing", "does not apply")
    assert not [n for n, cells in numbered.items() if not cells[2].startswith(verdicts)]
    assert not [n for n, cells in numbered.items() if cells[2].startswith(("matched", "differs")) and not cells[3]]


@pytest.mark.parametrize(
    ("file", "test", "why"),
    [
        ("tests/house/test_compatibility.py", "test_of_nothing", "no test test_of_nothing in"),
        ("tests/house/nothing.py", "", "no file tests/house/nothing.py"),
        ("test_of_nothing_at_all", "", "no test test_of_nothing_at_all"),
        ("tests/house/test_compatibility.py", "rows", ""),
    ],
)
def test_a_name_that_nothing_stands_behind_is_found(file: str, test: str, why: str) -> None:
    assert problem(file, test).startswith(why) and bool(problem(file, test)) == bool(why)
