"""What may be a name, and what is said of what may not."""

from collections.abc import Callable

import pytest

from petset.api import names

GOOD: list[tuple[Callable[[str], list[str]], str]] = [
    (names.dns_label, "web-0"), (names.dns_label, "0"), (names.dns_label, "a" * 63),
    (names.dns_subdomain, "a.b-c.d"), (names.dns_subdomain, "a" * 253), (names.qualified_name, "app"),
    (names.qualified_name, "example.com/My.Name_1"), (names.label_value, ""), (names.label_value, "A_1.b-c"),
    (names.port_name, "http-2"), (names.env_name, "a.b-c d"), (names.config_key, ".hidden_key-1"),
]  # fmt: skip
BAD: list[tuple[Callable[[str], list[str]], str, str]] = [
    (
        names.dns_label,
        "Web",
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'",
    ),
    (names.dns_label, "a.b", "a lowercase RFC 1123 label"),
    (names.dns_label, "a" * 64, "must be no more than 63 characters"),
    (names.dns_label, "a\n", "a lowercase RFC 1123 label"),
    (names.dns_subdomain, "a..b", "a lowercase RFC 1123 subdomain must consist of"),
    (names.qualified_name, "", "name part must be non-empty"),
    (names.qualified_name, "/a", "prefix part must be non-empty"),
    (names.qualified_name, "UP/a", "prefix part a lowercase RFC 1123 subdomain"),
    (names.qualified_name, "a/b/c", "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"),
    (names.qualified_name, "a" * 64, "name part must be no more than 63 bytes"),
    (names.label_value, "-", "a valid label must be an empty string or consist of"),
    (names.label_value, "a" * 64, "must be no more than 63 bytes"),
    (names.port_name, "80", "must contain at least one letter (a-z)"),
    (names.port_name, "a--b", "must not contain consecutive hyphens"),
    (names.port_name, "a" * 16, "must be no more than 15 characters"),
    (names.env_name, "a=b", "a valid environment variable name must consist only of printable ASCII characters"),
    (names.env_name, "", "must be non-empty"),
    (names.config_key, "a/b", "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"),
    (names.config_key, "..", "must not be '..'"),
    (names.config_key, "..a", "must not start with '..'"),
]


@pytest.mark.parametrize(("check", "text"), GOOD)
def test_good_names_pass(check: Callable[[str], list[str]], text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize(("check", "text", "complaint"), BAD)
def test_bad_names_are_told_why(check: Callable[[str], list[str]], text: str, complaint: str) -> None:
    assert any(complaint in found for found in check(text))


@pytest.mark.parametrize(("port", "good"), [(1, True), (65535, True), (0, False), (65536, False)])
def test_ports_go_from_1_to_65535(port: int, good: bool) -> None:
    assert (names.port_number(port) == []) is good


def test_the_message_of_a_label_is_kubernetes_own_to_the_letter() -> None:
    assert names.dns_label("Bad_Svc") == [
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and "
        "end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
        "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    ]
