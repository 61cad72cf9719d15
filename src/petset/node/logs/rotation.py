"""When a container's log is put aside and a new one begun, so that no log fills the disk: a kubelet's rule.

A log of 10 MiB is renamed after the moment, and the one who writes it begins anew. Of each container five files are
kept: the log, the one before it as it was, and older ones compressed. `kubectl logs` shows the log alone.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

LOG = "log"
MOST_BYTES = 10 << 20
MOST_FILES = 5
SECONDS_BETWEEN_LOOKS = 10.0
COMPRESSED = ".gz"


class Rotation(NamedTuple):
    """What to do with the files beside the log, then what to call the log itself."""

    remove: tuple[str, ...]
    compress: tuple[str, ...]
    name: str


def plan(names: Iterable[str], now: datetime) -> Rotation:
    """For a log that is large enough. `names` are those of its directory, `now` is in UTC.

    Afterwards there are no more than `MOST_FILES` of them, once the log is there again.
    """
    aside = sorted(name for name in names if name.startswith(f"{LOG}."))
    kept = aside[-(MOST_FILES - 2) :]
    return Rotation(
        remove=tuple(name for name in aside if name not in kept),
        compress=tuple(name for name in kept if not name.endswith(COMPRESSED)),
        name=f"{LOG}.{now:%Y%m%d-%H%M%S}",
    )
