"""The kinds that the tests here use, and small documents to start from."""

import copy
from typing import Any

from petset.api import kinds
from petset.api.decode import decode
from petset.api.defaults import apply_defaults
from petset.api.kinds import Kind


def kind(name: str, api_version: str = "v1") -> Kind:
    found = kinds.by_type(api_version, name)
    assert found is not None
    return found


POD = kind("Pod")
SERVICE = kind("Service")
CLAIM = kind("PersistentVolumeClaim")
VOLUME = kind("PersistentVolume")
SECRET = kind("Secret")
CONFIG_MAP = kind("ConfigMap")
NAMESPACE = kind("Namespace")
NODE = kind("Node")
EVENT = kind("Event")
STATEFULSET = kind("StatefulSet", "apps/v1")
REVISION = kind("ControllerRevision", "apps/v1")
LEASE = kind("Lease", "coordination.k8s.io/v1")
SLICE = kind("EndpointSlice", "discovery.k8s.io/v1")
DEFINITION = kind("CustomResourceDefinition", "apiextensions.k8s.io/v1")
STORAGE_CLASS = kind("StorageClass", "storage.k8s.io/v1")

METADATA = {"name": "web", "namespace": "shop"}

_POD: dict[str, Any] = {"metadata": METADATA, "spec": {"containers": [{"name": "main", "image": "shop/web:3"}]}}
_STATEFULSET: dict[str, Any] = {
    "metadata": METADATA,
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {"name": "main", "image": "shop/web:3", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
                ]
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "d"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
        ],
    },
}


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Set the place that `spec.containers.0.image` names; `...` as the value removes it."""
    *outer, last = path.split(".")
    here: Any = document
    for step in outer:
        here = here[int(step)] if isinstance(here, list) else here.setdefault(step, {})
    if value is ...:
        del here[last]
    elif isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value


def changed(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with changes, named like `spec__replicas`."""
    result = copy.deepcopy(document)
    for path, value in changes.items():
        put(result, path.replace("__", "."), value)
    return result


def pod_document(**changes: Any) -> dict[str, Any]:
    return changed(_POD, **changes)


def set_document(**changes: Any) -> dict[str, Any]:
    return changed(_STATEFULSET, **changes)


def stored(of: Kind, document: dict[str, Any]) -> Any:
    """The object as the server keeps it: decoded, defaults filled in."""
    return apply_defaults(of, decode(of, document).obj)


def pod(**changes: Any) -> Any:
    return stored(POD, pod_document(**changes))


def statefulset(**changes: Any) -> Any:
    return stored(STATEFULSET, set_document(**changes))
