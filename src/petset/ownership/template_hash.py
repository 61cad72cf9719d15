"""The `pod-template-hash`: what tells the ReplicaSets of a Deployment apart.

Kubernetes hashes a dump of the template's Go structs; Petset hashes its stored JSON, with the same function
(FNV-1a, 32 bits), the same bytes for the collision count and the same alphabet. So hashes look alike and change
with the same edits, but are other letters than a cluster would choose. Nothing depends on which: a Deployment finds
its ReplicaSet by comparing templates.
"""

import msgspec

from petset.api.embedded import plain
from petset.api.models import core_v1
from petset.api.objects import copy
from petset.ownership.hashing import canonical, safe_letters

HASH_LABEL = "pod-template-hash"
_FNV_OFFSET = 2166136261
_FNV_PRIME = 16777619


def pod_template_hash(template: core_v1.PodTemplateSpec, collisions: int | None) -> str:
    """The hash of a template after `collisions` names proved to be taken."""
    data = canonical(plain(template))
    if collisions is not None:
        data += collisions.to_bytes(4, "little") + bytes(4)
    return safe_letters(_fnv1a_32(data))


def same_but_for_the_hash(one: core_v1.PodTemplateSpec, other: core_v1.PodTemplateSpec) -> bool:
    """The templates ask for the same pods."""
    return _without_hash(one) == _without_hash(other)


def with_labels(template: core_v1.PodTemplateSpec, extra: dict[str, str]) -> core_v1.PodTemplateSpec:
    """A copy of the template whose pods have these labels too."""
    labelled = copy(template)
    assert labelled.metadata is not None, "stored form has it"
    labelled.metadata.labels = {**(labelled.metadata.labels or {}), **extra}
    return labelled


def _without_hash(template: core_v1.PodTemplateSpec) -> core_v1.PodTemplateSpec:
    metadata = template.metadata
    if metadata is None or HASH_LABEL not in (metadata.labels or {}):
        return template
    labels = {key: value for key, value in (metadata.labels or {}).items() if key != HASH_LABEL}
    bare = msgspec.structs.replace(metadata, labels=labels or None)
    return msgspec.structs.replace(template, metadata=bare)


def _fnv1a_32(data: bytes) -> int:
    value = _FNV_OFFSET
    for byte in data:
        value = ((value ^ byte) * _FNV_PRIME) & 0xFFFFFFFF
    return value
