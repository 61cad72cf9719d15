"""A process that owns a runtime, starts a container and waits to be killed: for the tests of taking over."""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from node.oci.pods import sandbox, shell, started

from petset.node.oci.opening import Options
from petset.node.oci.runtime import OciRuntime


async def main(directory: Path, kind: str, script: str) -> None:
    runtime = await OciRuntime.open(Options(directory, lambda: datetime.now(UTC), kind))  # noqa: TID251
    one = await started(runtime, shell(script), sandbox())
    print(one.id, flush=True)
    signal.pause()


asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
