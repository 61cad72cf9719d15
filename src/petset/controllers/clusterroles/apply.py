"""Carries out the one step of a cluster role plan, safe to repeat."""

from petset.api import objects
from petset.api.errors import NotFound
from petset.api.models import rbac_v1
from petset.client.port import Client
from petset.controllers.clusterroles.model import SetRules


async def apply(client: Client, action: SetRules) -> None:
    """Write the rules. Conflict means that the plan was made from an old cache."""
    try:
        role = objects.copy(await client.get(rbac_v1.ClusterRole, action.name))
    except NotFound:
        return
    objects.meta(role).resourceVersion = action.version
    role.rules = list(objects.copy(list(action.rules)))
    await client.update(role)
