"""What may be a name, a label, an annotation key: the checks, with the messages that clients match on.

Every check returns the complaints, none where the text is fine. Lengths are in characters (they are ASCII by then).
"""

import re
from functools import lru_cache

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_label = re.compile(_LABEL)
_label_1035 = re.compile("[a-z]([-a-z0-9]*[a-z0-9])?")
_subdomain = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_wildcard = re.compile(rf"\*\.{_SUBDOMAIN}")
_qualified = re.compile(_QUALIFIED)
_label_value = re.compile(f"({_QUALIFIED})?")
_UNDERSCORED = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_underscored = re.compile(rf"{_UNDERSCORED}(?:\.{_UNDERSCORED})*")
_port = re.compile("[-a-z0-9]+")
_letter = re.compile("[a-z]")
_config_key = re.compile(r"[-._a-zA-Z0-9]+")

EMPTY = "must be non-empty"
_LONGEST_QUALIFIED = 253 + len("/") + 63


def too_long(limit: int) -> str:
    """The complaint about text of more than `limit` characters."""
    return f"must be no more than {limit} characters"


def _regex(message: str, pattern: str, *examples: str) -> str:
    shown = "".join(f"{' or ' if index else ''}'{example}', " for index, example in enumerate(examples))
    return f"{message} (e.g. {shown}regex used for validation is '{pattern}')"


_LABEL_MESSAGE = _regex(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character",
    _LABEL, "my-name", "123-abc",
)  # fmt: skip
_LABEL_1035_MESSAGE = _regex(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character",
    "[a-z]([-a-z0-9]*[a-z0-9])?", "my-name", "abc-123",
)  # fmt: skip
_SUBDOMAIN_MESSAGE = _regex(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character",
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", "example.com",
)  # fmt: skip
_WILDCARD_MESSAGE = _regex(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    rf"\*\.{_SUBDOMAIN}", "*.example.com",
)  # fmt: skip
_UNDERSCORED_MESSAGE = _regex(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
    "and must start and end with an alphanumeric character",
    rf"{_UNDERSCORED}(\.{_UNDERSCORED})*", "example.com",
)  # fmt: skip
_QUALIFIED_MESSAGE = _regex(
    "name part must consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", "MyName", "my.name", "123-abc",
)  # fmt: skip
_LABEL_VALUE_MESSAGE = _regex(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", "MyValue", "my_value", "12345",
)  # fmt: skip
_CONFIG_KEY_MESSAGE = _regex(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    "[-._a-zA-Z0-9]+", "key.name", "KEY_NAME", "key-name",
)  # fmt: skip


def too_many_bytes(limit: int) -> str:
    """The same for labels, where Kubernetes says bytes."""
    return f"must be no more than {limit} bytes"


def _check(text: str, limit: int, pattern: re.Pattern[str], message: str) -> list[str]:
    if len(text) <= limit and pattern.fullmatch(text):
        return []
    found = [too_long(limit)] if len(text) > limit else []
    return found if pattern.fullmatch(text) else [*found, message]


def dns_label(text: str) -> list[str]:
    """RFC 1123 label, at most 63: most names, `serviceName`, container names."""
    return _check(text, 63, _label, _LABEL_MESSAGE)


def dns_1035_label(text: str) -> list[str]:
    """The older label, which begins with a letter: names of resources and versions."""
    return _check(text, 63, _label_1035, _LABEL_1035_MESSAGE)


def dns_subdomain(text: str) -> list[str]:
    """Labels with dots between, at most 253: names of Pods, ConfigMaps, Secrets …"""
    return _check(text, 253, _subdomain, _SUBDOMAIN_MESSAGE)


def dns_wildcard(text: str) -> list[str]:
    """A host of which the first label may be any: `*.example.com`."""
    return _check(text, 253, _wildcard, _WILDCARD_MESSAGE)


def dns_subdomain_underscored(text: str) -> list[str]:
    """The same with underscores, as they stand in names of services: the search list of a pod."""
    return _check(text, 253, _underscored, _UNDERSCORED_MESSAGE)


def dns_subdomain_prefix(text: str) -> list[str]:
    """The beginning of such a name, which a dash may end."""
    return dns_subdomain(text[:-1] + "a" if len(text) > 1 and text.endswith("-") else text)


def qualified_name(text: str) -> list[str]:
    """A key of labels and annotations: `name` or `prefix/name`."""
    if len(text) <= _LONGEST_QUALIFIED and _is_qualified(text):
        return []
    prefix, slash, name = text.rpartition("/")
    found: list[str] = []
    if "/" in prefix:
        return [
            "a qualified name " + _regex(
                "must consist of alphanumeric characters, '-', '_' or '.', "
                "and must start and end with an alphanumeric character",
                "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", "MyName", "my.name", "123-abc",
            ) + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]  # fmt: skip
    if slash:
        found = (
            [f"prefix part {EMPTY}"] if not prefix else [f"prefix part {each}" for each in dns_subdomain(prefix)]
        )
    if not name:
        found.append(f"name part {EMPTY}")
    elif len(name) > 63:
        found.append(f"name part {too_many_bytes(63)}")
    return found if _qualified.fullmatch(name) else [*found, _QUALIFIED_MESSAGE]


@lru_cache(maxsize=1024)
def _is_qualified(text: str) -> bool:
    """The same few keys stand on nearly every object."""
    prefix, slash, name = text.rpartition("/")
    return len(name) <= 63 and bool(_qualified.fullmatch(name)) and (not slash or not dns_subdomain(prefix))


def label_value(text: str) -> list[str]:
    """The value of a label: at most 63, may be empty."""
    if len(text) <= 63 and _label_value.fullmatch(text):
        return []
    found = [too_many_bytes(63)] if len(text) > 63 else []
    return found if _label_value.fullmatch(text) else [*found, _LABEL_VALUE_MESSAGE]


def port_name(text: str) -> list[str]:
    """A container port's name, at most 15 characters."""
    rules = (
        (len(text) <= 15, "must be no more than 15 characters"),
        (_port.fullmatch(text), "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        (_letter.search(text), "must contain at least one letter (a-z)"),
        ("--" not in text, "must not contain consecutive hyphens"),
        (text[:1] != "-" and text[-1:] != "-", "must not begin or end with a hyphen"),
    )
    return [message for holds, message in rules if not holds]


def port_number(port: int) -> list[str]:
    """A port from 1 to 65535."""
    return [] if 1 <= port <= 65535 else ["must be between 1 and 65535, inclusive"]


def env_name(text: str) -> list[str]:
    """The name of an environment variable: any printable ASCII but `=`."""
    if text and all(" " <= char <= "~" and char != "=" for char in text):
        return []
    return [EMPTY] if not text else [
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
    ]  # fmt: skip


def config_key(text: str) -> list[str]:
    """A key of a ConfigMap or Secret; it becomes a file name."""
    found = [too_long(253)] if len(text) > 253 else []
    if not _config_key.fullmatch(text):
        found.append(_CONFIG_KEY_MESSAGE)
    if text in (".", ".."):
        return [*found, f"must not be '{text}'"]
    return [*found, "must not start with '..'"] if text.startswith("..") else found


def path_segment(name: str) -> list[str]:
    """Whatever may stand between two slashes of a URL: the names of roles and their bindings."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{each}'" for each in ("/", "%") if each in name]
