"""The struct types that a Go program carries for reflection: their fields, with tags, read from the executable.

Go keeps a description of every type that may be reflected upon: a header of 48 bytes, then for a struct the list of
its fields. Pointer types are listed in the section `.typelink`, and lead to the structs. For 64-bit little-endian
ELF files that are not position independent, of Go 1.20 and later.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_POINTER, _STRUCT = 22, 25
_KIND, _FLAGS, _NAME = 23, 20, 40
_ELEMENT, _FIELDS, _PACKAGE = 48, 56, 80
_HAS_PACKAGE, _HAS_STAR = 1, 2


@dataclass(frozen=True)
class GoField:
    """One field: its Go name, its tag and its type's name (`*v1.PodSpec`)."""

    name: str
    tag: str
    type: str


class GoBinary:
    """An executable's types."""

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        self._sections = dict(self._read_sections())
        self._base = self._sections[".rodata"][0]

    def structs(self) -> Iterator[tuple[str, str, list[GoField]]]:
        """Package, name and fields of every struct to which there is a pointer type."""
        _, offset, size = self._sections[".typelink"]
        for link in struct.unpack_from(f"<{size // 4}i", self._data, offset):
            pointer = self._base + link
            if self._kind(pointer) == _POINTER:
                target = self._word(pointer + _ELEMENT)
                if self._kind(target) == _STRUCT:
                    yield self._package(target), self._type_name(target), self._fields(target)

    def _read_sections(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        (table,) = struct.unpack_from("<Q", self._data, 40)
        count, names_index = struct.unpack_from("<HH", self._data, 60)
        headers = [struct.unpack_from("<IIQQQQIIQQ", self._data, table + 64 * i) for i in range(count)]
        names = headers[names_index][4]
        for header in headers:
            end = self._data.index(b"\0", names + header[0])
            yield self._data[names + header[0] : end].decode(), (header[3], header[4], header[5])

    def _at(self, address: int) -> int:
        for start, offset, size in self._sections.values():
            if start and start <= address < start + size:
                return offset + address - start
        raise ValueError(f"no section holds the address {address:#x}: is this a position-independent executable?")

    def _word(self, address: int) -> int:
        return int.from_bytes(self._data[self._at(address) : self._at(address) + 8], "little")

    def _kind(self, address: int) -> int:
        return self._data[self._at(address) + _KIND] & 31

    def _text(self, address: int) -> tuple[str, int]:
        """A text with its length before it, and the address behind it."""
        length = shift = 0
        while True:
            byte = self._data[self._at(address)]
            address += 1
            length |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
        start = self._at(address)
        return self._data[start : start + length].decode(), address + length

    def _name(self, address: int) -> tuple[str, str]:
        """A name and the tag behind it."""
        flags = self._data[self._at(address)]
        name, end = self._text(address + 1)
        return name, self._text(end)[0] if flags & 2 else ""

    def _type_name(self, address: int) -> str:
        (offset,) = struct.unpack_from("<i", self._data, self._at(address) + _NAME)
        name = self._name(self._base + offset)[0]
        return name[1:] if self._data[self._at(address) + _FLAGS] & _HAS_STAR else name

    def _package(self, address: int) -> str:
        if not self._data[self._at(address) + _FLAGS] & _HAS_PACKAGE:
            return ""
        (offset,) = struct.unpack_from("<i", self._data, self._at(address + _PACKAGE))
        return self._name(self._base + offset)[0] if offset else ""

    def _fields(self, address: int) -> list[GoField]:
        first, count = self._word(address + _FIELDS), self._word(address + _FIELDS + 8)
        found = []
        for place in range(first, first + 24 * count, 24):
            name, tag = self._name(self._word(place))
            found.append(GoField(name, tag, self._type_name(self._word(place + 8))))
        return found
