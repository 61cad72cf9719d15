"""Defaults of the smaller kinds."""

from base64 import b64encode

from petset.api.models import core_v1, storage_v1
from petset.api.objects import meta

NAME_LABEL = "kubernetes.io/metadata.name"


def default_namespace(namespace: core_v1.Namespace) -> None:
    """A Namespace carries its own name as a label, for selectors."""
    assert namespace.status is not None, "stored form has a status"
    namespace.status.phase = namespace.status.phase or "Active"
    metadata = meta(namespace)
    if metadata.name and (metadata.labels or {}).get(NAME_LABEL) != metadata.name:
        metadata.labels = {**(metadata.labels or {}), NAME_LABEL: metadata.name}


def default_node(node: core_v1.Node) -> None:
    """All of a node's capacity may be used unless it says less."""
    status = node.status
    assert status is not None, "stored form has a status"
    if status.allocatable is None and status.capacity:
        status.allocatable = dict(status.capacity)


def default_secret(secret: core_v1.Secret) -> None:
    """`stringData` is a way to write `data`; it is never stored."""
    secret.type = secret.type or "Opaque"
    if secret.stringData:
        plain = {key: b64encode(text.encode()).decode() for key, text in secret.stringData.items()}
        secret.data = {**(secret.data or {}), **plain}
    secret.stringData = None


def default_storage_class(storage_class: storage_v1.StorageClass) -> None:
    """Volumes go with their claim and are bound at once."""
    storage_class.reclaimPolicy = storage_class.reclaimPolicy or "Delete"
    storage_class.volumeBindingMode = storage_class.volumeBindingMode or "Immediate"
