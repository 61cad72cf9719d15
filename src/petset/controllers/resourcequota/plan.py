"""What a quota's status says: its limits, and for each of them what is used, nothing where nothing is."""

from petset.api.models import core_v1
from petset.api.quotas.charging import hard_of
from petset.api.quotas.usage import NONE
from petset.controllers.resourcequota.model import Plan, SetStatus, Snapshot


def plan(snapshot: Snapshot) -> Plan:
    """Write the status where it is not what is so. Each limit is named in it, and nothing else is."""
    quota = snapshot.quota
    status = quota.status or core_v1.ResourceQuotaStatus()
    hard = hard_of(quota)
    used = {name: str(snapshot.used.get(name, NONE)) for name in hard}
    if (status.hard or {}, status.used or {}) == (hard, used):
        return Plan()
    return Plan((SetStatus(quota, hard, used),))
