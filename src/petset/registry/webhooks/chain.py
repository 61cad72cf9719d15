"""Who is asked when: those that may change the object one after the other, then those that only look, all at once.

A webhook that cannot be asked refuses the write or is passed over, as it says itself.
"""

import asyncio
import logging
from functools import partial
from typing import Any

from petset.api.errors import ApiError
from petset.api.expressions import ExpressionError, Scope
from petset.api.kinds import Kind
from petset.api.models import admissionregistration_v1 as admission
from petset.api.patch import json_patch
from petset.registry import refusals
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.registry.reviewers import Means
from petset.registry.webhooks import questions
from petset.registry.webhooks.asked import Asked
from petset.registry.webhooks.conditions import hold
from petset.registry.webhooks.matcher import Matcher
from petset.registry.webhooks.matching import Hook, hooks, of_webhook
from petset.registry.webhooks.port import BadAnswer, CallFailed
from petset.registry.webhooks.questions import Verdict
from petset.registry.webhooks.resolving import resolve, url_of
from petset.registry.webhooks.turns import Read, Turn
from petset.storage.port import Store

_log = logging.getLogger(__name__)


class Webhooks:
    """All webhooks that are configured now."""

    def __init__(self, store: Store, decoder: Decoder, matcher: Matcher, means: Means) -> None:
        self._store = store
        self._decoder = decoder
        self._matcher = matcher
        self._caller = means.caller
        self._new_uid = means.new_uid
        self._mutating = Kept(store, decoder, admission.MutatingWebhookConfiguration)
        self._validating = Kept(store, decoder, admission.ValidatingWebhookConfiguration)

    def turns(self, read: Read) -> list[Turn]:
        """Those that may change the object, in the order in which they are asked."""
        every = hooks(self._mutating.now().get("", {}))
        return [Turn(hook.again, partial(self._changed, hook, read)) for hook in every]

    async def validate(self, asked: Asked) -> None:
        """Raises ApiError where a webhook refuses; of several refusals the first in order."""
        every = hooks(self._validating.now().get("", {}))
        wanting = [(hook, kind) for hook in every if (kind := await self._wanted_as(hook, asked)) is not None]
        asking = (self._ask(hook, asked, kind) for hook, kind in wanting)
        found = await asyncio.gather(*asking, return_exceptions=True)
        for verdict in found:
            if isinstance(verdict, BaseException):
                raise verdict
            self._heed(verdict, asked)

    async def _wanted_as(self, hook: Hook, asked: Asked) -> Kind | None:
        """As which kind the webhook wants to be asked, None where it does not. Raises Forbidden."""
        webhook = hook.webhook
        kind = await self._matcher.wanted_in_version(of_webhook(webhook), asked)
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
            "request": questions.request_document(asked, kind),
            "authorizer": self._matcher.rights(asked),
        }

    async def _changed(self, hook: Hook, read: Read, asked: Asked) -> Any:
        """The object as one webhook changes it; None where it does not."""
        kind = await self._wanted_as(hook, asked)
        if kind is None:
            return None
        verdict = await self._ask(hook, asked, kind, mutating=True)
        self._heed(verdict, asked)
        if verdict.patch is None:
            return None
        before = asked.document(asked.new, kind)
        if before is None or isinstance(asked.new, dict):
            raise questions.not_changeable(hook.webhook.name)
        try:
            after = json_patch.apply(before, verdict.patch)
            return read(await self._matcher.back(asked, after)) if after != before else None
        except (ApiError, RecursionError) as error:
            raise questions.internal(str(error)) from error

    async def _ask(self, hook: Hook, asked: Asked, kind: Kind, *, mutating: bool = False) -> Verdict:
        """What one webhook says; a yes where it cannot be asked and that does not matter."""
        webhook = hook.webhook
        if asked.dry_run and webhook.sideEffects not in ("None", "NoneOnDryRun"):
            raise questions.no_dry_run(webhook.name)
        uid, version = self._new_uid(), questions.version_for(webhook.admissionReviewVersions)
        try:
            body = await self._post(hook, questions.question(asked, kind, uid, version))
            return questions.read(body, uid, version, webhook.name, mutating=mutating)
        except CallFailed as error:
            if webhook.failurePolicy == "Ignore":
                _log.warning("webhook %s is passed over: %s", webhook.name, error)
                return Verdict()
            raise questions.failed(webhook.name, str(error)) from error

    async def _post(self, hook: Hook, body: bytes) -> bytes:
        client, seconds = hook.webhook.clientConfig, hook.webhook.timeoutSeconds
        try:
            async with asyncio.timeout(seconds):
                return await self._caller.post(resolve(client, seconds, self._store, self._decoder), body)
        except BadAnswer as error:
            raise CallFailed(f"failed to call webhook: {error}") from error
        except (CallFailed, TimeoutError) as error:
            why = "context deadline exceeded" if isinstance(error, TimeoutError) else str(error)
            raise CallFailed(f'failed to call webhook: Post "{url_of(client, seconds)}": {why}') from error

    def _heed(self, verdict: Verdict, asked: Asked) -> None:
        asked.warnings.extend(verdict.warnings)
        if verdict.denied is not None:
            verdict.denied.warnings = tuple(asked.warnings)
            raise verdict.denied
