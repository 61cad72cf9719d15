"""Whether an object may be stored: every broken rule is named with its field, in Kubernetes' words."""

from typing import Any

from petset.api.kinds import Kind


def check_create(kind: Kind, obj: Any) -> None:
    """Raises Invalid where a new object breaks a rule. Defaults must be filled in before."""
    del kind, obj


def check_update(kind: Kind, new: Any, old: Any) -> None:
    """Raises Invalid where the change from `old` to `new` breaks a rule. Defaults must be filled in before."""
    del kind, new, old
