"""Reads the planner's stories in tests/stories, those without a letter before their name.

Each tells what happens to a set, and after each `----` what the next plan says.

Lines before `----` are events, lines after it the actions and waiting sentences of the next look, `nothing` for
none. Lines that begin with `#` are for the reader.
"""

from pathlib import Path

import pytest
from controllers.statefulset.tiny import Tiny, claim_template, make_set, steps, template

from petset.api.gates import Gates
from petset.api.models import apps_v1

STORIES = sorted((Path(__file__).parents[2] / "stories").glob("[!-][!-]*.txt"))


def blocks(text: str) -> list[tuple[list[str], list[str]]]:
    """Each look as (events before it, lines expected of it)."""
    found: list[tuple[list[str], list[str]]] = []
    events: list[str] = []
    expected: list[str] | None = None
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line == "----":
            expected = []
            found.append((events, expected))
            events = []
        elif not line:
            expected = None
        elif expected is None:
            events.append(line)
        else:
            expected.append(line)
    assert not events, f"events after the last look: {events}"
    return found


def begin(words: list[str]) -> Tiny:
    name, *options = words
    given = dict(option.split("=") for option in options)
    claims = [claim_template(claim) for claim in given.get("claims", "").split(",") if claim]
    made = make_set(
        name,
        replicas=int(given.get("replicas", "1")),
        podManagementPolicy=given.get("policy", "OrderedReady"),
        volumeClaimTemplates=claims,
        annotations={name: value for name, value in given.items() if name.startswith("petset.dev/")} or None,
    )
    if "strategy" in given:
        made.spec.updateStrategy = apps_v1.StatefulSetUpdateStrategy(type=given["strategy"])
    return Tiny(made, gates=Gates(recreate=True))


def happen(tiny: Tiny, event: str) -> None:
    match event.split():
        case ["pod", name, "becomes", "ready"]:
            tiny.ready(name)
        case ["pod", name, "becomes", "unready"]:
            tiny.phase(name, "Running")
        case ["pod", name, "becomes", phase]:
            tiny.phase(name, phase)
        case ["pod", name, "is", "gone"]:
            tiny.gone(name)
        case ["stray", "pod", name, "appears"]:
            tiny.stray(name)
        case [seconds, "seconds", "pass"]:
            tiny.pass_time(int(seconds))
        case ["scale", "to", replicas]:
            tiny.change(replicas=int(replicas))
        case ["change", "image", "to", image]:
            tiny.change(template=template(image))
        case ["everything", "works"]:
            tiny.run()
        case _:
            raise AssertionError(f"no such event in a story: {event}")


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_story(story: Path) -> None:
    tiny = Tiny()
    for events, expected in blocks(story.read_text()):
        for event in events:
            if event.startswith("set "):
                tiny = begin(event.split()[1:])
            else:
                happen(tiny, event)
        made = tiny.look()
        assert ([*steps(made), *map(str, made.waiting)] or ["nothing"]) == expected, f"after {events}"
