"""Paths that must stay below where they start: in a volume, in a container's files, in a directory of profiles."""

from petset.api.validation.fields import Faults

MODE_RANGE = "must be a number between 0 and 0777 (octal), both inclusive"


def has_backsteps(target: str) -> bool:
    """Whether a part of the path leads upwards."""
    return ".." in target.split("/")


def check_backsteps(path: str, target: str, faults: Faults) -> None:
    """A path that may be absolute, and never goes back."""
    if has_backsteps(target):
        faults.invalid(path, target, "must not contain '..'")


def check_inside(path: str, target: str, faults: Faults) -> None:
    """A path that must stay below where it starts."""
    if target.startswith("/"):
        faults.invalid(path, target, "must be a relative path")
    check_backsteps(path, target, faults)


def check_file(path: str, target: str, faults: Faults) -> None:
    """A file in a volume that is written all at once, which keeps names that begin with two dots for itself."""
    check_inside(path, target, faults)
    if target.startswith("..") and not target.startswith("../"):
        faults.invalid(path, target, "must not start with '..'")


def check_mode(path: str, mode: int | None, faults: Faults) -> None:
    """The permissions of a file."""
    if mode is not None and not 0 <= mode <= 0o777:
        faults.invalid(path, mode, MODE_RANGE)
