"""What each of a pod's volumes should hold, as data: no file is touched here.

A failure carries the message that a kubelet puts into its FailedMount event.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from msgspec import Struct

from petset.api import quantity
from petset.api.models import core_v1
from petset.node.downward import field_value, resource_value
from petset.node.environment import Surroundings
from petset.node.failures import ConfigError, VolumeFailure
from petset.node.references import Objects, Reference, config_map, secret
from petset.node.wishes import wish_of

DEFAULT_MODE = 0o644


class File(Struct, frozen=True):
    """A file of a rendered volume; `path` is relative and never leads out of it."""

    path: str
    content: bytes
    mode: int


class Scratch(Struct, frozen=True):
    """An empty directory of the pod's own, gone with it. `memory`: on a tmpfs, at most `size_bytes` of it."""

    memory: bool = False
    size_bytes: int | None = None


class Rendered(Struct, frozen=True):
    """Files made from API objects, replaced all at once when those change."""

    files: tuple[File, ...]


class HostDirectory(Struct, frozen=True):
    """A path of the machine. `type` is hostPath's: what must be there, or is made."""

    path: str
    type: str = ""


class Claimed(Struct, frozen=True):
    """The directory behind a bound claim; it outlives the pod. A missing one is made where `create` is set."""

    path: str
    volume: str
    create: bool


Content = Scratch | Rendered | HostDirectory | Claimed


def render(pod: core_v1.Pod, volume: core_v1.Volume, around: Surroundings) -> Content:
    """What the volume should hold. VolumeFailure where something it needs is missing."""
    if volume.emptyDir is not None:
        limit = volume.emptyDir.sizeLimit
        size = quantity.parse(str(limit)).whole if limit else None
        return Scratch(memory=volume.emptyDir.medium == "Memory", size_bytes=size)
    if volume.hostPath is not None:
        return HostDirectory(volume.hostPath.path, volume.hostPath.type or "")
    if volume.persistentVolumeClaim is not None:
        return _claimed(pod, volume.name, volume.persistentVolumeClaim.claimName, around.objects)
    try:
        files = _files(pod, volume, around)
    except ConfigError as error:
        raise VolumeFailure(f'MountVolume.SetUp failed for volume "{volume.name}" : {error}') from error
    if files is None:
        raise VolumeFailure(
            f'MountVolume.SetUp failed for volume "{volume.name}" : this kind of volume is not supported; use '
            "emptyDir, hostPath, configMap, secret, downwardAPI, projected or persistentVolumeClaim"
        )
    return Rendered(tuple(files))


def _claimed(pod: core_v1.Pod, volume: str, claim: str, objects: Objects) -> Claimed:
    namespace = (pod.metadata and pod.metadata.namespace) or ""
    found = objects.get(Reference("PersistentVolumeClaim", claim))
    whole = f"unmounted volumes=[{volume}], unattached volumes=[], failed to process volumes=[{volume}]"
    where = f"Unable to attach or mount volumes: {whole}: error processing PVC {namespace}/{claim}"
    if not isinstance(found, core_v1.PersistentVolumeClaim):
        raise VolumeFailure(
            f'{where}: failed to fetch PVC from API server: persistentvolumeclaims "{claim}" not found'
        )
    name = (found.spec and found.spec.volumeName) or ""
    if not name or not found.status or found.status.phase != "Bound":
        raise VolumeFailure(f"{where}: PVC is not bound")
    bound = objects.get(Reference("PersistentVolume", name))
    if not isinstance(bound, core_v1.PersistentVolume) or bound.spec is None:
        raise VolumeFailure(f'{where}: failed to fetch PV {name}: persistentvolumes "{name}" not found')
    if bound.spec.hostPath is not None:
        return Claimed(bound.spec.hostPath.path, name, bound.spec.hostPath.type == "DirectoryOrCreate")
    if bound.spec.local is not None:
        return Claimed(bound.spec.local.path, name, create=False)
    raise VolumeFailure(f"{where}: volume {name} must be a hostPath or a local volume to be mounted")


def _files(pod: core_v1.Pod, volume: core_v1.Volume, around: Surroundings) -> list[File] | None:
    if volume.configMap is not None:
        source = volume.configMap
        items = _Items(source.items, source.defaultMode, bool(source.optional))
        return _config_map_files(source.name or "", items, around.objects)
    if volume.secret is not None:
        hidden = volume.secret
        items = _Items(hidden.items, hidden.defaultMode, bool(hidden.optional))
        return _secret_files(hidden.secretName or "", items, around.objects)
    if volume.downwardAPI is not None:
        own = volume.downwardAPI
        return _downward_files(pod, own.items or (), own.defaultMode, around)
    if volume.projected is not None:
        mode = volume.projected.defaultMode
        merged: dict[str, File] = {}
        for part in volume.projected.sources or ():
            for file in _projected_files(pod, part, mode, around):
                merged[file.path] = file
        return list(merged.values())
    return None


