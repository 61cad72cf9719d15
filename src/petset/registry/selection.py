"""Which objects a client asks for: its label and field selectors, matched against stored records."""

from petset.api.field_selectors import parse_fields
from petset.api.kinds import Kind
from petset.api.selectors import parse_labels
from petset.registry.memo import Decoder, memo_of
from petset.storage.port import Record


class Selection:
    """The objects of a kind that both selectors match; everything, where both are empty."""

    def __init__(self, kind: Kind, decoder: Decoder, labels: str, fields: str) -> None:
        """Raises BadRequest for a selector that cannot be read or names a field that the kind does not offer."""
        self._kind = kind
        self._decoder = decoder
        self._labels = parse_labels(labels)
        self._fields = parse_fields(kind, fields)
        self._name = self._fields.exactly("metadata.name")
        self._any_labels, self._any_fields = self._labels.is_empty, self._fields.is_empty
        self.everything = self._any_labels and self._any_fields

    def matches(self, record: Record) -> bool:
        """The cheap questions come first: name, labels, then fields, which need the typed object."""
        if self._name is not None and self._name != record.key.name:
            return False
        if not self._any_labels and not self._labels.matches(memo_of(record).labels):
            return False
        return self._any_fields or self._fields.matches(self._decoder.decode(self._kind, record))
