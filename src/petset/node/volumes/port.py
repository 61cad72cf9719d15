"""The files behind volumes, as the agent sees them: real ones, or none at all in a simulation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from petset.node.volumes.render import Content


class VolumeStore(Protocol):
    """Makes volumes ready and takes them away. All methods are idempotent."""

    async def prepare(self, uid: str, contents: Mapping[str, Content], fs_group: int | None) -> Mapping[str, Path]:
        """Make each volume hold what it should; where its directory is. VolumeFailure says what hinders."""
        ...

    async def sub_path(self, root: Path, relative: str) -> Path:
        """The path inside a volume, made as a directory if nothing is there. VolumeFailure if it leads out."""
        ...

    async def remove(self, uid: str) -> None:
        """Delete what was the pod's alone; claims and host paths stay."""
        ...
