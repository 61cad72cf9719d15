"""What a StatefulSet may ask for beyond Kubernetes, by annotations under `petset.dev/`.

Kubernetes has ways that its users would rather not depend on and that nobody can take away from those who do. They
are kept. A set that wants otherwise says so, each by itself:

    petset.dev/replace-broken-after: 30s   an ordered rollout replaces a pod of a former template that has not been
                                           Ready for so long, instead of waiting for it for ever (rule 52)
    petset.dev/remove-broken: "true"       scaling down in order removes a pod that is not Ready although others
                                           that are to go are not Ready either (rule 49)
    petset.dev/leave-strays: "true"        a pod without an owner that has the set's labels, and a number that the
                                           set does not want, is left alone, not taken in and removed (rule 62)

Without them, or with values that cannot be read, all is as on Kubernetes; the server warns of what cannot be read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

PREFIX = "petset.dev/"
REPLACE_BROKEN_AFTER = "petset.dev/replace-broken-after"
REMOVE_BROKEN = "petset.dev/remove-broken"
LEAVE_STRAYS = "petset.dev/leave-strays"

V = TypeVar("V")
_PART = re.compile(r"([0-9]+)(h|m|s)")
_SECONDS = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True)
class Options:
    """What one set asks for. `replace_broken_after_seconds` is None where broken pods are waited for."""

    replace_broken_after_seconds: int | None = None
    remove_broken: bool = False
    leave_strays: bool = False


NONE = Options()


def options_of(annotations: Mapping[str, str] | None) -> Options:
    """What a set with these annotations asks for; what cannot be read asks for nothing."""
    if not annotations or not any(name in annotations for name in _READERS):
        return NONE
    return Options(
        replace_broken_after_seconds=_read(annotations, REPLACE_BROKEN_AFTER, _seconds),
        remove_broken=_read(annotations, REMOVE_BROKEN, _truth) or False,
        leave_strays=_read(annotations, LEAVE_STRAYS, _truth) or False,
    )


def complaints(annotations: Mapping[str, str] | None) -> Iterator[str]:
    """What is wrong with a set's annotations under `petset.dev/`: warnings, for Kubernetes takes any."""
    for name, value in (annotations or {}).items():
        if not name.startswith(PREFIX):
            continue
        where = f"metadata.annotations[{name}]"
        if name not in _READERS:
            yield f"{where}: no such option, nothing comes of it; there are {', '.join(_READERS)}"
            continue
        read, wanted = _READERS[name]
        try:
            read(value)
        except ValueError:
            yield f'{where}: "{value}" asks for nothing; must be {wanted}'


def _read(given: Mapping[str, str], name: str, read: Callable[[str], V]) -> V | None:
    try:
        return read(given[name]) if name in given else None
    except ValueError:
        return None


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _seconds(text: str) -> int:
    parts = _PART.findall(text)
    if not parts or "".join(amount + unit for amount, unit in parts) != text:
        raise ValueError(text)
    return sum(int(amount) * _SECONDS[unit] for amount, unit in parts)


_READERS: Mapping[str, tuple[Callable[[str], object], str]] = {
    REPLACE_BROKEN_AFTER: (_seconds, 'a duration such as "30s", "5m" or "1h30m"'),
    REMOVE_BROKEN: (_truth, '"true" or "false"'),
    LEAVE_STRAYS: (_truth, '"true" or "false"'),
}
