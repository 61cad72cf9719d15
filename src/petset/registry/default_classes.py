"""The class of a claim or an Ingress that names none: the one that says it is the default.

Of several the youngest is taken; of several as young, the first by name.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from petset.api import objects
from petset.api.models import core_v1, networking_v1, storage_v1
from petset.registry.following import Kept
from petset.registry.memo import Decoder
from petset.storage.port import Store

STORAGE = "storageclass.kubernetes.io/is-default-class"
_OLDER_STORAGE = "storageclass.beta.kubernetes.io/is-default-class"
_INGRESS = "ingressclass.kubernetes.io/is-default-class"
_OLDER_CLASS_OF_CLAIM = "volume.beta.kubernetes.io/storage-class"
_OLDER_CLASS_OF_INGRESS = "kubernetes.io/ingress.class"


class DefaultClasses:
    """Storage and ingress classes as they are now."""

    def __init__(self, store: Store, decoder: Decoder) -> None:
        self._storage = Kept(store, decoder, storage_v1.StorageClass)
        self._ingress = Kept(store, decoder, networking_v1.IngressClass)

    def choose_storage(self, claim: core_v1.PersistentVolumeClaim) -> None:
        """Name the default storage class, unless the claim names one or says by "" that it wants none."""
        if claim.spec is None or claim.spec.storageClassName is not None or _says(claim, _OLDER_CLASS_OF_CLAIM):
            return
        claim.spec.storageClassName = _default(self._storage.in_namespace(""), STORAGE, _OLDER_STORAGE)

    def choose_ingress(self, ingress: networking_v1.Ingress) -> None:
        """Name the default ingress class, unless the Ingress names one."""
        spec = ingress.spec
        if spec is not None and spec.ingressClassName is None and not _says(ingress, _OLDER_CLASS_OF_INGRESS):
            spec.ingressClassName = _default(self._ingress.in_namespace(""), _INGRESS)

    def storage_class(self, name: str) -> storage_v1.StorageClass | None:
        """The storage class of this name, or None."""
        return self._storage.now().get("", {}).get(name)


def _default(classes: Iterable[Any], *annotations: str) -> str | None:
    defaults = [c for c in classes if any(_annotations(c).get(each) == "true" for each in annotations)]
    if not defaults:
        return None
    youngest = max(_made(c) for c in defaults)
    return min(objects.name_of(c) for c in defaults if _made(c) == youngest)


def _annotations(obj: Any) -> dict[str, str]:
    return objects.meta(obj).annotations or {}


def _says(obj: Any, annotation: str) -> bool:
    return annotation in _annotations(obj)


def _made(obj: Any) -> datetime:
    created = objects.meta(obj).creationTimestamp
    assert created is not None, "a stored object has a creation time"
    return created
