"""Rules 35 and 36: the same bytes and the same hash as Kubernetes."""

import pytest
from controllers.statefulset.tiny import template

from petset.api.models import apps_v1, meta_v1
from petset.ownership.hashing import canonical, fnv1_32, revision_hash, template_in, template_patch


@pytest.mark.parametrize(
    ("data", "value"),
    [
        # The published test vectors of FNV-1, 32 bits (not 1a).
        (b"", 0x811C9DC5),
        (b"a", 0x050C5D7E),
        (b"b", 0x050C5D7D),
        (b"foobar", 0x31F0B262),
    ],
)
def test_fnv_1_multiplies_before_it_xors(data: bytes, value: int) -> None:
    assert fnv1_32(data) == value


def test_the_digits_of_the_hash_become_characters_that_form_no_words() -> None:
    # FNV-1 of b"a0" is known by hand: (0x050C5D7E * 16777619 mod 2^32) xor 0x30.
    number = (0x050C5D7E * 16777619 % 2**32) ^ 0x30
    table = dict(zip("0123456789", "456789bcdf", strict=True))
    assert revision_hash(b"a", 0) == "".join(table[digit] for digit in str(number))


def test_the_collision_count_is_hashed_as_decimal_text_behind_the_data() -> None:
    assert revision_hash(b"a", 12) == revision_hash(b"a1", 2) != revision_hash(b"a", 0)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"k": '<b>&"é'}, '{"k":"\\u003cb\\u003e\\u0026\\"é"}'),
        ({"k": "\u2028\u2029"}, '{"k":"\\u2028\\u2029"}'),
        ({"k": "\n\t\x01\x7f"}, '{"k":"\\n\\t\\u0001\x7f"}'),
        ({"n": 2**53}, '{"n":9007199254740992}'),
        ({"n": 2**63 - 1}, '{"n":9223372036854776000}'),
        ({"ключ": "🙂"}, '{"ключ":"🙂"}'),
    ],
    ids=["sorted, no spaces", "HTML", "line separators", "control", "exact", "beyond a float", "other UTF-8"],
)
def test_json_is_written_as_go_writes_it(document: dict[str, object], text: str) -> None:
    assert canonical(document) == text.encode()


def test_a_revision_keeps_the_template_marked_to_replace() -> None:
    assert canonical(template_patch(template())) == (
        b'{"spec":{"template":{"$patch":"replace","metadata":{"labels":{"app":"web"}},'
        b'"spec":{"containers":[{"image":"redis:7.0","name":"main"}]}}}}'
    )


@pytest.mark.parametrize("data", [{}, {"spec": None}, {"spec": {"template": []}}, None])
def test_a_revision_without_a_template_is_named(data: object) -> None:
    revision = apps_v1.ControllerRevision(metadata=meta_v1.ObjectMeta(name="web-odd"), data=data, revision=1)
    with pytest.raises(ValueError, match="ControllerRevision web-odd: data holds no pod template"):
        template_in(revision)
