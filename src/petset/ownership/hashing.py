"""The name of a pod template, computed exactly as Kubernetes computes it (rules 35, 36).

Because the hash is the same, a set that moves between a cluster and Petset keeps its revisions: no pod is replaced
for the move. The price is that bytes count. The template is serialised as Go's `encoding/json` would do it: keys
sorted, no spaces, `<`, `>`, `&` and the two Unicode line separators escaped, whole numbers beyond 2^53 rounded as a
float64 rounds them. Then FNV-1 (32 bits, multiply before xor) over those bytes and the collision count gives a
decimal number, whose digits are replaced by characters that form no words.

The caller vouches for what the bytes are made of: a template that went through the API's defaulting.
"""

import json
from decimal import Decimal

import msgspec

from petset.api import embedded
from petset.api.models import apps_v1, core_v1

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET = 2166136261
_FNV_PRIME = 16777619
_EXACT_IN_A_FLOAT = 2**53
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def canonical(document: Json) -> bytes:
    """The bytes that Go's encoder gives for `document` once it was decoded into untyped values."""
    text = json.dumps(_as_float64(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # JSON has none of these characters outside of strings, so this changes strings only.
    return text.translate(_ESCAPES).encode()


def template_patch(template: core_v1.PodTemplateSpec) -> dict[str, Json]:
    """A revision's data: the template, marked to replace the whole of what it is patched onto (rule 35)."""
    plain: dict[str, Json] = embedded.plain(template)
    return {"spec": {"template": {**plain, "$patch": "replace"}}}


def template_in(revision: apps_v1.ControllerRevision) -> core_v1.PodTemplateSpec:
    """The pod template that a revision keeps. Raises ValueError for data that holds none."""
    try:
        return embedded.convert(revision.data["spec"]["template"], core_v1.PodTemplateSpec)
    except (KeyError, TypeError, msgspec.ValidationError) as error:
        assert revision.metadata is not None
        raise ValueError(f"ControllerRevision {revision.metadata.name}: data holds no pod template") from error


def revision_hash(data: bytes, collisions: int) -> str:
    """The hash of canonical revision data after `collisions` names proved to be taken."""
    return safe_letters(fnv1_32(data + str(collisions).encode()))


def safe_letters(number: int) -> str:
    """A number in an alphabet that forms no words."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))


def fnv1_32(data: bytes) -> int:
    value = _FNV_OFFSET
    for byte in data:
        value = (value * _FNV_PRIME & 0xFFFFFFFF) ^ byte
    return value


def _as_float64(value: Json) -> Json:
    """Go reads untyped numbers as float64; only integers beyond 2^53 show it."""
    if isinstance(value, dict):
        return {key: _as_float64(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_float64(item) for item in value]
    if isinstance(value, int) and abs(value) > _EXACT_IN_A_FLOAT:
        return int(Decimal(repr(float(value))))
    return value
