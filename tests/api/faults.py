"""What is said of an object that breaks rules: the sentences, without the beginning that is always the same."""

from typing import Any

import pytest

from petset.api.errors import Invalid
from petset.api.kinds import Kind
from petset.api.validation import check_create, check_status_update, check_update


def of_new(kind: Kind, obj: Any) -> list[str]:
    """Of a new object, fault by fault; none where it is fine."""
    try:
        check_create(kind, obj)
    except Invalid as refusal:
        return [f"{cause.field}: {cause.message}" for cause in refusal.causes]
    return []


def of_update(kind: Kind, new: Any, old: Any, subresource: str = "") -> list[str]:
    """Of a change, by way of a sub-resource or not."""
    try:
        if subresource == "status":
            check_status_update(kind, new, old)
        else:
            check_update(kind, new, old, subresource=subresource)
    except Invalid as refusal:
        return [f"{cause.field}: {cause.message}" for cause in refusal.causes]
    return []


def table(cases: list[Any]) -> Any:
    """Cases of a table test, each known by the last thing it expects."""
    return [pytest.param(*case, id=str(case[-1])[:90]) for case in cases]
