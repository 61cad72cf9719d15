"""IP addresses and networks, as text."""

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network

from petset.api.validation.fields import Faults

BAD_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_BAD_NETWORK = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_LONGEST_ADDRESS = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")


_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_dotted = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")


def is_address(text: str) -> bool:
    """Whether text is an IP address."""
    if _dotted.fullmatch(text):
        return True  # as nearly every one
    return _is_address(text) if len(text) <= _LONGEST_ADDRESS else _reads(text)


def _reads(text: str) -> bool:
    if _V4.fullmatch(text):
        return True  # as nearly every one
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


_is_address = lru_cache(maxsize=2048)(_reads)
"""A slice is checked whenever one of its hundred endpoints changes."""


def is_v6(text: str) -> bool:
    """Whether an address is one of IPv6."""
    return ":" in text


def check_address(path: str, text: str, faults: Faults) -> bool:
    """An address of either family; whether it is one."""
    fine = is_address(text)
    if not fine:
        faults.invalid(path, text, BAD_ADDRESS)
    return fine


def check_network(path: str, text: str, faults: Faults) -> None:
    """A network with its mask, such as 10.9.8.0/24."""
    try:
        if "/" in text:
            ip_network(text, strict=False)
            return
    except ValueError:
        pass
    faults.invalid(path, text, _BAD_NETWORK)


def check_elsewhere(path: str, text: str, faults: Faults) -> None:
    """An address that others may be sent to: none of those that mean each machine itself."""
    parsed = ip_address(text)
    if parsed.is_unspecified:
        faults.invalid(path, text, f"may not be unspecified ({text})")
    if parsed.is_loopback:
        faults.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if parsed.is_link_local:
        faults.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if parsed.is_multicast and text.lower().startswith(("224.0.0.", "ff02:")):
        faults.invalid(path, text, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")