def _projected_files(
    pod: core_v1.Pod, part: core_v1.VolumeProjection, mode: int | None, around: Surroundings
) -> list[File]:
    if part.configMap is not None:
        items = _Items(part.configMap.items, mode, bool(part.configMap.optional))
        return _config_map_files(part.configMap.name or "", items, around.objects)
    if part.secret is not None:
        items = _Items(part.secret.items, mode, bool(part.secret.optional))
        return _secret_files(part.secret.name or "", items, around.objects)
    if part.downwardAPI is not None:
        return _downward_files(pod, part.downwardAPI.items or (), mode, around)
    if part.serviceAccountToken is not None:
        return [_token_file(pod, part.serviceAccountToken, mode, around)]
    raise ConfigError("this projection is not supported: use configMap, secret, downwardAPI or serviceAccountToken")


def _token_file(
    pod: core_v1.Pod, source: core_v1.ServiceAccountTokenProjection, mode: int | None, around: Surroundings
) -> File:
    """Where the pod has a group, only that and the owner may read it."""
    text = around.tokens.get(wish_of(source))
    if text is None:
        raise ConfigError("failed to fetch token")
    security = pod.spec.securityContext if pod.spec else None
    if security is not None and security.fsGroup is not None:
        mode = 0o600
    return File(_inside(source.path), text.encode(), DEFAULT_MODE if mode is None else mode)


class _Items(Struct, frozen=True):
    """Which keys go where; without a choice, every key under its own name."""

    chosen: Sequence[core_v1.KeyToPath] | None
    default_mode: int | None
    optional: bool


def _config_map_files(name: str, items: _Items, objects: Objects) -> list[File]:
    found = config_map(objects, name)
    if found is None:
        if items.optional:
            return []
        raise ConfigError(f'configmap "{name}" not found')
    texts: Mapping[str, str] = found.data or {}
    binary: Mapping[str, str] = found.binaryData or {}

    def content(key: str) -> bytes | None:
        if key in texts:
            return texts[key].encode()
        return base64.b64decode(binary[key]) if key in binary else None

    return _select("configmap", [*texts, *binary], content, items)


def _secret_files(name: str, items: _Items, objects: Objects) -> list[File]:
    found = secret(objects, name)
    if found is None:
        if items.optional:
            return []
        raise ConfigError(f'secret "{name}" not found')
    data: Mapping[str, str] = found.data or {}

    def content(key: str) -> bytes | None:
        return base64.b64decode(data[key]) if key in data else None

    return _select("secret", list(data), content, items)


_MISSING_KEY = {
    "configmap": "configmap references non-existent config key",
    "secret": "references non-existent secret key",
}


def _select(kind: str, keys: Sequence[str], content: Callable[[str], bytes | None], items: _Items) -> list[File]:
    files: list[File] = []
    mode = DEFAULT_MODE if items.default_mode is None else items.default_mode
    chosen = items.chosen or [core_v1.KeyToPath(key=key, path=key) for key in keys]
    for item in chosen:
        value = content(item.key)
        if value is not None:
            files.append(File(_inside(item.path), value, mode if item.mode is None else item.mode))
        elif not items.optional:
            raise ConfigError(f"{_MISSING_KEY[kind]}: {item.key}")
    return files


def _downward_files(
    pod: core_v1.Pod, items: Sequence[core_v1.DownwardAPIVolumeFile], mode: int | None, around: Surroundings
) -> list[File]:
    files: list[File] = []
    default = DEFAULT_MODE if mode is None else mode
    for item in items:
        if item.fieldRef is not None:
            text = field_value(pod, item.fieldRef.fieldPath, around.host_ip, around.pod_ips)
        elif item.resourceFieldRef is not None:
            text = _resource_of(pod, item.resourceFieldRef, around)
        else:
            continue
        files.append(File(_inside(item.path), text.encode(), default if item.mode is None else item.mode))
    return files


def _resource_of(pod: core_v1.Pod, selector: core_v1.ResourceFieldSelector, around: Surroundings) -> str:
    assert pod.spec is not None
    for container in (*(pod.spec.initContainers or ()), *pod.spec.containers):
        if container.name == selector.containerName:
            return resource_value(container, selector, around.allocatable)
    raise ConfigError(f"container {selector.containerName} not found")


@lru_cache(maxsize=1024)
def _inside(path: str) -> str:
    """The path, if it stays inside the volume."""
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or parts[0].startswith("..") or not path:
        raise ConfigError(f"invalid path {path!r}: it must be relative, without '..'")
    return path
