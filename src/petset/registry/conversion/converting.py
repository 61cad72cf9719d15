"""Asks the webhook of a definition for stored objects in another version, and for objects in the version stored.

Many objects go in one question. What has been asked is remembered for a while: several watches show the same.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from petset.api import objects, reading
from petset.api.canonical import Misfit
from petset.api.custom.definition import Custom, without_type
from petset.api.encode import encode
from petset.api.errors import ApiError
from petset.api.kinds import Kind
from petset.api.models import apiextensions_v1
from petset.api.untyped import Untyped
from petset.registry.conversion import reviews
from petset.registry.conversion.reviews import Document, Unlike
from petset.registry.memo import Decoder
from petset.registry.reviewers import Means
from petset.registry.webhooks.port import BadAnswer, CallFailed
from petset.registry.webhooks.resolving import resolve, url_of
from petset.storage.port import Record, Store

SECONDS = 30
MOST_REMEMBERED_BYTES = 2 << 20
_CONVERTING = "conversion webhook for"


class _Head(msgspec.Struct):
    apiVersion: str = ""


_head = msgspec.json.Decoder(_Head)


_Name = tuple[Custom | None, bytes]
"""What is remembered: a stored object, by its bytes, as one state of a definition shows it."""


class Conversions:
    """For all definitions of one store."""

    def __init__(self, store: Store, decoder: Decoder, means: Means) -> None:
        self._store = store
        self._decoder = decoder
        self._caller = means.caller
        self._new_uid = means.new_uid
        self._known: dict[_Name, Record] = {}
        self._known_bytes = 0

    async def shown(self, kind: Kind, records: Sequence[Record]) -> list[Record]:
        """Stored objects as this kind shows them. Raises ApiError."""
        found = list(records)
        names = [(kind.custom, record.value) for record in found]
        for place, name in enumerate(names):
            found[place] = self._known.get(name, found[place])
        others = [place for place, record in enumerate(found) if not _is_of(kind, record)]
        if not others:
            return found
        documents = [msgspec.json.decode(found[place].value) for place in others]
        type_name = kind.name if len(records) == 1 else kind.list_name
        answers = await self._asked(kind, documents, kind.api_version, type_name)
        for place, document in zip(others, answers, strict=True):
            found[place] = self._remembered(names[place], self._record(kind, found[place], document))
        return found

    async def stored(self, kind: Kind, obj: Untyped) -> Untyped:
        """An object of this kind in the version in which it is stored. Raises ApiError."""
        assert kind.custom is not None
        wanted = kind.custom.stored_api_version
        if obj.apiVersion == wanted:
            return obj
        (document,) = await self._asked(kind, [reviews.document(obj)], wanted, kind.name)
        given = document["metadata"]
        metadata = objects.replace(
            objects.meta(obj), labels=given.get("labels"), annotations=given.get("annotations")
        )
        return objects.replace(obj, apiVersion=wanted, metadata=metadata, content=without_type(document))

    async def document(self, kind: Kind, document: Document, wanted: str) -> Document:
        """Any document of this kind in another version. Raises ApiError."""
        if document.get("apiVersion") == wanted:
            return document
        (found,) = await self._asked(kind, [document], wanted, kind.name)
        return found

    def _record(self, kind: Kind, record: Record, document: Document) -> Record:
        assert kind.custom is not None
        try:
            obj, _ = kind.custom.read(kind, document)
        except (reading.Mismatch, Misfit, RecursionError) as error:
            raise ApiError(f"{_CONVERTING} {_type(document)} returned invalid object: {error}") from error
        value = encode(obj)
        return Record(record.key, value, record.revision, self._decoder.remember(kind, obj, len(value)))

    def _remembered(self, name: _Name, record: Record) -> Record:
        self._known[name] = record
        self._known_bytes += len(record.value)
        while self._known_bytes > MOST_REMEMBERED_BYTES:
            oldest = self._known.pop(next(iter(self._known)))
            self._known_bytes -= len(oldest.value)
        return record

    async def _asked(self, kind: Kind, documents: list[Document], wanted: str, type_name: str) -> list[Document]:
        """The documents as the webhook converts them, with their own metadata."""
        assert kind.custom is not None and kind.custom.conversion is not None
        conversion = kind.custom.conversion
        before = f"{_CONVERTING} {documents[0].get('apiVersion')}, Kind={type_name}"
        uid, version = self._new_uid(), reviews.version_for(conversion.conversionReviewVersions)
        try:
            body = await self._post(conversion, reviews.question(documents, wanted, uid, version))
            answers = reviews.read(body, uid, version)
        except CallFailed as error:
            raise ApiError(f"{before} failed: {error}") from error
        if len(answers) != len(documents):
            raise ApiError(f"{before} returned {len(answers)} objects, expected {len(documents)}")
        listed = type_name != kind.name
        return [
            _held_to_account(each, answer, wanted, f"{before} returned", f" at index {index}" if listed else "")
            for index, (each, answer) in enumerate(zip(documents, answers, strict=True))
        ]

    async def _post(self, conversion: apiextensions_v1.WebhookConversion, body: bytes) -> bytes:
        client = conversion.clientConfig
        assert client is not None, "validation wants it"
        try:
            async with asyncio.timeout(SECONDS):
                return await self._caller.post(resolve(client, SECONDS, self._store, self._decoder), body)
        except BadAnswer:
            raise
        except (CallFailed, TimeoutError) as error:
            why = "context deadline exceeded" if isinstance(error, TimeoutError) else str(error)
            raise CallFailed(f'Post "{url_of(client, SECONDS)}": {why}') from error


def _held_to_account(before: Document, answer: Any, wanted: str, told: str, place: str) -> Document:
    """What a webhook made of one object, with the object's own metadata. Raises ApiError."""
    what = "converted object" if place else "object"
    try:
        after = reviews.check_type(before, answer, wanted)
    except Unlike as error:
        raise ApiError(f"{told} invalid {what}{place or ' at index 0'}: {error}") from error
    try:
        reviews.check_identity(before, after)
    except Unlike as error:
        raise ApiError(f"{told} invalid {what}{place}: {error}") from error
    try:
        return {**after, "metadata": reviews.metadata_of(before, after)}
    except Unlike as error:
        in_object = f" in object{place}" if place else ""
        raise ApiError(f"{told} invalid metadata{in_object}: {error}") from error


def _is_of(kind: Kind, record: Record) -> bool:
    return _head.decode(record.value).apiVersion == kind.api_version


def _type(document: Document) -> str:
    return f"{document.get('apiVersion')}, Kind={document.get('kind')}"
