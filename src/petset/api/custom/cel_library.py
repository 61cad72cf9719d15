"""The functions that Kubernetes adds to CEL: of texts, lists, sets, patterns, quantities, versions, addresses.

Values of types that CEL itself lacks are maps with one key, in a canonical form, so that equal values are equal.
No function takes more than linear time, and none makes a text longer than any request: a rule cannot hold up the
server, whatever its author wrote and whatever object it meets.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional

from petset.api import quantity
from petset.api.custom import cel_formats, semver
from petset.api.custom.cel_sizes import REQUEST_BYTES

T = cel.Type
LIST, MAP = T.List(T.DYN), T.Map(T.STRING, T.STRING)
_SCALARS = (T.INT, T.STRING, T.DOUBLE, T.BOOL)
_NANO = 10**9
_MOST_DIGITS = 1000

_Call = Callable[..., Any]
_declared: dict[str, list[cel.Overload]] = {}


def _add(name: str, returns: cel.Type, parameters: list[cel.Type], call: _Call, *, member: bool = True) -> None:
    overloads = _declared.setdefault(name, [])
    overload_id = f"{name.replace('.', '_')}_{len(overloads)}"
    overloads.append(cel.Overload(overload_id, returns, parameters, member, call))


def _declare_texts() -> None:
    text = T.STRING
    _add("charAt", text, [text, T.INT], lambda s, i: s[i : i + 1])
    _add("indexOf", T.INT, [text, text], lambda s, part: s.find(part))
    _add("indexOf", T.INT, [text, text, T.INT], lambda s, part, start: s.find(part, start))
    _add("lastIndexOf", T.INT, [text, text], lambda s, part: s.rfind(part))
    _add("lowerAscii", text, [text], lambda s: _per_ascii(s, str.lower))
    _add("upperAscii", text, [text], lambda s: _per_ascii(s, str.upper))
    _add("replace", text, [text, text, text], lambda s, old, new: _replace(s, old, new, -1))
    _add("replace", text, [text, text, text, T.INT], _replace)
    _add("split", T.List(text), [text, text], lambda s, by: _split(s, by, -1))
    _add("split", T.List(text), [text, text, T.INT], _split)
    _add("substring", text, [text, T.INT], lambda s, start: s[start:])
    _add("substring", text, [text, T.INT, T.INT], lambda s, start, end: s[start:end])
    _add("trim", text, [text], lambda s: s.strip())
    _add("reverse", text, [text], lambda s: s[::-1])
    _add("join", text, [LIST], lambda items: _join(items, ""))
    _add("join", text, [LIST, text], _join)
    _add("format", text, [text, LIST], _format)
    _add("strings.quote", text, [text], _quote, member=False)
    _add("jsonpatch.escapeKey", text, [text], lambda s: s.replace("~", "~0").replace("/", "~1"), member=False)


def _per_ascii(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(char) if char.isascii() else char for char in text)


def _fits(length: int) -> None:
    """Raises ValueError for a text that would be longer than any may be."""
    if length > REQUEST_BYTES:
        raise ValueError("actual cost limit exceeded: the text would be longer than a request may be")


def _replace(text: str, old: str, new: str, most: int) -> str:
    times = text.count(old) if most < 0 else min(text.count(old), most)
    _fits(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, most)


def _join(items: list[str], by: str) -> str:
    _fits(sum(map(len, items)) + len(by) * len(items))
    return by.join(items)


_ESCAPES = str.maketrans({
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\",
    '"': '\\"',
})  # fmt: skip


def _quote(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def _split(text: str, by: str, most: int) -> list[str]:
    if most == 0:
        return []
    if not by:
        return [*text] if most < 0 else [*text[: most - 1], text[most - 1 :]]
    return text.split(by) if most < 0 else text.split(by, most - 1)


def _format(text: str, values: list[Any]) -> str:
    left = iter(values)

    def one(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        value = next(left)
        if len(match[1]) > 1 and int(match[1][1:]) > _MOST_DIGITS:
            raise ValueError("too many digits are asked for")
        if match[2] == "b":
            return f"{value:b}"
        return _shown(value) if match[2] == "s" else f"%{match[1]}{match[2]}" % value

    _fits(sum(len(value) for value in values if isinstance(value, str)))
    return re.sub(r"%((?:\.\d{1,9})?)([sdfexXob])|%%", one, text)


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


def _declare_formats() -> None:
    _add(cel_formats.FUNCTION, T.List(T.STRING), [T.STRING, T.STRING], cel_formats.faults, member=False)


def _declare_lists() -> None:
    _add("isSorted", T.BOOL, [LIST], lambda items: items == sorted(items))
    _add("sum", T.DYN, [LIST], sum)
    _add("min", T.DYN, [LIST], min)
    _add("max", T.DYN, [LIST], max)
    for scalar in _SCALARS:
        _add("indexOf", T.INT, [LIST, scalar], lambda items, item: items.index(item) if item in items else -1)
        _add("lastIndexOf", T.INT, [LIST, scalar], _last_index)
    _add("sets.contains", T.BOOL, [LIST, LIST], lambda a, b: _set(b) <= _set(a), member=False)
    _add("sets.intersects", T.BOOL, [LIST, LIST], lambda a, b: not _set(a).isdisjoint(_set(b)), member=False)
    _add("sets.equivalent", T.BOOL, [LIST, LIST], lambda a, b: _set(a) == _set(b), member=False)


def _last_index(items: list[Any], item: Any) -> int:
    return len(items) - 1 - items[::-1].index(item) if item in items else -1


def _set(items: list[Any]) -> frozenset[Any]:
    return frozenset(map(_hashable, items))


def _hashable(value: Any) -> Any:
    """The same for equal values: numbers are equal whatever their type, and a truth is no number."""
    if isinstance(value, list):
        return ("list", *map(_hashable, value))
    if isinstance(value, dict):
        return "map", frozenset((_hashable(key), _hashable(each)) for key, each in value.items())
    return (bool, value) if isinstance(value, bool) else value


def _declare_patterns() -> None:
    texts = [T.STRING, T.STRING]
    _add("find", T.STRING, texts, lambda text, pattern: (_found(text, pattern) or [""])[0])
    _add("findAll", T.List(T.STRING), texts, _found)
    _add("findAll", T.List(T.STRING), [*texts, T.INT], lambda text, pattern, most: _found(text, pattern)[:most])


def _found(text: str, pattern: str) -> list[str]:
    import re2  # only where a rule asks for it; like Go's, it never tries twice what cannot match

    return [match[0] for match in re2.finditer(pattern, text)]


def _declare_quantities() -> None:
    _add("quantity", MAP, [T.STRING], lambda text: _quantity(quantity.parse(text).nanos), member=False)
    _add("isQuantity", T.BOOL, [T.STRING], lambda text: _can(quantity.parse, text), member=False)
    _add("isInteger", T.BOOL, [MAP], lambda q: _nanos(q) % _NANO == 0)
    _add("asInteger", T.INT, [MAP], _as_integer)
    _add("asApproximateFloat", T.DOUBLE, [MAP], lambda q: _nanos(q) / _NANO)
    _add("sign", T.INT, [MAP], lambda q: (_nanos(q) > 0) - (_nanos(q) < 0))
    _add("add", MAP, [MAP, MAP], lambda a, b: _quantity(_nanos(a) + _nanos(b)))
    _add("add", MAP, [MAP, T.INT], lambda a, number: _quantity(_nanos(a) + number * _NANO))
    _add("sub", MAP, [MAP, MAP], lambda a, b: _quantity(_nanos(a) - _nanos(b)))
    _add("sub", MAP, [MAP, T.INT], lambda a, number: _quantity(_nanos(a) - number * _NANO))


def _quantity(nanos: int) -> dict[str, str]:
    return {"quantity": str(nanos)}


def _nanos(value: dict[str, str]) -> int:
    return int(value["quantity"])


def _as_integer(value: dict[str, str]) -> int:
    if _nanos(value) % _NANO:
        raise ValueError("cannot convert value to integer")
    return _nanos(value) // _NANO


def _can(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


def _declare_versions() -> None:
    _add("semver", MAP, [T.STRING], lambda text: {"semver": semver.read(text)}, member=False)
    _add("semver", MAP, [T.STRING, T.BOOL], lambda text, loose: {"semver": _version(text, loose)}, member=False)
    _add("isSemver", T.BOOL, [T.STRING], lambda text: _can(semver.read, text), member=False)
    _add("isSemver", T.BOOL, [T.STRING, T.BOOL], _can_loosely, member=False)
    for number, name in enumerate(("major", "minor", "patch")):
        _add(name, T.INT, [MAP], lambda v, number=number: semver.numbers(v["semver"])[number])
    _add("isLessThan", T.BOOL, [MAP, MAP], lambda a, b: _order(a) < _order(b))
    _add("isGreaterThan", T.BOOL, [MAP, MAP], lambda a, b: _order(a) > _order(b))
    _add("compareTo", T.INT, [MAP, MAP], lambda a, b: (_order(a) > _order(b)) - (_order(a) < _order(b)))


def _version(text: str, loose: bool) -> str:
    return semver.read(semver.normalized(text) if loose else text)


def _can_loosely(text: str, loose: bool) -> bool:
    return _can(lambda each: _version(each, loose), text)


def _order(value: dict[str, str]) -> Any:
    """By what quantities are sorted, and by what versions are."""
    return semver.precedence(value["semver"]) if "semver" in value else _nanos(value)


def _declare_urls() -> None:
    _add("url", MAP, [T.STRING], lambda text: {"url": _url(text)}, member=False)
    _add("isURL", T.BOOL, [T.STRING], lambda text: _can(_url, text), member=False)
    _add("getScheme", T.STRING, [MAP], lambda u: urlsplit(u["url"]).scheme)
    _add("getHost", T.STRING, [MAP], lambda u: urlsplit(u["url"]).netloc.rpartition("@")[2])
    _add("getHostname", T.STRING, [MAP], lambda u: urlsplit(u["url"]).hostname or "")
    _add("getPort", T.STRING, [MAP], lambda u: str(urlsplit(u["url"]).port or ""))
    _add("getEscapedPath", T.STRING, [MAP], lambda u: quote(urlsplit(u["url"]).path, safe="/%"))
    queries = T.Map(T.STRING, T.List(T.STRING))
    _add("getQuery", queries, [MAP], lambda u: parse_qs(urlsplit(u["url"]).query, keep_blank_values=True))


def _url(text: str) -> str:
    """Absolute, or a path that begins with a slash."""
    found = urlsplit(text)
    if not (found.scheme or text.startswith("/")) or " " in text:
        raise ValueError(f"URL parse error during conversion from string: {text}")
    return text


def _declare_addresses() -> None:
    _add("ip", MAP, [T.STRING], lambda text: {"ip": str(_ip(text))}, member=False)
    _add("isIP", T.BOOL, [T.STRING], lambda text: _can(_ip, text), member=False)
    _add("ip.isCanonical", T.BOOL, [T.STRING], lambda text: str(_ip(text)) == text, member=False)
    _add("family", T.INT, [MAP], lambda a: _ip(a["ip"]).version)
    _add("isUnspecified", T.BOOL, [MAP], lambda a: _ip(a["ip"]).is_unspecified)
    _add("isLoopback", T.BOOL, [MAP], lambda a: _ip(a["ip"]).is_loopback)
    _add("isLinkLocalMulticast", T.BOOL, [MAP], lambda a: _is_link_local_multicast(_ip(a["ip"])))
    _add("isLinkLocalUnicast", T.BOOL, [MAP], lambda a: _ip(a["ip"]).is_link_local)
    _add("isGlobalUnicast", T.BOOL, [MAP], lambda a: _is_global_unicast(_ip(a["ip"])))
    _add("cidr", MAP, [T.STRING], lambda text: {"cidr": _cidr(text)}, member=False)
    _add("isCIDR", T.BOOL, [T.STRING], lambda text: _can(_cidr, text), member=False)
    _add("ip", MAP, [MAP], lambda network: {"ip": network["cidr"].partition("/")[0]})
    _add("masked", MAP, [MAP], lambda network: {"cidr": str(ip_network(network["cidr"], strict=False))})
    _add("prefixLength", T.INT, [MAP], lambda network: int(network["cidr"].partition("/")[2]))
    _add("containsIP", T.BOOL, [MAP, T.STRING], _holds_ip)
    _add("containsIP", T.BOOL, [MAP, MAP], lambda network, address: _holds_ip(network, address["ip"]))
    _add("containsCIDR", T.BOOL, [MAP, T.STRING], _holds_cidr)
    _add("containsCIDR", T.BOOL, [MAP, MAP], lambda network, other: _holds_cidr(network, other["cidr"]))


def _ip(text: str) -> IPv4Address | IPv6Address:
    found = ip_address(text)
    if "%" in text or (isinstance(found, IPv6Address) and found.ipv4_mapped is not None):
        raise ValueError(f'IP Address "{text}" is not allowed')
    return found


def _cidr(text: str) -> str:
    address, slash, length = text.partition("/")
    if not slash:
        raise ValueError(f'network address parse error during conversion from string: "{text}"')
    ip_network(text, strict=False)
    return f"{_ip(address)}/{int(length)}"


def _is_link_local_multicast(address: IPv4Address | IPv6Address) -> bool:
    return address in ip_network("224.0.0.0/24" if address.version == 4 else "ff02::/16")


def _is_global_unicast(address: IPv4Address | IPv6Address) -> bool:
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and str(address) != "255.255.255.255"


def _holds_ip(network: dict[str, str], text: str) -> bool:
    return _ip(text) in ip_network(network["cidr"], strict=False)


def _holds_cidr(network: dict[str, str], text: str) -> bool:
    outer: Any = ip_network(network["cidr"], strict=False)
    inner: Any = ip_network(_cidr(text), strict=False)
    return bool(outer.version == inner.version and inner.subnet_of(outer))


for _declare in (
    _declare_texts, _declare_formats, _declare_lists, _declare_patterns, _declare_quantities, _declare_versions,
    _declare_urls, _declare_addresses,
):  # fmt: skip
    _declare()

FUNCTIONS = [cel.FunctionDecl(name, overloads) for name, overloads in _declared.items()]
"""All of them, as an environment takes them."""

CONFIG = cel.NewEnvConfigFromYaml("extensions:\n- name: two-var-comprehensions")
"""Loops over keys and values at once: `self.all(key, value, …)`."""

EXTENSIONS = [
    ext_optional.ExtOptional(), ext_bindings.ExtBindings(), ext_math.ExtMath(), ext_encoders.ExtEncoders(),
]  # fmt: skip
"""What CEL itself brings along and an environment has to ask for."""
