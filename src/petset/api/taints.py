"""Taints and tolerations: which pods a node repels, and for how long a pod endures one that drives it away."""

from collections.abc import Iterable, Sequence

from petset.api.models import core_v1

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def tolerates(toleration: core_v1.Toleration, taint: core_v1.Taint) -> bool:
    """Whether this toleration covers the taint: an empty effect or key covers all (the key only with Exists)."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator == "Exists":
        return True
    return bool(toleration.key) and (toleration.value or "") == (taint.value or "")


def is_tolerated(taint: core_v1.Taint, tolerations: Iterable[core_v1.Toleration]) -> bool:
    """Whether any of the tolerations covers the taint."""
    return any(tolerates(toleration, taint) for toleration in tolerations)


def first_untolerated(
    taints: Iterable[core_v1.Taint], tolerations: Sequence[core_v1.Toleration], effects: Sequence[str]
) -> core_v1.Taint | None:
    """The first taint with one of `effects` that no toleration covers."""
    for taint in taints:
        if taint.effect in effects and not is_tolerated(taint, tolerations):
            return taint
    return None


def endurance_seconds(taints: Sequence[core_v1.Taint], tolerations: Sequence[core_v1.Toleration]) -> float | None:
    """How long a pod may stay beside these NoExecute taints: 0 for not at all, None for as long as it likes.

    Of the tolerations that cover a taint the shortest `tolerationSeconds` counts; one without it sets no limit.
    """
    limits = []
    for taint in taints:
        covering = [t for t in tolerations if tolerates(t, taint)]
        if not covering:
            return 0.0
        limits += [max(0, t.tolerationSeconds) for t in covering if t.tolerationSeconds is not None]
    return float(min(limits)) if limits else None
