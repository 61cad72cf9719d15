"""Decision notes can be named by their number."""

from pathlib import Path

NOTES = sorted((Path(__file__).parents[2] / "docs" / "decisions").glob("*.md"))


def test_every_decision_has_a_number_of_its_own_and_none_is_left_out() -> None:
    assert [int(note.name[:4]) for note in NOTES] == list(range(1, len(NOTES) + 1))


def test_every_decision_fits_on_a_page() -> None:
    assert {note.name: lines for note in NOTES if (lines := len(note.read_text().splitlines())) > 70} == {}
