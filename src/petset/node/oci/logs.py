"""Puts logs aside: renames the file under conmon's hands, and tells conmon to open it anew.

Between the two conmon writes into the renamed file, so no line is lost. Blocking; runs on job threads.
"""

import gzip
import shutil
from datetime import datetime
from pathlib import Path

from petset.node.logs import rotation
from petset.node.oci import conmon


def rotate(bundle: Path, now: datetime, most_bytes: int = rotation.MOST_BYTES) -> bool:
    """Whether the log in conmon's directory was put aside. OSError: it stays where it is."""
    log = bundle / conmon.LOG
    try:
        if log.stat().st_size < most_bytes:
            return False
    except FileNotFoundError:
        return False
    wanted = rotation.plan([path.name for path in bundle.iterdir()], now)
    for name in wanted.remove:
        (bundle / name).unlink(missing_ok=True)
    for name in wanted.compress:
        _compress(bundle / name)
    log.rename(bundle / wanted.name)
    try:
        conmon.reopen_log(bundle)
    except OSError:  # nobody listens: then it must stay the log
        (bundle / wanted.name).rename(log)
        raise
    return True


def _compress(path: Path) -> None:
    """Under another name until it is whole: a crash leaves the log as it was."""
    packed, unfinished = path.with_name(path.name + rotation.COMPRESSED), path.with_name(f"unfinished-{path.name}")
    with path.open("rb") as plain, gzip.open(unfinished, "wb") as target:
        shutil.copyfileobj(plain, target)
    unfinished.replace(packed)
    path.unlink()
