"""What `kubectl explain` says of a type and its fields, in our own words.

Short and useful: what a field does, its unit, its default, what else it may be, and where Petset does something
else than a cluster. The texts stand in `descriptions_data/`, one file for each group version, beside the values
that a field is confined to. They are read when somebody first asks for OpenAPI and at no other time.

An entry may lean on another (`like`): what it does not say itself, the other says. Every entry leans on
`meta_v1.Every` at last, which holds what is the same wherever it appears (`kind`, `metadata`, `fsType` …).
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from petset.api.schema import key_of, per_type, shape

_EVERY = "meta_v1.Every"


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One type: what it is, what its fields are for, and the only values of those that take no others."""

    about: str = ""
    fields: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    like: str = ""


@per_type
def description_of(model: type[Any]) -> Description:
    """The description of a struct, with what it takes from others; empty where nothing is said of it."""
    key, own = key_of(model), shape(model).fields
    about, fields, values = "", dict[str, str](), dict[str, list[str]]()
    while key:
        entry = entries(key.partition(".")[0]).get(key, Description())
        about = about or entry.about
        fields = {name: text for name, text in entry.fields.items() if name in own} | fields
        values = {name: texts for name, texts in entry.values.items() if name in own} | values
        key = entry.like or (_EVERY if key != _EVERY else "")
    return Description(about, fields, values)


@cache
def entries(group: str) -> dict[str, Description]:
    """The entries of one file (`core_v1`), as they are written."""
    file = Path(__file__).parent / "descriptions_data" / f"{group}.json"
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Description]) if file.is_file() else {}
