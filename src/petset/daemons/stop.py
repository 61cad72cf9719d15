"""Stops the containers that a server left running, and takes their network away. `petset down` starts it.

`petset wipe` starts it with `--now`: whose data is thrown away has nothing to save.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

import uvloop

from petset.daemons.clock import SystemClock
from petset.daemons.nodes import runtime_options
from petset.daemons.presence import AlreadyRunning, PidFile
from petset.daemons.settings import Settings, parse
from petset.node.oci.engine import Unusable
from petset.node.oci.runtime import OciRuntime
from petset.node.probes.network import HostNetwork
from petset.node.runtime import RuntimeFailure
from petset.node.shutdown import MOST_GRACE_SECONDS, stop_everything


def main() -> int:
    """Stop everything; the exit code, with the reason on standard error."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--now", action="store_true")
    own, arguments = parser.parse_known_args(sys.argv[1:])
    settings = parse(arguments, os.environ, Path.home())
    try:
        with PidFile(settings.directory), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_stop(settings, 0 if own.now else MOST_GRACE_SECONDS))
    except (AlreadyRunning, Unusable, RuntimeFailure, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


async def _stop(settings: Settings, most_grace_seconds: float) -> None:
    clock = SystemClock()
    runtime = await OciRuntime.open(runtime_options(settings, clock))
    try:
        await stop_everything(runtime, HostNetwork(), clock, most_grace_seconds)
        await runtime.teardown()
    finally:
        await runtime.close()


if __name__ == "__main__":
    raise SystemExit(main())
