"""Defaults of StatefulSets: rules 4, 5 and 7 of the contract."""

from petset.api.defaults.claims import default_claim_template
from petset.api.defaults.pods import default_pod_spec
from petset.api.gates import Gates
from petset.api.models import apps_v1


def default_statefulset(statefulset: apps_v1.StatefulSet, gates: Gates) -> None:
    """A StatefulSet with its pod template and claim templates."""
    spec = statefulset.spec
    assert spec is not None and spec.updateStrategy is not None, "stored form has them"
    spec.podManagementPolicy = spec.podManagementPolicy or "OrderedReady"
    if spec.replicas is None:
        spec.replicas = 1
    if spec.revisionHistoryLimit is None:
        spec.revisionHistoryLimit = 10
    _default_strategy(spec.updateStrategy, gates)
    if spec.persistentVolumeClaimRetentionPolicy is None:
        spec.persistentVolumeClaimRetentionPolicy = apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy()
    policy = spec.persistentVolumeClaimRetentionPolicy
    policy.whenDeleted = policy.whenDeleted or "Retain"
    policy.whenScaled = policy.whenScaled or "Retain"
    if spec.template.spec is not None:
        default_pod_spec(spec.template.spec)
    for claim in spec.volumeClaimTemplates or ():
        default_claim_template(claim)


def _default_strategy(strategy: apps_v1.StatefulSetUpdateStrategy, gates: Gates) -> None:
    """Rule 5: naming no type adds an empty block; naming one adds none, and that changes behaviour (rule 46)."""
    if not strategy.type:
        strategy.type = "RollingUpdate"
        if strategy.rollingUpdate is None:
            strategy.rollingUpdate = apps_v1.RollingUpdateStatefulSetStrategy()
    block = strategy.rollingUpdate
    if strategy.type == "RollingUpdate" and block is not None:
        if block.partition is None:
            block.partition = 0
        if block.maxUnavailable is None and gates.max_unavailable:
            block.maxUnavailable = 1
