"""Whether a write meets somebody's criteria, as the cluster is now: its namespaces, and the versions it serves."""

from petset.api.encode import to_document
from petset.api.kinds import Kind, Kinds
from petset.api.models import core_v1
from petset.api.objects import meta
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.matching import Criteria, wanted_as
from petset.storage.port import Store


class Matcher:
    """Looks up what criteria need to know."""

    def __init__(self, store: Store, decoder: Decoder, kinds: Kinds) -> None:
        self._kinds = kinds
        self._namespaces = Kept(store, decoder, core_v1.Namespace)

    def wanted_as(self, criteria: Criteria, asked: Asked) -> Kind | None:
        """As which kind the write meets the criteria, None where it does not."""
        return wanted_as(criteria, asked, self._equivalent(asked.kind), self._labels(asked))

    def namespace(self, asked: Asked) -> Document | None:
        """The namespace that the object lies in, as a document."""
        found = self._found("" if asked.is_of_cluster else asked.namespace)
        return None if found is None else to_document(found)

    def _equivalent(self, kind: Kind) -> list[Kind]:
        """The other versions in which the same objects are served."""
        if kind.custom is None:
            return []
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
