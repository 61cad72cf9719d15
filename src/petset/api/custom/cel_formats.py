"""Named formats in rules: `format.dns1123Label().validate(self)` is what is wrong with a text, if anything is.

It comes to an optional list, which our functions cannot make. So the call is rewritten, before it is compiled, to
one that comes to a list, and CEL itself makes an optional of that: none where nothing is wrong.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from petset.api import names
from petset.api.custom.formats import FORMATS as OF_SCHEMAS

Check = Callable[[str], Iterable[str]]
FUNCTION = "petset.validate"
"""What a call is rewritten to: the name of a format and a text, and the list of what is wrong."""

_CALL = re.compile(
    r"""format\s*\.\s*(?:(?P<name>\w+)\s*\(\s*\)|named\s*\(\s*(?P<quoted>"\w+"|'\w+')\s*\)\s*\.\s*value\s*\(\s*\))"""
    r"""\s*\.\s*validate\s*\("""
)
_TEXT = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")


def _prefix(check: Check) -> Check:
    """Of a name that something will be added to: it may end in a dash."""
    return lambda text: check(f"{text[:-1]}a" if text.endswith("-") else text)


def _plain(name: str, told: str) -> Check:
    fits = OF_SCHEMAS[name]
    return lambda text: [] if fits(text) else [told]


_FORMATS: Mapping[str, Check] = {
    "dns1123Label": names.dns_label,
    "dns1123Subdomain": names.dns_subdomain,
    "dns1035Label": names.dns_1035_label,
    "dns1123LabelPrefix": _prefix(names.dns_label),
    "dns1123SubdomainPrefix": _prefix(names.dns_subdomain),
    "dns1035LabelPrefix": _prefix(names.dns_1035_label),
    "qualifiedName": names.qualified_name,
    "labelValue": names.label_value,
    "uri": _plain("uri", "invalid URI"),
    "uuid": _plain("uuid", "does not match the UUID format"),
    "byte": _plain("byte", "invalid base64"),
    "date": _plain("date", "invalid date"),
    "datetime": _plain("date-time", "invalid datetime"),
}


def faults(name: str, text: str) -> list[str]:
    """What is wrong with a text of a format. Raises ValueError for a format that there is not."""
    check = _FORMATS.get(name)
    if check is None:
        raise ValueError(f"no such format: {name}")
    return list(check(text))


def rewritten(text: str) -> str:
    """The expression with lists that are made optional; formats that there are not are left to the compiler."""
    if "validate" not in text:
        return text
    quoted = [found.span() for found in _TEXT.finditer(text)]
    for call in reversed(list(_CALL.finditer(text))):
        name = call["name"] or call["quoted"].strip("\"'")
        if name not in _FORMATS or any(start < call.start() < end for start, end in quoted):
            continue
        end = _closing(text, call.end())
        inner = rewritten(text[call.end() : end])
        text = f'{text[: call.start()]}optional.ofNonZeroValue({FUNCTION}("{name}", {inner}){text[end:]}'
    return text


def _closing(text: str, at: int) -> int:
    """Where the bracket ends that is open at a place."""
    depth = 1
    while at < len(text) and depth:
        skipped = _TEXT.match(text, at)
        if skipped is not None:
            at = skipped.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at - 1 if not depth else at
