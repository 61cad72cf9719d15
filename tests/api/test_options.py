"""What a set may ask for by annotations: read exactly, and warned of where it cannot be read."""

import pytest
from api.documents import statefulset

from petset.api.options import LEAVE_STRAYS, NONE, REMOVE_BROKEN, REPLACE_BROKEN_AFTER, Options, options_of
from petset.api.warnings import warnings_for


@pytest.mark.parametrize(
    ("annotations", "options"),
    [
        (None, NONE),
        ({"app": "web", "other.dev/leave-strays": "true"}, NONE),
        ({REPLACE_BROKEN_AFTER: "30s"}, Options(replace_broken_after_seconds=30)),
        ({REPLACE_BROKEN_AFTER: "0s"}, Options(replace_broken_after_seconds=0)),
        ({REPLACE_BROKEN_AFTER: "1h30m"}, Options(replace_broken_after_seconds=5400)),
        ({REMOVE_BROKEN: "true"}, Options(remove_broken=True)),
        ({LEAVE_STRAYS: "true", REMOVE_BROKEN: "false"}, Options(leave_strays=True)),
    ],
)
def test_what_a_set_asks_for(annotations: dict[str, str] | None, options: Options) -> None:
    assert options_of(annotations) == options
    assert warnings_for(statefulset(metadata__annotations=annotations)) == []


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        (REPLACE_BROKEN_AFTER, "", 'a duration such as "30s", "5m" or "1h30m"'),
        (REPLACE_BROKEN_AFTER, "30", 'a duration such as "30s", "5m" or "1h30m"'),
        (REPLACE_BROKEN_AFTER, "-5s", 'a duration such as "30s", "5m" or "1h30m"'),
        (REPLACE_BROKEN_AFTER, "5 s", 'a duration such as "30s", "5m" or "1h30m"'),
        (REMOVE_BROKEN, "yes", '"true" or "false"'),
        (LEAVE_STRAYS, "True", '"true" or "false"'),
    ],
)
def test_what_cannot_be_read_asks_for_nothing_and_is_warned_of(name: str, value: str, wanted: str) -> None:
    assert options_of({name: value}) == NONE
    assert warnings_for(statefulset(metadata__annotations={name: value})) == [
        f'metadata.annotations[{name}]: "{value}" asks for nothing; must be {wanted}'
    ]


def test_an_option_that_there_is_not_is_warned_of() -> None:
    assert options_of({"petset.dev/leave-stray": "true"}) == NONE
    assert warnings_for(statefulset(metadata__annotations={"petset.dev/leave-stray": "true"})) == [
        "metadata.annotations[petset.dev/leave-stray]: no such option, nothing comes of it; there are "
        "petset.dev/replace-broken-after, petset.dev/remove-broken, petset.dev/leave-strays"
    ]


def test_every_one_of_several_is_read_and_every_fault_is_warned_of() -> None:
    mixed = {
        "app": "web",
        REMOVE_BROKEN: "yes",
        "petset.dev/no": "x",
        REPLACE_BROKEN_AFTER: "soon",
        LEAVE_STRAYS: "true",
    }
    assert options_of(mixed) == Options(leave_strays=True)
    told = [text.partition(":")[0] for text in warnings_for(statefulset(metadata__annotations=mixed))]
    assert told == [
        f"metadata.annotations[{name}]" for name in (REMOVE_BROKEN, "petset.dev/no", REPLACE_BROKEN_AFTER)
    ]
