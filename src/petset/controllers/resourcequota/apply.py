"""Carries out the one step of a quota's plan, safe to repeat."""

from contextlib import suppress

from petset.api import objects
from petset.api.errors import NotFound
from petset.api.models import core_v1
from petset.client.port import Client
from petset.controllers.resourcequota.model import SetStatus


async def apply(client: Client, action: SetStatus) -> None:
    """Write the status. Conflict means that the plan was made from an old cache."""
    status = core_v1.ResourceQuotaStatus(hard=dict(action.hard), used=dict(action.used))
    with suppress(NotFound):
        await client.update(objects.replace(action.quota, status=status), "status")
