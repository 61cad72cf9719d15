"""What was worked out once for some part of an object, for every other object that has the same part.

Thousands of pods come from one template and differ in little but their names. What a pure function makes of a part
follows from the part alone, and so from its bytes: whoever has the same bytes gets the same answer, and need not
ask again. Nothing here can be out of date, and nothing is lost but time where something is forgotten.
"""

from collections.abc import Iterable
from typing import Any, Generic, TypeVar

import msgspec

from petset.api.models import core_v1
from petset.api.objects import replace

T = TypeVar("T")
_encode = msgspec.json.Encoder().encode
_MOST_BYTES = 128 << 10


class Known(Generic[T]):
    """Answers by the bytes of what they are about. With more than `most_bytes` of those it starts anew."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._held_bytes = 0
        self._answers: dict[bytes, T] = {}

    @property
    def held_bytes(self) -> int:
        """The bytes of all that is remembered, at most `most_bytes`."""
        return self._held_bytes

    def get(self, part: bytes) -> T | None:
        """The answer, or None where there is none."""
        return self._answers.get(part)

    def clear(self) -> None:
        """Forget all."""
        self._answers.clear()
        self._held_bytes = 0

    def put(self, part: bytes, answer: T) -> None:
        """Remember the answer, which must follow from the part alone."""
        if self._held_bytes + len(part) > self._most_bytes:
            self.clear()
        if len(part) <= self._most_bytes and part not in self._answers:
            self._answers[part] = answer
            self._held_bytes += len(part)


def bytes_of(part: msgspec.Struct) -> bytes:
    """By which a part is known: equal for equal parts, and for no others of its type."""
    return _encode(part)


def common_part(spec: core_v1.PodSpec, *more: Any) -> bytes:
    """All that a pod's specification has in common with those of its siblings, and whatever `more` counts.

    Left out are its host name, its volumes, and where containers find them: a set gives each pod its own claims,
    and the server gives each a volume with a name of its own.
    """
    common = replace(spec, hostname=None, volumes=None, containers=_bare(spec.containers))
    if spec.initContainers:
        common.initContainers = _bare(spec.initContainers)
    return _encode((common, more) if more else common)


def _bare(containers: Iterable[core_v1.Container]) -> list[core_v1.Container]:
    return [replace(container, volumeMounts=None, volumeDevices=None) for container in containers]
