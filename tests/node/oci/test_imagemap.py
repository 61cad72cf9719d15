"""What an image reference means: matching, precedence, and what a person is told where nothing matches. Pure."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.node.oci import imagemap
from petset.node.oci.images import BUILT_IN


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("redis", "docker.io/library/redis:latest"),
        ("redis:7.0", "docker.io/library/redis:7.0"),
        ("bitnami/redis", "docker.io/bitnami/redis:latest"),
        ("quay.io/a/b:1", "quay.io/a/b:1"),
        ("localhost/a", "localhost/a:latest"),
        ("host:5000/a", "host:5000/a:latest"),
        ("redis@sha256:abc", "docker.io/library/redis@sha256:abc"),
        ("redis:7@sha256:abc", "docker.io/library/redis:7@sha256:abc"),
    ],
)
def test_a_reference_has_one_full_form(written: str, full: str) -> None:
    assert imagemap.full_reference(written) == full


@pytest.mark.parametrize(
    ("pattern", "reference", "expected"),
    [
        ("redis", "redis:7.0", True),
        ("redis", "docker.io/library/redis", True),
        ("redis", "redis@sha256:abc", True),
        ("redis:7.*", "redis:7.2@sha256:abc", True),
        ("redis:7.*", "redis:6.2", False),
        ("redis", "bitnami/redis:7", False),
        ("*/redis", "quay.io/x/redis:7", True),
        ("*", "anything:1", True),
        ("docker.io/library/redis:7.0", "redis:7.0", True),
        ("redis@sha256:abc", "redis@sha256:abc", True),
        ("redis@sha256:abc", "redis@sha256:def", False),
        ("host:5000/app", "host:5000/app:3", True),
        ("redis", "redis-stack:7", False),
    ],
)
def test_a_pattern_means_the_references_a_person_expects(pattern: str, reference: str, expected: bool) -> None:
    assert imagemap.matches(pattern, imagemap.full_reference(reference)) is expected


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(/[a-z][a-z0-9]{0,8})?(:[a-z0-9.]{1,6})?", fullmatch=True)


@given(NAMES)
def test_a_full_form_is_its_own_full_form_and_its_own_pattern(reference: str) -> None:
    full = imagemap.full_reference(reference)
    assert imagemap.full_reference(full) == full
    assert imagemap.matches(reference, full)
    assert imagemap.matches(full, full)


def rules(text: str) -> list[imagemap.Rule]:
    return imagemap.parse(text, "images.toml")


TWO = """
[[image]]
match = ["app:1", "app:2"]
use = "/srv/app.tar"
needs = ["/usr/bin/first"]
package = "first-package"
[[image]]
match = "app"
use = "host"
"""


def test_the_first_rule_that_matches_and_has_what_it_needs_decides() -> None:
    assert imagemap.choose("app:2", rules(TWO), lambda path: True).use == "/srv/app.tar"
    assert imagemap.choose("app:2", rules(TWO), lambda path: False).use == "host"
    assert imagemap.choose("app:3", rules(TWO), lambda path: True).use == "host"


def test_what_is_missing_is_named_with_the_package_to_install() -> None:
    with pytest.raises(LookupError, match=r"/usr/bin/first is not there .*apt-get install first-package"):
        imagemap.choose("app:1", rules(TWO)[:1], lambda path: False)
    with pytest.raises(LookupError, match="no registry is reached, and no rule"):
        imagemap.choose("other", rules(TWO), lambda path: True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[image]]\nmatch = 'a'\nuse = 'here'", "`use` is 'here'; it must be `host` or an absolute path"),
        ("[[image]]\nmatch = 'a'", r"missing required field `use`.*image\[0\]|use"),
        ("[[image]]\nmatch = 'a'\nuse = 'host'\ncomand = ['x']", r"unknown field `image\[0\]\.comand`"),
        ("[[image]]\nmatch = 3\nuse = 'host'", "match"),
        ("[[image", "images.toml"),
    ],
)
def test_a_map_that_is_wrong_is_refused_with_its_file_and_field(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as failure:
        rules(text)
    assert str(failure.value).startswith("image map images.toml: ")


def test_the_example_a_person_is_given_is_a_rule_that_works() -> None:
    example = imagemap.example("mine:3", Path("/x/images.toml"))
    assert imagemap.choose("mine:3", rules(example.partition(":\n")[2]), lambda path: True).use == "host"


@pytest.mark.parametrize(
    "image", ["redis:7.0", "busybox", "alpine:3", "memcached:1.6-alpine", "nginx", "python:3.12"]
)
def test_well_known_images_have_a_rule_of_their_own(image: str) -> None:
    shipped = imagemap.parse(BUILT_IN.read_text(), BUILT_IN.name)
    assert imagemap.choose(image, shipped, lambda path: True).use == "host"
