"""Feature gates: behaviour that is switched on or off by name, as with Kubernetes' `--feature-gates`.

Only the gates that change what a StatefulSet does are known; their names, stages and defaults are those of
Kubernetes 1.37. As there, `AllAlpha` and `AllBeta` switch a whole stage, and what is named itself goes first.
"""

from dataclasses import dataclass
from typing import Literal


class UnknownGate(ValueError):
    """A gate that nobody knows, or a value that is neither true nor false. The message lists what can be said."""


@dataclass(frozen=True)
class Gates:
    """Which gates are on. The defaults are those of Kubernetes 1.37."""

    max_unavailable: bool = True
    recreate: bool = False


@dataclass(frozen=True)
class _Gate:
    name: str
    field: str
    stage: Literal["ALPHA", "BETA"]


KNOWN: tuple[_Gate, ...] = (
    _Gate("MaxUnavailableStatefulSet", "max_unavailable", "BETA"),
    _Gate("StatefulSetRecreateStrategy", "recreate", "ALPHA"),
)
DEFAULT = Gates()
_STAGES = {"AllAlpha": "ALPHA", "AllBeta": "BETA"}
_TRUTH = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


def parse(text: str) -> Gates:
    """The gates that `A=true,B=false` asks for; empty text asks for the defaults. Raises UnknownGate."""
    asked = dict(_pair(part.strip()) for part in text.split(",") if part.strip())
    values: dict[str, bool] = {}
    for name, stage in _STAGES.items():
        if name in asked:
            values.update((gate.field, asked[name]) for gate in KNOWN if gate.stage == stage)
    values.update((gate.field, asked[gate.name]) for gate in KNOWN if gate.name in asked)
    return Gates(**values)


def written(gates: Gates) -> str:
    """The shortest text that `parse` reads as these gates: those that differ from their defaults."""
    changed = [gate for gate in KNOWN if getattr(gates, gate.field) != getattr(DEFAULT, gate.field)]
    return ",".join(f"{gate.name}={'true' if getattr(gates, gate.field) else 'false'}" for gate in changed)


def listed() -> str:
    """What can be said, as `--help` and refusals show it."""
    each = (f"{g.name}=true|false ({g.stage} - default={str(getattr(DEFAULT, g.field)).lower()})" for g in KNOWN)
    return ", ".join([*(f"{name}=true|false" for name in _STAGES), *each])


def _pair(part: str) -> tuple[str, bool]:
    name, equals, value = (piece.strip() for piece in part.partition("="))
    if not equals:
        raise UnknownGate(f"missing bool value for {name}; give one of: {listed()}")
    if name not in _STAGES and name not in {gate.name for gate in KNOWN}:
        raise UnknownGate(f"unrecognized feature gate: {name}; known are: {listed()}")
    if value not in _TRUTH:
        raise UnknownGate(f"invalid value of {name}: {value!r} is neither true nor false; give one of: {listed()}")
    return name, _TRUTH[value]
