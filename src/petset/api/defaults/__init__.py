"""What an API server fills in: a value for every field that a user may leave out.

Rule 7: the same defaults as Kubernetes, exactly, in embedded templates too, because clients see them and a
StatefulSet's revision is a hash over them.
"""

from typing import TypeVar

from petset.api.canonical import settle
from petset.api.kinds import Kind

T = TypeVar("T")


def apply_defaults(kind: Kind, obj: T) -> T:
    """Bring an object into stored form and fill in its defaults, in place; returns it.

    The object must be the caller's own: pass a `petset.api.objects.copy` of a shared one. Doing it twice changes
    nothing. Raises `canonical.Misfit` for a value that its type cannot hold, which `decode` never lets through.
    """
    del kind
    return settle(obj)
