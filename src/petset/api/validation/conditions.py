"""Conditions of the shape that newer kinds share (`meta/v1`), as they are checked wherever a status holds them."""

import re
from typing import Any

from petset.api import names
from petset.api.models import meta_v1
from petset.api.validation.fields import Faults

_STATUSES = ("False", "True", "Unknown")
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"
_reason = re.compile(_REASON)
_NO_REASON = (
    "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
    "characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or "
    f"'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '{_REASON}')"
)
_LONGEST_REASON_BYTES = 1024
_LONGEST_MESSAGE_BYTES = 32 * 1024


def check_conditions_of(status: Any, faults: Faults) -> None:
    """Each type once, and each condition whole."""
    seen: set[str] = set()
    for index, condition in enumerate(getattr(status, "conditions", None) or ()):
        if not isinstance(condition, meta_v1.Condition):
            return
        here = f"status.conditions[{index}]"
        if condition.type in seen:
            faults.duplicate(f"{here}.type", condition.type)
        seen.add(condition.type)
        _check_condition(here, condition, faults)


def _check_condition(path: str, condition: meta_v1.Condition, faults: Faults) -> None:
    faults.each(f"{path}.type", condition.type, names.qualified_name(condition.type))
    if condition.status not in _STATUSES:
        faults.not_supported(f"{path}.status", condition.status, _STATUSES)
    if (condition.observedGeneration or 0) < 0:
        faults.invalid(
            f"{path}.observedGeneration", condition.observedGeneration, "must be greater than or equal to zero"
        )
    if condition.lastTransitionTime is None:
        faults.required(f"{path}.lastTransitionTime", "must be set")
    if not condition.reason:
        faults.required(f"{path}.reason", "must be set")
    else:
        if not _reason.fullmatch(condition.reason):
            faults.invalid(f"{path}.reason", condition.reason, _NO_REASON)
        if len(condition.reason.encode()) > _LONGEST_REASON_BYTES:
            faults.too_long(f"{path}.reason", _LONGEST_REASON_BYTES)
    if len(condition.message.encode()) > _LONGEST_MESSAGE_BYTES:
        faults.too_long(f"{path}.message", _LONGEST_MESSAGE_BYTES)
