"""`Client`: how every component reads and writes the API, whether in the same process or over HTTPS.

Objects handed out are shared: immutable to whoever gets them (`petset.api.objects.copy` before a change).
Errors are `petset.api.errors.ApiError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec

from petset.api.kinds import Kinds
from petset.api.models import autoscaling_v1, meta_v1
from petset.client.accounts import Account
from petset.registry.port import Patch

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Kept(Protocol[T_co]):
    """One version of an object, which costs its bytes alone as long as nobody looks at it.

    Two are equal if they are the same version.
    """

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def key(self) -> tuple[str, str]:
        """Both of these."""
        ...

    @property
    def revision(self) -> int:
        """The store's, when this version came about: of two versions the later one has the higher."""
        ...

    def typed(self) -> T_co:
        """The object, which may be made anew at each look: equal, and not always the same one in memory."""
        ...


@dataclass(frozen=True)
class Listing(Generic[T]):
    """Objects, and the version from which a watch goes on without a gap."""

    kept: Sequence[Kept[T]]
    resource_version: str

    @property
    def items(self) -> Sequence[T]:
        """The objects themselves."""
        return [kept.typed() for kept in self.kept]


class WatchEvent(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """One change. A bookmark carries no object, only how far the watch has come."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    kept: Kept[T]

    @property
    def object(self) -> T:
        """What there is now, or was last."""
        return self.kept.typed()


class ClientWatch(Protocol[T]):
    """An open watch, read in batches. `resource_version` is where to resume after the last batch."""

    @property
    def resource_version(self) -> str: ...

    async def next(self) -> Sequence[WatchEvent[T]]:
        """The next changes. Raises Expired: list again."""
        ...

    def close(self) -> None: ...


class Client(Protocol):
    """The verbs a component may use, by kind (a struct of `petset.api.models` such as `core_v1.Pod`).

    A custom kind's struct is the `model` of one of `kinds`.
    """

    @property
    def kinds(self) -> Kinds:
        """What the server serves at the moment."""
        ...

    def acting_as(self, account: Account) -> "Client":
        """The same API in another name: for whoever puts components together."""
        ...

    async def get(self, kind: type[T], name: str, namespace: str = "") -> T: ...

    async def get_scale(self, kind: type[Any], name: str, namespace: str = "") -> autoscaling_v1.Scale:
        """How many replicas an object is to have. Raises NotFound, and ApiError where that cannot be told."""
        ...

    async def list(
        self, kind: type[T], namespace: str = "", *, labels: str = "", fields: str = ""
    ) -> Listing[T]: ...

    def watch(
        self, kind: type[T], namespace: str = "", *, resource_version: str, labels: str = "", fields: str = ""
    ) -> ClientWatch[T]: ...

    async def create(self, obj: T) -> T: ...

    async def update(self, obj: T, subresource: str = "") -> T:
        """Replace; the object's resource version, where it has one, must still be the stored one."""
        ...

    async def patch(self, kind: type[T], name: str, namespace: str, patch: Patch, subresource: str = "") -> T: ...

    async def delete(
        self, kind: type[Any], name: str, namespace: str = "", options: meta_v1.DeleteOptions | None = None
    ) -> None: ...

    async def bind(self, namespace: str, pod: str, node: str) -> None: ...
