"""The image map: what an image reference means on a machine that reaches no registry. Pure.

A map is a TOML file of `[[image]]` rules. The first rule that matches and whose needs are there decides:

    [[image]]
    match = ["redis", "docker.io/bitnami/redis:7.*"]   # a pattern without a tag means every tag
    use = "host"              # or the path of a directory, or of an OCI or Docker archive (.tar, .tar.gz)
    needs = ["/usr/bin/redis-server"]
    package = "redis-server"  # named in the error where a need is missing
    entrypoint = ["redis-server"]

References are compared in their full form: `redis` is `docker.io/library/redis:latest`.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypedDict

import msgspec

HOST = "host"


class _Document(TypedDict, total=False):
    image: list["Rule"]


@dataclass(frozen=True)
class Rule:
    """One `[[image]]` table. None for `entrypoint` and the like: as the archive says."""

    use: str
    match: str | list[str]
    needs: Sequence[str] = ()
    package: str = ""
    entrypoint: list[str] | None = None
    command: list[str] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str | None = None
    user: str | None = None
    expose: Sequence[str] = ()  # with `use = "host"`: what of the machine's /etc or / is shown besides programs
    directories: Sequence[str] = ()  # made in each container

    @property
    def patterns(self) -> list[str]:
        return [self.match] if isinstance(self.match, str) else self.match


def parse(text: str, name: str) -> list[Rule]:
    """The rules of one file. ValueError names the file and the field."""
    try:
        document = msgspec.convert(tomllib.loads(text), _Document)
        known = set(Rule.__dataclass_fields__)
        for number, table in enumerate(tomllib.loads(text).get("image", [])):
            for key in sorted(set(table) - known):
                raise ValueError(f"unknown field `image[{number}].{key}`; a rule has {', '.join(sorted(known))}")
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"image map {name}: {error}") from error
    for rule in document.get("image", []):
        if rule.use != HOST and not rule.use.startswith("/"):
            raise ValueError(f"image map {name}: `use` is {rule.use!r}; it must be `host` or an absolute path")
    return document.get("image", [])


def full_reference(reference: str) -> str:
    """`redis` → `docker.io/library/redis:latest`. A digest is kept; it stands for the tag where there is none."""
    name, at, digest = reference.partition("@")
    if ":" not in name.rpartition("/")[2] and not at:
        name += ":latest"
    return _full_name(name) + at + digest


def _full_name(name: str) -> str:
    first, slash, _ = name.partition("/")
    if not slash:
        return f"docker.io/library/{name}"
    if "." in first or ":" in first or first == "localhost":
        return name
    return f"docker.io/{name}"


def matches(pattern: str, reference: str) -> bool:
    """Whether the pattern means this full reference. A digest counts only if the pattern has one."""
    full = pattern if pattern.startswith("*") else _full_name(pattern)
    if "@" not in full:
        reference = reference.partition("@")[0]
    if ":" not in full.rpartition("/")[2] and not full.endswith("*"):
        reference = reference[: -len(tag) - 1] if (tag := _tag(reference)) else reference
    return fnmatchcase(reference, full)


def _tag(reference: str) -> str:
    return reference.rpartition("/")[2].partition(":")[2]


def choose(reference: str, rules: Sequence[Rule], exists: Callable[[str], bool]) -> Rule:
    """The rule for an image. LookupError says what is missing, and how to help."""
    full = full_reference(reference)
    missing = []
    for rule in rules:
        if any(matches(pattern, full) for pattern in rule.patterns):
            lacks = [need for need in rule.needs if not exists(need)]
            if not lacks:
                return rule
            missing.append(_remedy(rule, lacks))
    if missing:
        raise LookupError(f"image {reference!r} would be run from this machine, but {'; or '.join(missing)}")
    raise LookupError(f"image {reference!r}: no registry is reached, and no rule of the image map matches it")


def _remedy(rule: Rule, lacks: Sequence[str]) -> str:
    install = f" (install it: apt-get install {rule.package})" if rule.package else ""
    return f"{', '.join(lacks)} is not there{install}"


def example(reference: str, path: Path) -> str:
    """Two lines a person can paste."""
    return f'add to {path}:\n[[image]]\nmatch = "{reference}"\nuse = "host"  # or a directory, or an archive'
