"""Typed objects are kept for a while; bytes for as long as they are stored."""

import pytest
from registry.given import MAPS, config, create, meta, play

from petset.api.encode import encode
from petset.api.errors import Unavailable
from petset.registry.memo import Decoder, memo_of
from petset.storage.port import Key, Record
from petset.testing.plane import Plane


def record(name: str) -> Record:
    obj = config(name)
    obj.metadata = meta(name, labels={"app": name}, resourceVersion="1")
    return Record(Key("configmaps", "default", name), encode(obj), 1)


def test_a_record_is_decoded_once_while_it_is_among_the_recent_ones() -> None:
    a = record("a")
    decoder = Decoder(most_bytes=2 * len(a.value))
    first = decoder.decode(MAPS, a)
    assert decoder.decode(MAPS, a) is first
    for name in "bc":
        decoder.decode(MAPS, record(name))
    again = decoder.decode(MAPS, a)
    assert again is not first
    assert again == first


def test_labels_outlive_the_typed_object() -> None:
    decoder, a = Decoder(most_bytes=1), record("a")
    decoder.decode(MAPS, a)
    decoder.decode(MAPS, record("b"))
    assert memo_of(a).typed is None
    assert memo_of(a).labels == {"app": "a"}


def test_a_write_that_was_refused_leaves_no_object_at_its_revision() -> None:
    async def story(p: Plane) -> None:
        await create(p, config("a", value="1"))
        p.store.fail_writes("full")
        with pytest.raises(Unavailable):
            await create(p, config("b", value="lost"))
        p.store.fail_writes("")
        made = await create(p, config("b", value="kept"))
        assert p.registry.decode(MAPS, p.registry.get(MAPS, "default", "b")) is made
        assert made.data == {"value": "kept"}

    play(story)
