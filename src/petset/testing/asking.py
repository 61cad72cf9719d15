"""The user's own client: what is deleted through it was meant to go, and no controller is to blame."""

from collections.abc import Callable
from typing import Any

from petset.api.errors import NotFound
from petset.api.models import meta_v1
from petset.api.objects import uid_of
from petset.client.local import LocalClient
from petset.registry.registry import Registry

Asked = Callable[[str, bool], None]
"""Called with the uid of what is to be deleted, and whether at once, without its node's word."""


class UsersClient(LocalClient):
    """The in-process client, which tells `asked` of each deletion before it is made."""

    def __init__(self, registry: Registry, asked: Asked) -> None:
        super().__init__(registry)
        self._asked = asked

    async def delete(
        self, kind: type[Any], name: str, namespace: str = "", options: meta_v1.DeleteOptions | None = None
    ) -> None:
        try:
            there = await self.get(kind, name, namespace)
        except NotFound:
            pass  # the deletion itself says so
        else:
            self._asked(uid_of(there), options is not None and options.gracePeriodSeconds == 0)
        await super().delete(kind, name, namespace, options)
