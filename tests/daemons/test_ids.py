"""Uids are what any Kubernetes client takes for one, and never the same twice."""

import uuid

from petset.daemons.ids import Uids


def test_every_uid_is_a_random_uuid_in_its_canonical_form() -> None:
    new_uid = Uids()
    for _ in range(1000):
        text = new_uid()
        read = uuid.UUID(text)
        assert str(read) == text
        assert (read.version, read.variant) == (4, uuid.RFC_4122)


def test_no_uid_comes_twice_from_one_source_or_from_two() -> None:
    one, other = Uids(), Uids()
    drawn = [source() for _ in range(1000) for source in (one, other)]
    assert len(set(drawn)) == len(drawn)
