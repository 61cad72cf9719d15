"""Objects whose type nobody knew when this program was written: what custom resources are made of.

They have the metadata of any object, as a struct, and everything else as the plain document that came. So whatever
asks an object for its name, owner or finalizers need not know the difference, and nobody who writes a spec of their
own needs one. Each custom kind has a subclass of its own, so that components may ask for it by its type as they do
for Pods.

As with any object: those that you did not make yourself are shared, and nothing in them may be changed.
"""

from collections.abc import Iterator
from typing import Any, cast

import msgspec

from petset.api.models import meta_v1

METADATA = ("apiVersion", "kind", "metadata")
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_metadata = msgspec.json.Decoder(meta_v1.ObjectMeta)
_NO_METADATA = msgspec.Raw(b"{}")


class Untyped(msgspec.Struct, kw_only=True, gc=False):
    """An object of some custom kind. `content` holds its top-level fields but for those of `METADATA`."""

    apiVersion: str | None = None
    kind: str | None = None
    metadata: meta_v1.ObjectMeta | None = None
    content: dict[str, Any]

    @property
    def spec(self) -> Any:
        return self.content.get("spec")

    @property
    def status(self) -> Any:
        return self.content.get("status")

    def fields(self) -> Iterator[tuple[str, Any]]:
        """The top-level fields that are there, by their names in documents."""
        for name in METADATA:
            value = getattr(self, name)
            if value is not None:
                yield name, value
        yield from self.content.items()


def model_of(name: str) -> type[Untyped]:
    """A new type of objects, which is the same as no other."""
    made: Any = msgspec.defstruct(name, [], bases=(Untyped,), kw_only=True)
    return cast(type[Untyped], made)


class Decoder:
    """Makes objects of one type of JSON bytes that were checked before, as those in the store."""

    def __init__(self, model: type[Untyped]) -> None:
        self._model = model

    def decode(self, value: bytes) -> Untyped:
        fields = _fields.decode(value)
        metadata = _metadata.decode(fields.pop("metadata", _NO_METADATA))
        content = {name: msgspec.json.decode(field) for name, field in fields.items()}
        api_version, kind = content.pop("apiVersion", None), content.pop("kind", None)
        return self._model(apiVersion=api_version, kind=kind, metadata=metadata, content=content)
