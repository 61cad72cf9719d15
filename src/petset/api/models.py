"""The typed Kubernetes objects, imported the short way.

`lightkube.models` holds a `msgspec.Struct` for every kind of Kubernetes 1.37. Importing it the plain way first
runs `lightkube/__init__`, which loads an HTTP client and a kubeconfig reader: 95 ms and 9 MB that a server
does not need at start. So its modules are read once more under a name of our own, `petset.api.lightkube`, below an
empty package. Whoever wants lightkube's client imports it as usual, and its structs are untouched.

The structs are made without a place in the lists of Python's collector (`gc=False`). An object of the API is a
tree: what it refers to was there before it, or came out of the same JSON, so none is ever part of a cycle and
counting references frees them all. That spares the collector a third of its work, and each struct 16 bytes. They do
without docstrings, which take a megabyte, and carry which fields an owner has as bytes (`petset.api.embedded`).

Objects are passed around by reference: treat every object that you did not build yourself as immutable, and
take a `petset.api.objects.copy` of it before you change it.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

import msgspec

_PACKAGE = "petset.api.lightkube"
_SCHEMA = f"{_PACKAGE}.models._schema"  # where each of the modules looks for its base class

if TYPE_CHECKING:
    from lightkube.models import (  # noqa: TID251 - this is the one owner
        admissionregistration_v1,
        apiextensions_v1,
        apiregistration_v1,
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
else:
    _spec = find_spec("lightkube")
    assert _spec is not None, "lightkube is one of petset's dependencies"
    _package = sys.modules[_PACKAGE] = ModuleType(_PACKAGE)
    _package.__path__ = list(_spec.submodule_search_locations or ())
    _theirs = import_module(f"{_PACKAGE}.core.schema")

    class _Tree(_theirs.DictMixin, gc=False):
        """What every model is a subclass of in place of `DictMixin`."""

    def _bare(model: type) -> type:
        model.__doc__ = None
        return model

    _schema = sys.modules[_SCHEMA] = ModuleType(_SCHEMA)
    _schema.dataclass, _schema.field, _schema.DictMixin = _bare, _theirs.field, _Tree

__all__ = [
    "admissionregistration_v1",
    "apiextensions_v1",
    "apiregistration_v1",
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

if not TYPE_CHECKING:
    globals().update({name: import_module(f"{_PACKAGE}.models.{name}") for name in __all__})
    meta_v1.ManagedFieldsEntry.__annotations__["fieldsV1"] = msgspec.Raw  # read when it is first needed
