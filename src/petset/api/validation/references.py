"""References to an object by its kind and name, both of which become segments of a path."""

from typing import Protocol

from petset.api import names
from petset.api.validation.fields import Faults


class Reference(Protocol):
    """Whatever names one object, in a namespace that goes without saying."""

    kind: str
    name: str


def check_kind_and_name(path: str, reference: Reference, faults: Faults) -> None:
    """Both must be there."""
    for field, value in (("kind", reference.kind), ("name", reference.name)):
        if value:
            faults.each(f"{path}.{field}", value, names.path_segment(value))
        else:
            faults.required(f"{path}.{field}")
