"""How many pods a Deployment may have beyond its replicas, and how many may be missing, during an update."""

from typing import NamedTuple

from petset.api.models import apps_v1
from petset.ownership.amounts import scaled


class Budget(NamedTuple):
    """`surge` pods more than the replicas at most, `unavailable` pods fewer at most."""

    surge: int
    unavailable: int


def replicas_of(deployment: apps_v1.Deployment) -> int:
    """What the spec asks for."""
    replicas = deployment.spec.replicas if deployment.spec else None
    return 1 if replicas is None else replicas


def is_rolling(deployment: apps_v1.Deployment) -> bool:
    """Pods of the old template make room step by step."""
    strategy = deployment.spec.strategy if deployment.spec else None
    return strategy is not None and strategy.type == "RollingUpdate"


def budget_of(deployment: apps_v1.Deployment) -> Budget:
    """Surge rounds up, unavailability down; where both come to nothing one pod may be missing, so updates end."""
    replicas = replicas_of(deployment)
    strategy = deployment.spec.strategy if deployment.spec else None
    block = strategy.rollingUpdate if strategy else None
    if not is_rolling(deployment) or block is None:
        return Budget(0, 0)
    surge = scaled(block.maxSurge, replicas, round_up=True)
    unavailable = scaled(block.maxUnavailable, replicas, round_up=False)
    if surge == unavailable == 0:
        unavailable = 1
    return Budget(surge, min(unavailable, replicas))
