"""The members of a Service, kept up pod by pod: of many pods, few have changed since the last look.

An event only marks a pod's name; what is there now is read at the look. So a look at a Service of ten thousand pods
of which ten have changed reads ten, however many others its namespace has.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from petset.api.models import core_v1
from petset.api.objects import namespace_of
from petset.client.port import Kept
from petset.controllers.endpoints.members import Member, member_of


class Pods(Protocol):
    """What of the pods' informer matters here; it has the index `by-namespace`."""

    def get(self, name: str, namespace: str = "") -> core_v1.Pod | None: ...

    def kept_by_index(self, index: str, value: str) -> Sequence[Kept[Any]]: ...


class Members:
    """The members of one Service, by the names of their pods."""

    def __init__(self, pods: Pods) -> None:
        self._pods = pods
        self._service: core_v1.Service | None = None
        self._members: dict[str, Member] = {}
        self._marked: dict[str, None] = {}

    def mark(self, pod: str) -> None:
        """The pod of this name has changed in what matters here."""
        self._marked[pod] = None

    def now(self, service: core_v1.Service) -> list[Member]:
        """Who they are. All of them are found anew where the Service has changed."""
        namespace = namespace_of(service)
        if self._service != service:
            self._service = service
            self._members.clear()
            self._marked = {kept.name: None for kept in self._pods.kept_by_index("by-namespace", namespace)}
        for name in self._marked:
            pod = self._pods.get(name, namespace)
            member = member_of(pod, service) if pod is not None else None
            if member is None:
                self._members.pop(name, None)
            else:
                self._members[name] = member
        self._marked.clear()
        return list(self._members.values())
