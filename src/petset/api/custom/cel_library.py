"""The functions that Kubernetes adds to CEL: of texts, lists, sets, patterns, quantities, URLs and addresses.

Values of types that CEL itself lacks are maps with one key, in a canonical form, so that equal values are equal.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional

from petset.api import quantity

T = cel.Type
LIST, MAP = T.List(T.DYN), T.Map(T.STRING, T.STRING)
_SCALARS = (T.INT, T.STRING, T.DOUBLE, T.BOOL)
_NANO = 10**9

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
    _add("replace", text, [text, text, text], lambda s, old, new: s.replace(old, new))
    _add("replace", text, [text, text, text, T.INT], lambda s, old, new, most: s.replace(old, new, most))
    _add("split", T.List(text), [text, text], lambda s, by: _split(s, by, -1))
    _add("split", T.List(text), [text, text, T.INT], _split)
    _add("substring", text, [text, T.INT], lambda s, start: s[start:])
    _add("substring", text, [text, T.INT, T.INT], lambda s, start, end: s[start:end])
    _add("trim", text, [text], lambda s: s.strip())
    _add("reverse", text, [text], lambda s: s[::-1])
    _add("join", text, [LIST], "".join)
    _add("join", text, [LIST, text], lambda items, by: by.join(items))
    _add("format", text, [text, LIST], _format)


def _per_ascii(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(char) if char.isascii() else char for char in text)


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
        if match[2] == "b":
            return f"{value:b}"
        return _shown(value) if match[2] == "s" else f"%{match[1]}{match[2]}" % value

    return re.sub(r"%((?:\.\d+)?)([sdfexXob])|%%", one, text)


def _shown(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value)


def _declare_lists() -> None:
    _add("isSorted", T.BOOL, [LIST], lambda items: items == sorted(items))
    _add("sum", T.DYN, [LIST], sum)
    _add("min", T.DYN, [LIST], min)
    _add("max", T.DYN, [LIST], max)
    for scalar in _SCALARS:
        _add("indexOf", T.INT, [LIST, scalar], lambda items, item: items.index(item) if item in items else -1)
        _add("lastIndexOf", T.INT, [LIST, scalar], _last_index)
    _add("sets.contains", T.BOOL, [LIST, LIST], lambda a, b: all(x in a for x in b), member=False)
    _add("sets.intersects", T.BOOL, [LIST, LIST], lambda a, b: any(x in a for x in b), member=False)
    _add("sets.equivalent", T.BOOL, [LIST, LIST], _are_equivalent, member=False)


def _last_index(items: list[Any], item: Any) -> int:
    return len(items) - 1 - items[::-1].index(item) if item in items else -1


def _are_equivalent(left: list[Any], right: list[Any]) -> bool:
    return all(x in left for x in right) and all(x in right for x in left)


def _declare_patterns() -> None:
    texts = [T.STRING, T.STRING]
    _add("find", T.STRING, texts, lambda text, pattern: (_found(text, pattern) or [""])[0])
    _add("findAll", T.List(T.STRING), texts, _found)
    _add("findAll", T.List(T.STRING), [*texts, T.INT], lambda text, pattern, most: _found(text, pattern)[:most])


def _found(text: str, pattern: str) -> list[str]:
    return [match[0] for match in re.finditer(pattern, text)]


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
    _add("isLessThan", T.BOOL, [MAP, MAP], lambda a, b: _nanos(a) < _nanos(b))
    _add("isGreaterThan", T.BOOL, [MAP, MAP], lambda a, b: _nanos(a) > _nanos(b))
    _add("compareTo", T.INT, [MAP, MAP], lambda a, b: (_nanos(a) > _nanos(b)) - (_nanos(a) < _nanos(b)))


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
    _declare_texts, _declare_lists, _declare_patterns, _declare_quantities, _declare_urls, _declare_addresses,
):  # fmt: skip
    _declare()

FUNCTIONS = [cel.FunctionDecl(name, overloads) for name, overloads in _declared.items()]
"""All of them, as an environment takes them."""

EXTENSIONS = [
    ext_optional.ExtOptional(), ext_bindings.ExtBindings(), ext_math.ExtMath(), ext_encoders.ExtEncoders(),
]  # fmt: skip
"""What CEL itself brings along and an environment has to ask for."""


def plain(text: str) -> str:
    """An error of CEL without the names of its own error codes."""
    return re.sub(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$", "", text)


def told(error: str) -> str:
    """What went wrong while a rule was tried, in the words of Kubernetes' own CEL where it has some."""
    missing = re.fullmatch(r'NOT_FOUND: Key not found in map : "?(.*?)"?', error)
    if missing is not None:
        return f"no such key: {missing[1]}"
    beyond = re.search(r"Index error: index=(-?\d+)", error)
    if beyond is not None:
        return f"index out of bounds: {beyond[1]}"
    overload = re.search(r"No matching overloads found", error)
    if overload is not None:
        return "'no such overload': call arguments did not match a supported operator, function or macro signature"
    return plain(error).replace("divide by zero", "division by zero")
