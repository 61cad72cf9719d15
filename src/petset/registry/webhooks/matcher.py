"""Whether a write meets somebody's criteria, as the cluster is now: its namespaces, and the versions it serves."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

from petset.api.encode import to_document
from petset.api.expressions import Rights
from petset.api.kinds import Kind, Kinds
from petset.api.models import core_v1
from petset.api.objects import meta
from petset.registry.following import Kept
from petset.registry.forms import document_to_stored, sharing
from petset.registry.memo import Decoder
from petset.registry.reviewers import Means
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.matching import Criteria, wanted_as
from petset.registry.webhooks.rights import rights
from petset.storage.port import Store

if TYPE_CHECKING:
    from petset.registry.conversion.converting import Conversions


class Matcher:
    """Looks up what criteria need to know."""

    def __init__(self, store: Store, decoder: Decoder, kinds: Kinds, means: Means) -> None:
        self._parts = (store, decoder, means)
        self._decides = means.decides
        self._kinds = kinds
        self._namespaces = Kept(store, decoder, core_v1.Namespace)

    def wanted_as(self, criteria: Criteria, asked: Asked) -> Kind | None:
        """As which kind the write meets the criteria, None where it does not."""
        return wanted_as(criteria, asked, self._equivalent(asked.kind), self._labels(asked))

    def rights(self, asked: Asked) -> Rights:
        """What expressions may ask of rights."""
        return rights(asked, self._decides())

    async def wanted_in_version(self, criteria: Criteria, asked: Asked) -> Kind | None:
        """The same, with the object at hand in the version in which it is wanted. Raises ApiError."""
        kind = self.wanted_as(criteria, asked)
        if kind is None or kind is asked.kind or not asked.kind.converts or asked.subresource == "scale":
            return kind
        if kind.api_version not in asked.versions:
            new, old = [await self._converted(asked, each, kind) for each in (asked.new, asked.old)]
            asked.versions[kind.api_version] = (new, old)
        return kind

    async def _converted(self, asked: Asked, obj: Any, kind: Kind) -> Document | None:
        document = asked.document(obj)
        if document is None:
            return None
        return await self._conversions.document(asked.kind, document, kind.api_version)

    async def back(self, asked: Asked, document: Document) -> Document:
        """A document that somebody got in another version, in the version of the request. Raises ApiError."""
        if asked.subresource == "scale":
            return document
        if asked.kind.custom is None:
            return document_to_stored(asked.kind, document)
        if not asked.kind.converts:
            return document
        return await self._conversions.document(asked.kind, document, asked.kind.api_version)

    @cached_property
    def _conversions(self) -> "Conversions":
        from petset.registry.conversion.converting import Conversions  # only where a definition names a webhook

        return Conversions(*self._parts)

    def namespace(self, asked: Asked) -> Document | None:
        """The namespace that the object lies in, as a document."""
        found = self._found("" if asked.is_of_cluster else asked.namespace)
        return None if found is None else to_document(found)

    def _equivalent(self, kind: Kind) -> list[Kind]:
        """The other kinds, mostly versions, by which the same objects are served."""
        if kind.custom is None:
            return sharing(kind)
        others = (other for other in self._kinds.custom() if other.store_key == kind.store_key)
        return [other for other in others if other.version != kind.version and other.verbs]

    def _labels(self, asked: Asked) -> dict[str, str] | None:
        """None for what lies in no namespace; a namespace counts as lying in itself."""
        if asked.kind.model is core_v1.Namespace:
            return asked.labels()[0]
        if not asked.namespace:
            return None
        found = self._found(asked.namespace)
        return (meta(found).labels or {}) if found is not None else {}

    def _found(self, name: str) -> core_v1.Namespace | None:
        return self._namespaces.now().get("", {}).get(name)
