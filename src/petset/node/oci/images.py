"""From an image reference to something that can be run: lower layers for an overlay, and how to start it.

What an image is, the image map says (docs/images.md): nothing is pulled from registries.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from petset.node.oci import archive, hostroot, imagemap, unpack
from petset.node.oci.bundle import ImageConfig
from petset.node.oci.layout import Layout
from petset.node.runtime import RuntimeFailure

BUILT_IN = Path(__file__).with_name("imagemap.toml")
HOST_REFERENCE = "petset.dev/host"  # this machine itself, whatever the maps say
_ROOT = Path("/")


@dataclass(frozen=True)
class Image:
    """An image made ready. `layers` are directories, the topmost first; nobody writes to them."""

    id: str
    config: ImageConfig
    layers: Sequence[Path]
    directories: Sequence[str] = ()

    def text(self, name: str) -> str:
        """A file such as `etc/passwd` of the image, without following links out of it; empty where it has none."""
        for layer in self.layers:
            path = unpack.inside(layer, PurePosixPath(name))
            if path.is_file():
                return path.read_text(errors="replace")
        return ""


class MappedImages:
    """Images by the image map. `maps` come in order of precedence, the built-in one last; absent files are none.

    Blocking; runs on a thread.
    """

    def __init__(self, layout: Layout, maps: Sequence[Path], hide: Sequence[Path]) -> None:
        self._layout = layout
        self._maps = maps
        self._hide = hide
        self._read: tuple[object, list[imagemap.Rule]] | None = None

    def prepare(self, reference: str) -> Image:
        """The image, ready to run. RuntimeFailure(ErrImagePull) names the remedy. Cheap when repeated."""
        if reference == HOST_REFERENCE:
            return self._image(imagemap.Rule(imagemap.HOST, reference), reference)
        try:
            rule = imagemap.choose(reference, self._rules(), os.path.exists)
        except LookupError as error:
            help_text = f"; {imagemap.example(reference, self._maps[0])}" if self._maps else ""
            raise RuntimeFailure("ErrImagePull", f"{error}{help_text}") from error
        except ValueError as error:
            raise RuntimeFailure("ErrImagePull", str(error)) from error
        try:
            return self._image(rule, reference)
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise RuntimeFailure("ErrImagePull", f"image {reference!r}: {error}") from error

    def _rules(self) -> list[imagemap.Rule]:
        """Read again when a file has changed, so that a person can mend a map while pods wait for it."""
        found = [path for path in (*self._maps, BUILT_IN) if path.is_file()]
        stamp = [(path, path.stat().st_mtime_ns) for path in found]
        if self._read is None or self._read[0] != stamp:
            rules = [rule for path in found for rule in imagemap.parse(path.read_text(), str(path))]
            self._read = (stamp, rules)
        return self._read[1]

    def _image(self, rule: imagemap.Rule, reference: str) -> Image:
        if rule.use == imagemap.HOST:
            root, etc = ([entry.name for entry in place.iterdir()] for place in (_ROOT, _ROOT / "etc"))
            cover = hostroot.make(hostroot.plan(root, etc, rule.expose, self._hide), self._layout.covers)
            return self._finish(rule, ImageConfig(), [cover, _ROOT])
        path = Path(rule.use)
        if path.is_dir():
            return self._finish(rule, ImageConfig(), [path])
        if not path.exists():
            raise ValueError(f"the image map's `use` is {rule.use!r}: there is no such directory or archive")
        found = archive.unpacked(path, reference, self._layout.images)
        return self._finish(rule, found.config, [found.root])

    def _finish(self, rule: imagemap.Rule, base: ImageConfig, layers: Sequence[Path]) -> Image:
        """The rule's words replace the archive's own."""
        config = ImageConfig(
            entrypoint=base.entrypoint if rule.entrypoint is None else rule.entrypoint,
            command=base.command if rule.command is None else rule.command,
            env=[*base.env, *rule.env.items()],
            working_dir=base.working_dir if rule.working_dir is None else rule.working_dir,
            user=base.user if rule.user is None else rule.user,
        )
        digest = hashlib.sha256(repr((rule, [str(layer) for layer in layers])).encode()).hexdigest()
        directories = [*rule.directories, *([rule.working_dir] if rule.working_dir else [])]
        return Image(f"sha256:{digest}", config, layers, directories)
