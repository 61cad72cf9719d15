"""The review of a write, from first to last: policies and webhooks that change it, then those that only look."""

from typing import Any

from petset.api.kinds import Kind, Kinds
from petset.api.models import meta_v1
from petset.registry.memo import Decoder
from petset.registry.policies import binding
from petset.registry.policies.changing import Mutations
from petset.registry.policies.trying import Policies
from petset.registry.port import Visit, WriteOptions
from petset.registry.reviewers import Complete, Means, Write
from petset.registry.webhooks import asking
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.chain import Webhooks
from petset.registry.webhooks.matcher import Matcher
from petset.registry.webhooks.turns import Read, take
from petset.storage.port import Store


class Review:
    """Asks everybody who is configured."""

    def __init__(self, store: Store, decoder: Decoder, kinds: Kinds, means: Means) -> None:
        matcher = Matcher(store, decoder, kinds, means)
        self._gates = means.gates
        self._webhooks = Webhooks(store, decoder, matcher, means)
        lookup = binding.Means(store, decoder, kinds, matcher)
        self._policies = Policies(lookup)
        self._mutations = Mutations(lookup)

    async def change(self, write: Write, complete: Complete) -> Any:
        """What policies and webhooks make of the new object."""
        asked = asking.of_write(write)
        return await self._changed(asked, asking.reader(asked, self._gates), complete)

    async def _changed(self, asked: Asked, read: Read, complete: Complete) -> Any:
        turns = [*self._mutations.turns(asked, read), *self._webhooks.turns(read)]
        return await take(turns, asked, complete)

    async def check(self, write: Write) -> None:
        """The policies first, which cost no way."""
        await self._look(asking.of_write(write))

    async def check_deletion(
        self, kind: Kind, old: Any, delete: meta_v1.DeleteOptions, options: WriteOptions
    ) -> None:
        """There is nothing new that could be changed."""
        await self._all(asking.of_deletion(kind, old, delete, options))

    async def check_visit(self, visit: Visit, options: WriteOptions) -> None:
        """Nor here."""
        await self._all(asking.of_visit(visit, options))

    async def _all(self, asked: Asked) -> None:
        await self._changed(asked, _unread, lambda obj: obj)
        await self._look(asked)

    async def _look(self, asked: Asked) -> None:
        await self._policies.try_all(asked)
        await self._webhooks.validate(asked)


def _unread(document: Document) -> Any:
    raise AssertionError("nothing is read where nothing can be changed")
