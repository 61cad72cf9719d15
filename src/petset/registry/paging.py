"""Lists, whole or in pages: a page's token names the revision that the whole list shows, and the last key seen.

The token is what Kubernetes' is to a client: opaque text. A list that goes on from one shows the state as of its
first page, so that nothing is missed or seen twice; once that state is no longer kept, the client starts anew.
"""

import base64
import binascii
from typing import NamedTuple

import msgspec

from petset.api.errors import ApiError, BadRequest
from petset.api.kinds import Kind
from petset.registry import refusals
from petset.registry.memo import Decoder
from petset.registry.port import ListOptions, Selected
from petset.registry.selection import Selection
from petset.storage.port import Key, Record, Store, StoreExpired

_NOW = 0


class _Token(msgspec.Struct):
    """Where a list goes on: after `namespace`/`name`, as of `revision`, or as things are now."""

    revision: int
    namespace: str
    name: str


class _Page(NamedTuple):
    """What to read: everything after a key, as of a revision (0: now), and what a lost revision means."""

    after: Key | None
    revision: int
    too_old: ApiError


def version_of(text: str) -> int:
    """A resource version as a number; empty is 0. Raises BadRequest."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        raise refusals.not_a_version(text)
    return int(text)


def select(store: Store, decoder: Decoder, kind: Kind, namespace: str, options: ListOptions) -> Selected:
    """One page of a list. Raises BadRequest, Expired, Timeout or Invalid."""
    selection = Selection(kind, decoder, options.labels, options.fields)
    page = _page(store, kind, options)
    limit = 0 if _is_of_any_moment(options) else options.limit
    try:
        if selection.everything:
            return _whole(store, kind, namespace, limit, page)
        return _selected(store, kind, namespace, limit, page, selection)
    except StoreExpired as expired:
        raise page.too_old from expired


def _whole(store: Store, kind: Kind, namespace: str, limit: int, page: _Page) -> Selected:
    listing = store.list(kind.store_key, namespace, after=page.after, limit=limit, revision=page.revision)
    token = _write_token(listing.records[-1], listing.revision) if listing.remaining else ""
    return Selected(listing.records, str(listing.revision), token, listing.remaining)


def _selected(store: Store, kind: Kind, namespace: str, limit: int, page: _Page, selection: Selection) -> Selected:
    """Kubernetes does not count what remains of a selected list, and neither does this."""
    listing = store.list(kind.store_key, namespace, after=page.after, revision=page.revision)
    records: list[Record] = []
    for record in listing.records:
        if not selection.matches(record):
            continue
        if limit and len(records) == limit:
            return Selected(records, str(listing.revision), _write_token(records[-1], listing.revision))
        records.append(record)
    return Selected(records, str(listing.revision))


def _page(store: Store, kind: Kind, options: ListOptions) -> _Page:
    if options.continue_token:
        if options.resource_version not in ("", "0"):
            raise BadRequest("specifying resource version is not allowed when using continue")
        token = _read_token(options.continue_token)
        after = Key(kind.store_key, token.namespace, token.name)
        on = _encode_token(_Token(_NOW, token.namespace, token.name))
        return _Page(after, token.revision, refusals.token_too_old(on))
    version = version_of(options.resource_version)
    if version > store.revision:
        raise refusals.version_not_reached(version, store.revision)
    match = options.resource_version_match
    exact = match == "Exact" or (version and options.limit and not match)  # as it was before one could say
    return _Page(None, version if exact else 0, refusals.list_too_old())


def _is_of_any_moment(options: ListOptions) -> bool:
    """Whether a list may show any moment that is at hand. Kubernetes has all of that, and cuts no page off it."""
    return options.resource_version == "0" and not options.continue_token


def _write_token(last: Record, revision: int) -> str:
    return _encode_token(_Token(revision, last.key.namespace, last.key.name))


def _encode_token(token: _Token) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def _read_token(text: str) -> _Token:
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Token)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadRequest("continue key is not valid: start a new list without it") from error
