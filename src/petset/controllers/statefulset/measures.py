"""What the StatefulSet controller tells of itself in numbers (rule 70). Pure: snapshots to families."""

from collections.abc import Iterable, Iterator

from petset.aio.measures import Family, Sample
from petset.api.objects import name_of, namespace_of
from petset.controllers.statefulset import history
from petset.controllers.statefulset.lineup import Lineup
from petset.controllers.statefulset.model import Snapshot
from petset.controllers.statefulset.rollout import max_unavailable_of

_LABELS = ("statefulset_namespace", "statefulset_name", "pod_management_policy")
_PREFIX = "statefulset_controller_"


def budgets(snapshots: Iterable[Snapshot]) -> Iterator[Family]:
    """How many replicas may be unavailable in an update, and how many are: fed only where that gate is on."""
    allowed: list[Sample] = []
    missing: list[Sample] = []
    for snapshot in snapshots:
        strategy = snapshot.set.spec.updateStrategy
        if not snapshot.gates.max_unavailable or (strategy and strategy.type not in (None, "", "RollingUpdate")):
            continue
        policy = snapshot.set.spec.podManagementPolicy or "OrderedReady"
        labels = (namespace_of(snapshot.set), name_of(snapshot.set), policy)
        lineup = Lineup(snapshot, history.decide(snapshot))
        allowed.append(Sample(labels, max_unavailable_of(snapshot.set)))
        missing.append(Sample(labels, lineup.unavailable_replicas))
    text = "Maximum number of unavailable pods allowed during StatefulSet rolling updates"
    yield Family("gauge", f"{_PREFIX}statefulset_max_unavailable", text, _LABELS, tuple(allowed))
    text = "Current number of unavailable pods in a StatefulSet"
    yield Family("gauge", f"{_PREFIX}statefulset_unavailable_replicas", text, _LABELS, tuple(missing))


def skips(count: int) -> Family:
    """How often a sync was put off because the cache had not seen the controller's own writes yet."""
    samples = (Sample(("apps", "statefulsets"), count),)
    text = "Total number of StatefulSet syncs skipped due to a stale watch cache"
    return Family("counter", f"{_PREFIX}stale_sync_skips_total", text, ("group", "resource"), samples)
