"""Carries out the one step of a quota's plan, safe to repeat."""

from petset.api import objects
from petset.api.errors import NotFound
from petset.api.models import core_v1
from petset.client.port import Client
from petset.controllers.resourcequota.model import SetStatus


async def apply(client: Client, action: SetStatus) -> None:
    """Write the status. Conflict means that the plan was made from an old cache."""
    try:
        quota = objects.with_own_metadata(await client.get(core_v1.ResourceQuota, action.name, action.namespace))
    except NotFound:
        return
    objects.meta(quota).resourceVersion = action.version
    quota.status = core_v1.ResourceQuotaStatus(hard=dict(action.hard), used=dict(action.used))
    await client.update(quota, "status")
