"""The typed Kubernetes objects, imported the short way.

`lightkube.models` holds a `msgspec.Struct` for every kind of Kubernetes 1.37. Importing it the plain way first
runs `lightkube/__init__`, which loads an HTTP client and a kubeconfig reader: 95 ms and 9 MB that a server
does not need at start. So the package is entered through an empty stand-in, which is taken away again
afterwards: whoever wants lightkube's client imports it as usual.

The structs are made without a place in the lists of Python's collector (`gc=False`). An object of the API is a
tree: what it refers to was there before it, or came out of the same JSON, so none is ever part of a cycle and
counting references frees them all. That spares the collector a third of its work, and each struct 16 bytes.

Objects are passed around by reference: treat every object that you did not build yourself as immutable, and
take a `petset.api.objects.copy` of it before you change it.
"""

import importlib.util
import sys
import types

_heavy = "lightkube"
_borrowed = _heavy not in sys.modules
if _borrowed:
    _spec = importlib.util.find_spec(_heavy)
    assert _spec is not None, "lightkube is one of petset's dependencies"
    _stand_in = types.ModuleType(_heavy)
    _stand_in.__path__ = list(_spec.submodule_search_locations or ())
    sys.modules[_heavy] = _stand_in

from lightkube.core import schema as _schema  # noqa: E402 - after the stand-in is there


class _Tree(_schema.DictMixin, gc=False):
    """What every model is a subclass of in place of `DictMixin`."""


_theirs, _schema.DictMixin = _schema.DictMixin, _Tree  # type: ignore[misc]

from lightkube.models import (  # noqa: E402, TID251 - after the stand-in is there; this is the one owner
    admissionregistration_v1,
    apiextensions_v1,
    apps_v1,
    authentication_v1,
    authorization_v1,
    autoscaling_v1,
    autoscaling_v2,
    batch_v1,
    certificates_v1,
    coordination_v1,
    core_v1,
    discovery_v1,
    events_v1,
    meta_v1,
    networking_v1,
    node_v1,
    policy_v1,
    rbac_v1,
    scheduling_v1,
    scheduling_v1alpha3,
    storage_v1,
)

_schema.DictMixin = _theirs  # type: ignore[misc]
if _borrowed:
    del sys.modules[_heavy]

__all__ = [
    "admissionregistration_v1",
    "apiextensions_v1",
    "apps_v1",
    "authentication_v1",
    "authorization_v1",
    "autoscaling_v1",
    "autoscaling_v2",
    "batch_v1",
    "certificates_v1",
    "coordination_v1",
    "core_v1",
    "discovery_v1",
    "events_v1",
    "meta_v1",
    "networking_v1",
    "node_v1",
    "policy_v1",
    "rbac_v1",
    "scheduling_v1",
    "scheduling_v1alpha3",
    "storage_v1",
]
