"""AdmissionReview: the question as webhooks read it, and what their answers mean."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from petset.api.errors import ApiError, BadRequest, Cause
from petset.api.kinds import Kind
from petset.api.models import meta_v1
from petset.registry.webhooks.asked import Asked, Document
from petset.registry.webhooks.port import CallFailed

GROUP = "admission.k8s.io"
_KIND = "AdmissionReview"


class Denied(ApiError):
    """A webhook's no, with the status that it chose."""

    def __init__(self, status: meta_v1.Status) -> None:
        super().__init__(status.message or "")
        self._status = status
        self.code = status.code or 400
        self.reason = status.reason or ""

    def status(self) -> meta_v1.Status:
        return self._status


class _Response(msgspec.Struct):
    uid: str = ""
    allowed: bool = False
    status: dict[str, Any] | None = None
    patch: str | None = None
    patchType: str | None = None
    warnings: list[str] | None = None


class _Review(msgspec.Struct):
    apiVersion: str = ""
    kind: str = ""
    response: _Response | None = None


@dataclass(frozen=True)
class Verdict:
    """What a webhook says: a no, or a yes with a JSON patch (None: nothing to change); warnings either way."""

    denied: Denied | None = None
    patch: Any = None
    warnings: Sequence[str] = ()


def version_for(versions: Sequence[str]) -> str:
    """The first version of the review that both sides know."""
    return next((version for version in versions if version in ("v1", "v1beta1")), "v1")


def question(asked: Asked, kind: Kind, uid: str, version: str) -> bytes:
    """The body to send to who wants the object as `kind`."""
    request = request_document(asked, kind) | {
        "uid": uid,
        "object": asked.document(asked.new, kind),
        "oldObject": asked.document(asked.old, kind),
    }
    return msgspec.json.encode({"kind": _KIND, "apiVersion": f"{GROUP}/{version}", "request": request})


def request_document(asked: Asked, kind: Kind) -> Document:
    """The request as it stands in the question, and as expressions know it: without the objects themselves."""
    request: Document = {"kind": _type(asked, kind), "resource": _resource(kind)}
    if asked.subresource:
        request["subResource"] = asked.subresource
    request |= {"requestKind": _type(asked, asked.kind), "requestResource": _resource(asked.kind)}
    if asked.subresource:
        request["requestSubResource"] = asked.subresource
    request |= {key: value for key, value in (("name", asked.name), ("namespace", asked.namespace)) if value}
    return request | {
        "operation": asked.operation,
        "userInfo": _user(asked),
        "dryRun": asked.dry_run,
        "options": asked.options,
    }


def _type(asked: Asked, kind: Kind) -> Document:
    return dict(zip(("group", "version", "kind"), asked.type(kind), strict=True))


def _resource(kind: Kind) -> Document:
    return {"group": kind.group, "version": kind.version, "resource": kind.resource}


def _user(asked: Asked) -> Document:
    by = asked.by
    found: Document = {"username": by.name, "uid": by.uid, "groups": list(by.groups)}
    found["extra"] = {key: list(values) for key, values in by.extra}
    return {key: value for key, value in found.items() if value}


def read(body: bytes, uid: str, version: str, webhook: str, *, mutating: bool) -> Verdict:
    """The answer to the question with this uid. Raises CallFailed for what is none."""
    try:
        review = msgspec.json.decode(body, type=_Review)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CallFailed(f"the response cannot be read: {error}") from error
    response = review.response
    if response is None:
        raise CallFailed("received invalid webhook response: webhook response was absent")
    if version == "v1":
        _check(review, response, uid, mutating=mutating)
    warnings = tuple(response.warnings or ())
    if not response.allowed:
        return Verdict(denied=_denied(webhook, response), warnings=warnings)
    return Verdict(patch=_patch(response, webhook) if mutating else None, warnings=warnings)


def _check(review: _Review, response: _Response, uid: str, *, mutating: bool) -> None:
    invalid = "received invalid webhook response: "
    if response.uid != uid:
        raise CallFailed(f'{invalid}expected response.uid="{uid}", got "{response.uid}"')
    if (review.apiVersion, review.kind) != (f"{GROUP}/v1", _KIND):
        group, _, version = review.apiVersion.rpartition("/")
        got = f"{group}/{version}, Kind={review.kind}"
        raise CallFailed(f"{invalid}expected webhook response of {GROUP}/v1, Kind={_KIND}, got {got}")
    if not mutating and response.patch:
        raise CallFailed(f"{invalid}validating webhook may not return response.patch")
    if not mutating and response.patchType is not None:
        raise CallFailed(f"{invalid}validating webhook may not return response.patchType")
    if response.patch and response.patchType is None:
        raise CallFailed(f"{invalid}webhook returned response.patch but not response.patchType")
    if not response.patch and response.patchType is not None:
        raise CallFailed(f"{invalid}webhook returned response.patchType but not response.patch")


def _patch(response: _Response, webhook: str) -> Any:
    """The JSON patch, or None for none or an empty one. Raises ApiError."""
    if not response.patch:
        return None
    if response.patchType not in (None, "JSONPatch"):
        raise failed(webhook, f'unsupported patch type "{response.patchType}" in the response')
    try:
        return msgspec.json.decode(base64.b64decode(response.patch, validate=True)) or None
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise failed(webhook, f"the patch cannot be read: {error}") from error


def _denied(webhook: str, response: _Response) -> Denied:
    """A no always fails and always says who said it, whatever the webhook put into its status."""
    try:
        status = msgspec.convert(response.status or {}, meta_v1.Status)
    except msgspec.ValidationError:
        status = meta_v1.Status()
    by = f'admission webhook "{webhook}" denied the request'
    explanation = status.message or status.reason
    status.message = f"{by}: {explanation}" if explanation else f"{by} without explanation"
    status.code = max(status.code or 0, 400)
    status.status = "Failure" if status.status in (None, "", "Success") else status.status
    status.apiVersion, status.kind = "v1", "Status"
    status.metadata = status.metadata or meta_v1.ListMeta()
    return Denied(status)


def failed(webhook: str, why: str) -> ApiError:
    """There is no answer, and without one nothing may be written."""
    return internal(f'failed calling webhook "{webhook}": {why}')


def internal(text: str) -> ApiError:
    """What went wrong that is not the client's fault."""
    return ApiError(f"Internal error occurred: {text}", causes=(Cause("", text),))


def no_dry_run(webhook: str) -> BadRequest:
    """A webhook that acts on what it is asked cannot be asked in vain."""
    return BadRequest(f'admission webhook "{webhook}" does not support dry run')


def not_changeable(webhook: str) -> ApiError:
    """There is no object that a patch could be applied to."""
    return internal(
        f'admission webhook "{webhook}" attempted to modify the object, which is not supported for this operation'
    )
