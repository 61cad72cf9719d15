"""Carries out the one step of a policy status plan, safe to repeat."""

from contextlib import suppress

from petset.api.errors import NotFound
from petset.client.port import Client
from petset.controllers.policystatus.model import ReportStatus


async def apply(client: Client, action: ReportStatus) -> None:
    """Write the status. Conflict means that the policy has changed: it is to be looked at again."""
    with suppress(NotFound):
        await client.update(action.policy, "status")
