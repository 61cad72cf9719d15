"""Images from files: what `docker save`, `podman save` and `skopeo copy oci-archive:` write.

An archive is unpacked once, into a directory named after its path, size and time of change; another file under the
same name is another image.
"""

import hashlib
import os
import shutil
import tarfile
from pathlib import Path
from threading import Lock
from typing import TypeVar

import msgspec

from petset.node.oci import state, unpack
from petset.node.oci.bundle import ImageConfig
from petset.node.oci.imagemap import full_reference

T = TypeVar("T", bound=msgspec.Struct)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_unpacking = Lock()


class _Platform(msgspec.Struct):
    architecture: str = ""
    os: str = ""


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    media_type: str = ""
    platform: _Platform | None = None
    annotations: dict[str, str] = {}


class _Index(msgspec.Struct):
    manifests: list[_Descriptor] = []


class _Manifest(msgspec.Struct):
    config: _Descriptor
    layers: list[_Descriptor]


class _Saved(msgspec.Struct, rename="pascal"):
    config: str
    layers: list[str]
    repo_tags: list[str] | None = None


class _Process(msgspec.Struct, rename="pascal"):
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    env: list[str] | None = None
    working_dir: str | None = None
    user: str | None = None


class _Config(msgspec.Struct):
    config: _Process | None = None


class Archived(msgspec.Struct):
    """An unpacked archive: the root file system's directory and how its image is run."""

    root: Path
    config: ImageConfig


def unpacked(archive: Path, reference: str, images: Path) -> Archived:
    """The archive's image, unpacked below `images` if it is not yet. ValueError or OSError: it cannot be."""
    facts = archive.stat()
    what = f"{archive}\0{facts.st_mtime_ns}\0{facts.st_size}\0{full_reference(reference)}"
    key = hashlib.sha256(what.encode()).hexdigest()[:32]
    place = images / key
    with _unpacking:
        config = state.read(place / "image.json", ImageConfig)
        if config is None:
            config = _unpack(archive, reference, place)
    return Archived(place / "root", config)


def _unpack(archive: Path, reference: str, place: Path) -> ImageConfig:
    building = place.with_suffix(".new")
    for left in (building, place):
        shutil.rmtree(left, ignore_errors=True)
    (building / "root").mkdir(parents=True)
    (building / "root").chmod(0o755)
    try:
        with tarfile.open(archive) as tar:
            config, layers = _find(tar, reference)
            for name in layers:
                layer = tar.extractfile(name)
                if layer is None:
                    raise ValueError(f"{name} is no file")
                unpack.apply_layer(layer, building / "root")
    except (tarfile.TarError, KeyError, ValueError) as error:
        shutil.rmtree(building, ignore_errors=True)
        raise ValueError(f"archive {archive}: {error}") from error
    state.write(building / "image.json", config)
    building.rename(place)
    return config


def _find(tar: tarfile.TarFile, reference: str) -> tuple[ImageConfig, list[str]]:
    """The image's configuration, and the names of its layers, the lowest first."""
    names = set(tar.getnames())
    if "manifest.json" in names:
        saved = _choose_saved(msgspec.json.decode(_bytes(tar, "manifest.json"), type=list[_Saved]), reference)
        return _config(tar, saved.config), saved.layers
    if "index.json" not in names:
        raise ValueError("neither index.json (OCI) nor manifest.json (docker save) is in it")
    manifest = _manifest(tar, _read(tar, "index.json", _Index))
    return _config(tar, _blob(manifest.config.digest)), [_blob(layer.digest) for layer in manifest.layers]


def _choose_saved(saved: list[_Saved], reference: str) -> _Saved:
    wanted = full_reference(reference)
    tagged = [one for one in saved if wanted in map(full_reference, one.repo_tags or [])]
    found = tagged or (saved if len(saved) == 1 else [])
    if not found:
        raise ValueError(f"it holds {len(saved)} images, none tagged {wanted}")
    return found[0]


def _manifest(tar: tarfile.TarFile, index: _Index) -> _Manifest:
    """Through indexes of indexes, to the manifest for this machine's kind of processor."""
    mine = _ARCHITECTURES.get(os.uname().machine, os.uname().machine)
    for one in index.manifests:
        if one.platform is None or one.platform.architecture in ("", mine):
            if one.media_type.endswith(("image.index.v1+json", "manifest.list.v2+json")):
                return _manifest(tar, _read(tar, _blob(one.digest), _Index))
            return _read(tar, _blob(one.digest), _Manifest)
    raise ValueError(f"it holds no image for {mine}")


def _config(tar: tarfile.TarFile, name: str) -> ImageConfig:
    process = _read(tar, name, _Config).config or _Process()
    return ImageConfig(
        entrypoint=process.entrypoint or [],
        command=process.cmd or [],
        env=[(name, value) for name, _, value in (entry.partition("=") for entry in process.env or [])],
        working_dir=process.working_dir or "",
        user=process.user or "",
    )


def _blob(digest: str) -> str:
    algorithm, _, value = digest.partition(":")
    return f"blobs/{algorithm}/{value}"


def _read(tar: tarfile.TarFile, name: str, kind: type[T]) -> T:
    return msgspec.json.decode(_bytes(tar, name), type=kind)


def _bytes(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is no file")
    return file.read()
