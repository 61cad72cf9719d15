"""ConversionReview: the question as webhooks read it, and whether an answer is still about the same objects.

A webhook may make of an object what it likes but for its metadata: of that it may change labels and annotations.
"""

from typing import Any

import msgspec

from petset.api.encode import encode
from petset.api.models import meta_v1
from petset.api.validation.fields import Faults
from petset.api.validation.metadata import check_annotations, check_labels
from petset.registry.webhooks.port import CallFailed

Document = dict[str, Any]

GROUP = "apiextensions.k8s.io"
VERSIONS = ("v1", "v1beta1")
_KIND = "ConversionReview"
_IDENTITY = {"name": "name", "namespace": "namespace", "uid": "UID"}
_FREE = {"labels": check_labels, "annotations": check_annotations}


class _Response(msgspec.Struct):
    uid: str = ""
    result: meta_v1.Status | None = None
    convertedObjects: list[Any] | None = None


class _Review(msgspec.Struct):
    apiVersion: str = ""
    kind: str = ""
    response: _Response | None = None


class Unlike(ValueError):
    """What a webhook made of an object is that object no more. The text says in which way."""


def version_for(versions: list[str]) -> str:
    """The first version of the review that both sides know."""
    return next((version for version in versions if version in VERSIONS), VERSIONS[0])


def question(objects: list[Document], wanted: str, uid: str, version: str) -> bytes:
    """The body to send for objects that shall be of the `wanted` version (`data.example.com/v1`)."""
    request = {"uid": uid, "desiredAPIVersion": wanted, "objects": objects}
    return msgspec.json.encode({"kind": _KIND, "apiVersion": f"{GROUP}/{version}", "request": request})


def read(body: bytes, uid: str, version: str) -> list[Any]:
    """What the webhook made of the objects. Raises CallFailed, with its own words where it has some."""
    try:
        review = msgspec.json.decode(body, type=_Review)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CallFailed(f"the response cannot be read: {error}") from error
    if version == "v1" and (review.apiVersion, review.kind) != (f"{GROUP}/v1", _KIND):
        got = f"{review.apiVersion}, Kind={review.kind}"
        raise CallFailed(f"expected webhook response of {GROUP}/v1, Kind={_KIND}, got {got}")
    response = review.response
    if response is None:
        raise CallFailed("no response provided")
    if version == "v1" and response.uid != uid:
        raise CallFailed(f'expected response.uid="{uid}", got "{response.uid}"')
    status = (response.result.status if response.result else None) or ""
    if status != "Success":
        message = response.result.message if response.result else None
        raise CallFailed(message or f"response.result.status was '{status}', not 'Success'")
    return response.convertedObjects or []


def check_type(before: Document, after: Any, wanted: str) -> Document:
    """The answer for one object. Raises Unlike where it is of another type than was asked for."""
    if not isinstance(after, dict):
        raise Unlike("it is no object")
    if after.get("apiVersion") != wanted:
        raise Unlike(f"invalid groupVersion (expected {wanted}, received {after.get('apiVersion') or ''})")
    if after.get("kind") != before.get("kind"):
        raise Unlike(f"invalid kind (expected {before.get('kind')}, received {after.get('kind') or ''})")
    return after


def check_identity(before: Document, after: Document) -> None:
    """Raises Unlike where the answer is about another object."""
    old, new = before.get("metadata") or {}, after.get("metadata")
    for name, shown in _IDENTITY.items():
        was, now = old.get(name) or "", (new.get(name) if isinstance(new, dict) else None) or ""
        if was != now:
            raise Unlike(f"must have the same {shown}: {was} != {now}")


def metadata_of(before: Document, after: Document) -> Document:
    """The metadata that the object had, with the labels and annotations that it has now. Raises Unlike."""
    if "metadata" not in after:
        raise Unlike("missing metadata in converted object")
    given = after["metadata"]
    if not isinstance(given, dict):
        raise Unlike("invalid metadata in converted object: it is no object")
    metadata = {name: value for name, value in before["metadata"].items() if name not in _FREE}
    for name, check in _FREE.items():
        found = given.get(name)
        if found is None:
            continue
        if not isinstance(found, dict):
            raise Unlike(f"invalid metadata.{name} in converted object: it is no object")
        for key, value in found.items():
            if not isinstance(value, str):
                raise Unlike(f"metadata.{name}[{key}] must be a string in converted object")
        if found != before["metadata"].get(name):
            faults = Faults()
            check(f"metadata.{name}", found, faults)
            if faults.causes:
                raise Unlike("; ".join(f"{cause.field}: {cause.message}" for cause in faults.causes))
        metadata[name] = found
    return metadata


def document(obj: Any) -> Document:
    """An object as webhooks get it."""
    found: Document = msgspec.json.decode(encode(obj))
    return found
