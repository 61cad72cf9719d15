"""Who is asked when: those that may change the object one after the other, then those that only look, all at once.

Between the two stand the policies, which the server tries itself.

A webhook that cannot be asked refuses the write or is passed over, as it says itself. When one has changed the
object, what the server itself adds is added again, and those that want to see later changes are asked once more.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from petset.api.encode import to_document
from petset.api.errors import ApiError
from petset.api.expressions import ExpressionError, Scope
from petset.api.kinds import Kind, Kinds
from petset.api.models import admissionregistration_v1 as admission
from petset.api.models import core_v1
from petset.api.objects import meta
from petset.api.patch import json_patch
from petset.registry import refusals
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.registry.policies.conditions import hold
from petset.registry.policies.trying import Policies
from petset.registry.webhooks import review
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.matching import Criteria, Hook, hooks, of_webhook, wanted_as
from petset.registry.webhooks.port import BadAnswer, Caller, CallFailed
from petset.registry.webhooks.resolving import resolve, url_of
from petset.registry.webhooks.review import Verdict
from petset.storage.port import Store

_log = logging.getLogger(__name__)

Read = Callable[[Document], Any]
"""Makes of a document that a webhook has changed an object in stored form. Raises ApiError."""


class Webhooks:
    """All webhooks that are configured now."""

    def __init__(
        self, store: Store, decoder: Decoder, kinds: Kinds, caller: Caller, new_uid: Callable[[], str]
    ) -> None:
        self._store = store
        self._kinds = kinds
        self._decoder = decoder
        self._caller = caller
        self._new_uid = new_uid
        self._mutating = Kept(store, decoder, admission.MutatingWebhookConfiguration)
        self._validating = Kept(store, decoder, admission.ValidatingWebhookConfiguration)
        self._namespaces = Kept(store, decoder, core_v1.Namespace)
        self._policies = Policies(store, decoder, kinds, self._matching)

    @property
    def none(self) -> bool:
        """Nobody wants to be asked about anything: the usual case, which costs a look."""
        return not self._mutating.now() and not self._validating.now() and self._policies.none

    async def mutate(self, asked: Asked, read: Read, complete: Callable[[Any], Any]) -> Any:
        """What the webhooks make of the new object. Raises ApiError where one refuses.

        `complete` adds again what the server itself adds to an object, and returns it.
        """
        earlier: list[Hook] = []  # were asked, and want to be asked again when somebody changes the object
        again: list[Hook] = []
        original = asked.new
        every = hooks(self._mutating.now().get("", {}))
        for hook in every:
            after = await self._changed(hook, asked, read)
            if after is not None:
                asked = asked.with_new(after)
                again, earlier = again + earlier, []
            if hook.again:
                earlier.append(hook)
        if asked.new is original:
            return original
        before = asked.document(asked.new)
        asked = asked.with_new(complete(asked.new))
        if asked.document(asked.new) != before:
            again += earlier
        for hook in every:
            if hook in again:
                after = await self._changed(hook, asked, read)
                asked = asked if after is None else asked.with_new(after)
        return asked.new

    async def validate(self, asked: Asked) -> None:
        """Raises ApiError where a webhook refuses; of several refusals the first in order."""
        if not self._policies.none:
            self._policies.try_all(asked, self._namespace(asked))
        every = hooks(self._validating.now().get("", {}))
        wanting = [(hook, kind) for hook in every if (kind := self._wanted_as(hook, asked)) is not None]
        asking = (self._ask(hook, asked, kind) for hook, kind in wanting)
        found = await asyncio.gather(*asking, return_exceptions=True)
        for verdict in found:
            if isinstance(verdict, BaseException):
                raise verdict
            self._heed(verdict, asked)

    async def review(self, asked: Asked) -> None:
        """Ask everybody about what is no object that could be changed. Raises ApiError."""
        await self.mutate(asked, _unread, lambda obj: obj)
        await self.validate(asked)

    def _wanted_as(self, hook: Hook, asked: Asked) -> Kind | None:
        """As which kind the webhook wants to be asked, None where it does not. Raises Forbidden."""
        webhook = hook.webhook
        kind = self._matching(of_webhook(webhook), asked)
        if kind is None or not webhook.matchConditions:
            return kind
        try:
            return kind if hold(webhook.matchConditions, self._scope(asked, kind)) else None
        except ExpressionError as error:
            if webhook.failurePolicy == "Ignore":
                return None
            raise refusals.forbidden(asked.kind, asked.name, str(error)) from error

    def _scope(self, asked: Asked, kind: Kind) -> Scope:
        return {
            "object": asked.document(asked.new, kind),
            "oldObject": asked.document(asked.old, kind),
            "request": review.request_document(asked, kind),
        }

    def _matching(self, criteria: Criteria, asked: Asked) -> Kind | None:
        return wanted_as(criteria, asked, self._equivalent(asked.kind), self._namespace_labels(asked))

    def _equivalent(self, kind: Kind) -> list[Kind]:
        """The other versions in which the same objects are served."""
        if kind.custom is None:
            return []
        others = (other for other in self._kinds.custom() if other.store_key == kind.store_key)
        return [other for other in others if other.version != kind.version and other.verbs]

    def _namespace_labels(self, asked: Asked) -> dict[str, str] | None:
        """None for what lies in no namespace; a namespace counts as lying in itself."""
        if asked.kind.model is core_v1.Namespace:
            return asked.labels()[0]
        if not asked.namespace:
            return None
        namespace = self._namespaces.now().get("", {}).get(asked.namespace)
        return (meta(namespace).labels or {}) if namespace is not None else {}

    def _namespace(self, asked: Asked) -> Document | None:
        """The namespace that the object lies in, as a document."""
        name = "" if asked.is_of_cluster else asked.namespace
        namespace = self._namespaces.now().get("", {}).get(name)
        return None if namespace is None else to_document(namespace)

    async def _changed(self, hook: Hook, asked: Asked, read: Read) -> Any:
        """The object as one webhook changes it; None where it does not."""
        kind = self._wanted_as(hook, asked)
        if kind is None:
            return None
        verdict = await self._ask(hook, asked, kind, mutating=True)
        self._heed(verdict, asked)
        if verdict.patch is None:
            return None
        before = asked.document(asked.new, kind)
        if before is None or isinstance(asked.new, dict):
            raise review.not_changeable(hook.webhook.name)
        try:
            after = json_patch.apply(before, verdict.patch)
            return read(after) if after != before else None
        except (ApiError, RecursionError) as error:
            raise review.internal(str(error)) from error

    async def _ask(self, hook: Hook, asked: Asked, kind: Kind, *, mutating: bool = False) -> Verdict:
        """What one webhook says; a yes where it cannot be asked and that does not matter."""
        webhook = hook.webhook
        if asked.dry_run and webhook.sideEffects not in ("None", "NoneOnDryRun"):
            raise review.no_dry_run(webhook.name)
        uid, version = self._new_uid(), review.version_for(webhook.admissionReviewVersions)
        try:
            body = await self._post(hook, review.question(asked, kind, uid, version))
            return review.read(body, uid, version, webhook.name, mutating=mutating)
        except CallFailed as error:
            if webhook.failurePolicy == "Ignore":
                _log.warning("webhook %s is passed over: %s", webhook.name, error)
                return Verdict()
            raise review.failed(webhook.name, str(error)) from error

    async def _post(self, hook: Hook, body: bytes) -> bytes:
        try:
            async with asyncio.timeout(hook.webhook.timeoutSeconds):
                return await self._caller.post(resolve(hook.webhook, self._store, self._decoder), body)
        except BadAnswer as error:
            raise CallFailed(f"failed to call webhook: {error}") from error
        except (CallFailed, TimeoutError) as error:
            why = "context deadline exceeded" if isinstance(error, TimeoutError) else str(error)
            raise CallFailed(f'failed to call webhook: Post "{url_of(hook.webhook)}": {why}') from error

    def _heed(self, verdict: Verdict, asked: Asked) -> None:
        asked.warnings.extend(verdict.warnings)
        if verdict.denied is not None:
            verdict.denied.warnings = tuple(asked.warnings)
            raise verdict.denied


def _unread(document: Document) -> Any:
    raise AssertionError("nothing is read where nothing can be changed")
