"""The part of an object that the server owns: who it is, since when, and how often its wishes have changed.

Clients may send anything there; what they may not decide is overwritten here, before defaults and validation.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from random import Random  # noqa: TID251 - the type of an argument

from petset.api.kinds import Kind
from petset.api.models import meta_v1
from petset.registry import refusals

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # Kubernetes' own: no vowels, so no words; no 0, 1, 3 to be misread
_SUFFIX_LENGTH = 5
_PREFIX_LENGTH = 63 - _SUFFIX_LENGTH
GENERATE_ATTEMPTS = 8


def generated_name(prefix: str, source: Random) -> str:
    """The prefix, cut so that the name fits a DNS label, and five random characters."""
    return prefix[:_PREFIX_LENGTH] + "".join(source.choice(ALPHABET) for _ in range(_SUFFIX_LENGTH))


def prepare_new(
    kind: Kind, namespace: str, metadata: meta_v1.ObjectMeta, now: datetime, new_uid: Callable[[], str]
) -> None:
    """Fill in what the server owns of a new object. Raises BadRequest for another namespace or a version."""
    if metadata.resourceVersion:
        raise refusals.version_on_create()
    put_in_namespace(kind, namespace, metadata)
    metadata.uid = new_uid()
    metadata.creationTimestamp = now
    metadata.deletionTimestamp = None
    metadata.deletionGracePeriodSeconds = None
    metadata.generation = None
    metadata.selfLink = None


def put_in_namespace(kind: Kind, namespace: str, metadata: meta_v1.ObjectMeta) -> None:
    """An object without a namespace gets the request's; one of a kind without namespaces gets none."""
    if not kind.namespaced:
        metadata.namespace = None
        return
    if metadata.namespace and metadata.namespace != namespace:
        raise refusals.wrong_namespace()
    metadata.namespace = sys.intern(namespace)  # one text for all that live there


def carry_over(new: meta_v1.ObjectMeta, old: meta_v1.ObjectMeta) -> None:
    """Keep, in an update, what no client may change or leave out."""
    new.uid = new.uid or old.uid
    new.creationTimestamp = old.creationTimestamp
    new.generation = old.generation
    new.selfLink = None
    if old.deletionTimestamp is not None:
        new.deletionTimestamp = old.deletionTimestamp
    if old.deletionGracePeriodSeconds is not None and new.deletionGracePeriodSeconds is None:
        new.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds
