"""Kubernetes' binary format: every field has its number, and bytes become the document that JSON would have been.

That real clients are read right is shown with kubectl, in `tests/apiserver/test_kubectl.py`.
"""

import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.api import protobuf, schema
from petset.api.models import authentication_v1, core_v1


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = b""
    while value >= 0x80:
        found, value = found + bytes([value & 0x7F | 0x80]), value >> 7
    return found + bytes([value])


def field(number: int, value: int | float | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def body(raw: bytes, api_version: str = "v1", kind: str = "") -> bytes:
    kinds = field(1, field(1, api_version) + field(2, kind))
    return protobuf.MAGIC + kinds + field(2, raw) + field(3, "") + field(4, "")


def test_a_config_map_is_read_with_its_maps_bytes_and_pointers() -> None:
    metadata = field(1, "a") + field(7, 3) + field(8, b"") + field(11, field(1, "k") + field(2, "v"))
    raw = field(1, metadata) + field(2, field(1, "x") + field(2, "é")) + field(3, field(1, "b") + field(2, b"\xff"))
    assert protobuf.read(core_v1.ConfigMap, body(raw + field(4, 0), kind="ConfigMap")) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "generation": 3, "labels": {"k": "v"}},
        "data": {"x": "é"},
        "binaryData": {"b": "/w=="},
        "immutable": False,
    }


def test_a_pod_is_read_with_what_stands_inline_and_what_is_no_plain_value() -> None:
    volume = field(1, "v") + field(2, field(2, field(2, field(1, "1Gi"))))
    port = field(1, 1) + field(2, 0) + field(3, "http")
    number = field(1, 0) + field(2, 8080) + field(3, "")
    probes = [field(1, field(2, field(1, "/") + field(2, each))) + field(2, -1) for each in (port, number)]
    container = field(1, "c") + b"".join(field(n, probe) for n, probe in zip((10, 11), probes, strict=True))
    raw = field(1, field(9, field(1, 86400))) + field(2, field(1, volume) + field(2, container))
    read = protobuf.read(core_v1.Pod, body(raw))
    assert read["metadata"]["deletionTimestamp"] == "1970-01-02T00:00:00Z"
    assert read["spec"]["volumes"] == [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}]
    (read_container,) = read["spec"]["containers"]
    assert read_container["livenessProbe"] == {"httpGet": {"path": "/", "port": "http"}, "initialDelaySeconds": -1}
    assert read_container["readinessProbe"]["httpGet"]["port"] == 8080


def test_lists_in_a_map_and_fields_of_newer_clients_are_read() -> None:
    extra = field(4, field(1, "team") + field(2, field(1, "a") + field(1, "b")))
    raw = field(2, field(4, field(1, "jane") + extra + field(999, "new") + field(998, 1.5)))
    read = protobuf.read(authentication_v1.TokenReview, body(field(3, field(2, field(1, "jane") + extra)) + raw))
    assert read["status"]["user"] == {"username": "jane", "extra": {"team": ["a", "b"]}}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"k8s", b"{}", protobuf.MAGIC + b"\xff", protobuf.MAGIC + b"\x0a\x7f", protobuf.MAGIC + b"\x0b",
        body(field(1, 5)), body(field(1, field(1, b"\xff"))), body(field(1, field(7, "seven"))),
        protobuf.MAGIC + b"\x80" * 20, body(field(1, field(9, field(1, 1 << 60)))),
        body(field(1, field(17, field(7, field(1, "{"))))),
    ],
)  # fmt: skip
def test_what_is_no_such_message_is_refused(data: bytes) -> None:
    with pytest.raises(protobuf.Unreadable):
        protobuf.read(core_v1.ConfigMap, data)


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_read_or_refused(data: bytes) -> None:
    for given_ in (data, protobuf.MAGIC + data, body(data)):
        with suppress(protobuf.Unreadable):
            assert isinstance(protobuf.read(core_v1.Pod, given_), dict)


def named(table: Mapping[str, Any]) -> set[str]:
    """The fields of a table, those that stand inline too."""
    return {n for value in table.values() for n in (named(value) if isinstance(value, dict) else {value})}


def test_every_field_of_every_type_has_its_number() -> None:
    """Where this fails, a type is new: run tools/generate_schema.py, then tools/generate_protobuf.py."""
    tables, entries = protobuf._tables(), schema._entries()
    sent = {
        key: entry for key, entry in entries.items() if not key.startswith(("apiextensions_", "apiregistration_"))
    }
    assert set(tables) == set(sent)
    for key, entry in sent.items():
        assert set(entry.fields) - {"apiVersion", "kind"} <= named(tables[key]), key
