"""Who else has a say in writes: the webhooks and policies that the cluster's owners have configured.

Nearly every server has none, and its writes pay a look for that. The code that asks them, and the client by which
they are asked, is read when the first of them is there.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from petset.api.gates import Gates
from petset.api.kinds import Kind, Kinds
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import meta_v1
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.registry.ownership import Author
from petset.registry.port import Visit, WriteOptions
from petset.registry.webhooks.port import Caller
from petset.storage.port import Store

if TYPE_CHECKING:
    from petset.registry.review import Review
    from petset.registry.webhooks.rights import Decide

Complete = Callable[[Any], Any]
"""Adds again what the server itself adds to an object, and returns it."""


class Write(NamedTuple):
    """A creation (`old` is None) or a change, on its way to the store."""

    kind: Kind
    new: Any
    old: Any
    author: Author
    options: WriteOptions


class Means(NamedTuple):
    """By what webhooks are asked, and what is needed to read what they answer."""

    caller: Caller
    new_uid: Callable[[], str]
    gates: Gates
    decides: "Callable[[], Decide | None]" = lambda: None
    """Who decides about rights, where expressions ask; known once the API is served."""


class Reviewers:
    """All webhooks and policies as they are now."""

    def __init__(self, store: Store, decoder: Decoder, kinds: Kinds, means: Means) -> None:
        self._parts = (store, decoder, kinds, means)
        self._mutating = Kept(store, decoder, admission.MutatingWebhookConfiguration)
        self._validating = Kept(store, decoder, admission.ValidatingWebhookConfiguration)
        self._policies = Kept(store, decoder, admission.ValidatingAdmissionPolicyBinding)
        self._mutations = Kept(store, decoder, admission.MutatingAdmissionPolicyBinding)
        self._made: Review | None = None

    @property
    def none(self) -> bool:
        """Nobody is to be asked about anything."""
        return not (self._mutating.now() or self._validating.now() or self._policies.now() or self._mutations.now())

    async def change(self, write: Write, complete: Complete) -> Any:
        """What policies and webhooks make of the new object. Raises ApiError where one refuses."""
        return await self._review.change(write, complete)

    async def check(self, write: Write) -> None:
        """Raises ApiError where a policy or a webhook refuses the new object as it is now."""
        await self._review.check(write)

    async def check_deletion(
        self, kind: Kind, old: Any, delete: meta_v1.DeleteOptions, options: WriteOptions
    ) -> None:
        """Raises ApiError where one refuses to let the object go."""
        await self._review.check_deletion(kind, old, delete, options)

    async def check_visit(self, visit: Visit, options: WriteOptions) -> None:
        """Raises ApiError where one refuses a request on a sub-resource that writes no object."""
        await self._review.check_visit(visit, options)

    @property
    def _review(self) -> "Review":
        if self._made is None:
            from petset.registry.review import Review

            self._made = Review(*self._parts)
        return self._made
