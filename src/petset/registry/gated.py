"""Fields behind a feature gate that is off: dropped, unless the stored object uses them already (rule 6)."""

from typing import Any

from petset.api.gates import Gates
from petset.api.kinds import Kind
from petset.api.models import apps_v1


def drop_disabled(kind: Kind, new: Any, old: Any, gates: Gates) -> None:
    """Take out of `new` what nobody may start to use. `old` is None for a new object."""
    if kind.model is not apps_v1.StatefulSet or gates.max_unavailable:
        return
    block = _block(new)
    before = _block(old) if old is not None else None
    if block is not None and (before is None or before.maxUnavailable is None):
        block.maxUnavailable = None


def _block(stateful_set: apps_v1.StatefulSet) -> apps_v1.RollingUpdateStatefulSetStrategy | None:
    strategy = stateful_set.spec.updateStrategy if stateful_set.spec else None
    return strategy.rollingUpdate if strategy else None
