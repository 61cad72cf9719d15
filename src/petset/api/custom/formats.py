"""The formats of texts that Kubernetes checks; any other name may stand in a schema and says nothing."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any
from urllib.parse import urlsplit

Check = Callable[[str], bool]

_UUID = "[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?%s[0-9a-fA-F]{3}-?%s[0-9a-fA-F]{3}-?[0-9a-fA-F]{12}"
_ANY = "[0-9a-fA-F]"
_PART = r"(\d+(\.\d*)?|\.\d+)\s*[a-z\u00b5]+\s*"
_HOST = "[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?"
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)"
)


def _like(pattern: str) -> Check:
    """A format that a pattern describes; it is compiled when it is first needed."""
    return lambda text: re.fullmatch(pattern, text) is not None


def _succeeds(make: Callable[[str], object]) -> Check:
    def check(text: str) -> bool:
        try:
            make(text)
        except ValueError:
            return False
        return True

    return check


def _is_time(text: str) -> bool:
    match = _TIME.fullmatch(text)
    return match is not None and _succeeds(date.fromisoformat)(match[1])


def _is_cidr(text: str) -> bool:
    return "/" in text and _succeeds(lambda each: ip_network(each, strict=False))(text)


def _is_uri(text: str) -> bool:
    try:
        found = urlsplit(text)
    except ValueError:
        return False
    return bool(found.scheme) and not re.search(r"\s", text)


FORMATS: Mapping[str, Check] = {
    "bsonobjectid": _like("[0-9a-fA-F]{24}"),
    "byte": _succeeds(lambda text: b64decode(text, validate=True)),
    "cidr": _is_cidr,
    "date": _succeeds(date.fromisoformat),
    "date-time": _is_time,
    "datetime": _is_time,
    "duration": _like(rf"[-+]?({_PART})+|0"),
    "email": _like(r"[^@\s]+@[^@\s]+"),
    "hexcolor": _like("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})"),
    "hostname": _like(rf"{_HOST}(\.{_HOST})*\.?"),
    "ipv4": _succeeds(IPv4Address),
    "ipv6": _succeeds(IPv6Address),
    "k8s-long-name": _like(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"),
    "k8s-short-name": _like("(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?"),
    "mac": _like("([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"),
    "uri": _is_uri,
    "uuid": _like(_UUID % (_ANY, _ANY)),
    "uuid3": _like(_UUID % ("3", _ANY)),
    "uuid4": _like(_UUID % ("4", "[89abAB]")),
    "uuid5": _like(_UUID % ("5", "[89abAB]")),
}  # fmt: skip
"""By name."""


def unrecognized(schema: Any) -> Iterator[str]:
    """The formats in a schema that nobody knows."""
    if not isinstance(schema, dict):
        return
    name = schema.get("format")
    if isinstance(name, str) and name and name not in FORMATS and name not in UNCHECKED:
        yield name
    properties = schema.get("properties")
    for inner in properties.values() if isinstance(properties, dict) else ():
        yield from unrecognized(inner)
    for word in ("items", "additionalProperties"):
        yield from unrecognized(schema.get(word))


UNCHECKED = frozenset(
    ("creditcard", "double", "float", "int32", "int64", "isbn", "isbn10", "isbn13", "password", "rgbcolor", "ssn")
)
"""Formats that Kubernetes knows and that are not looked at here."""
