"""Who a container's process is: an image's `USER`, a pod's security context and the image's own user list.

Pure: the texts of the image's /etc/passwd and /etc/group are arguments.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from petset.node.runtime import Security


@dataclass(frozen=True)
class User:
    """Numbers, as the kernel wants them."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()


def resolve(image_user: str, security: Security, passwd: str, group: str) -> User:
    """The process's user. LookupError where the image asks for a name that it does not have.

    As containerd: a pod's `runAsUser` replaces the image's user, keeps that user's primary group if the image
    knows the number, and else gets group 0.
    """
    wanted = image_user if security.run_as_user is None else str(security.run_as_user)
    name, _, group_name = wanted.partition(":")
    login, uid, primary = _user(name or "0", passwd)
    gid = _group(group_name, group) if group_name else primary
    if security.run_as_group is not None:
        gid = security.run_as_group
    groups = {*_memberships(login, group), *security.supplemental_groups, gid}
    if security.fs_group is not None:
        groups.add(security.fs_group)
    return User(uid, gid, tuple(sorted(groups)))


def _user(name: str, passwd: str) -> tuple[str, int, int]:
    for fields in _lines(passwd, 4):
        if name in (fields[0], fields[2]) and fields[2].isdigit() and fields[3].isdigit():
            return fields[0], int(fields[2]), int(fields[3])
    if name.isdigit():
        return "", int(name), 0
    raise LookupError(f"the image's /etc/passwd has no user {name!r}; set securityContext.runAsUser to a number")


def _group(name: str, group: str) -> int:
    for fields in _lines(group, 3):
        if name in (fields[0], fields[2]) and fields[2].isdigit():
            return int(fields[2])
    if name.isdigit():
        return int(name)
    raise LookupError(f"the image's /etc/group has no group {name!r}; set securityContext.runAsGroup to a number")


def _memberships(login: str, group: str) -> Iterator[int]:
    for fields in _lines(group, 4):
        if login and login in fields[3].split(",") and fields[2].isdigit():
            yield int(fields[2])


def _lines(text: str, fields: int) -> Iterator[list[str]]:
    for line in text.splitlines():
        parts = line.split(":")
        if len(parts) >= fields:
            yield parts
