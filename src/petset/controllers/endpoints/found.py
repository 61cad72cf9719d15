"""What was found of the pods of a Service before: of many pods, few have changed since the last look.

A pod is remembered by its version and not by the object, which a large set's pods are made anew for each look:
so a look at ten thousand pods of which ten have changed reads ten.
"""

from collections.abc import Iterable
from typing import NamedTuple

from petset.api.models import core_v1
from petset.client.port import Kept
from petset.controllers.endpoints.members import Member, member_of


class _Found(NamedTuple):
    version: Kept[core_v1.Pod]
    member: Member | None


class Members:
    """The members of one Service."""

    def __init__(self) -> None:
        self._service: core_v1.Service | None = None
        self._found: dict[str, _Found] = {}

    def among(self, pods: Iterable[Kept[core_v1.Pod]], service: core_v1.Service) -> list[Member]:
        """Those of the pods, all of one namespace, that are members, in the pods' order."""
        known = self._found if self._service == service else {}
        found: dict[str, _Found] = {}
        for pod in pods:
            before = known.get(pod.name)
            same = before is not None and before.version == pod
            found[pod.name] = before if before and same else _Found(pod, member_of(pod.typed(), service))
        self._service, self._found = service, found
        return [each.member for each in found.values() if each.member is not None]
