"""Uids of new objects: random UUIDs, as everywhere in Kubernetes.

The kernel is asked for the randomness of many at a time. One call to it for each, as `uuid.uuid4` makes, costs as
much as all else that the metadata of a new object needs.
"""

import os

_BYTES = 16
_MANY = 256
_VERSION = ~(0xF000 << 64), 0x4000 << 64
_VARIANT = ~(0xC000 << 48), 0x8000 << 48


class Uids:
    """Each call gives a new UUID of version 4, as text. For one thread."""

    def __init__(self) -> None:
        self._drawn = b""

    def __call__(self) -> str:
        if not self._drawn:
            self._drawn = os.urandom(_MANY * _BYTES)
        bits = int.from_bytes(self._drawn[:_BYTES], "big")
        self._drawn = self._drawn[_BYTES:]
        for mask, mark in (_VERSION, _VARIANT):
            bits = bits & mask | mark
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
