"""Hands scripts to `nft`, each as one transaction: the kernel takes the whole of it or leaves all as it was.

It blocks and runs on threads. `nft` is started without a shell and reads the script from its standard input.
"""

import contextlib
import shutil
import subprocess
from pathlib import Path

from petset.aio.reconciler import Setback
from petset.node.services import script
from petset.node.services.model import Plan, Ruleset
from petset.node.services.script import Surroundings


class NftFailed(Setback):
    """`nft` refused a script; the message is what it said."""


class Kernel:
    """The table of one data directory in the kernel."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def is_usable(self) -> bool:
        """Whether this machine has `nft` at all."""
        return shutil.which("nft") is not None

    def replace(self, ruleset: Ruleset) -> None:
        """Make the table anew with everything in it. Raises NftFailed."""
        # A client on this machine may come to a node port by its loopback address.
        with contextlib.suppress(OSError):
            Path("/proc/sys/net/ipv4/conf", self._around.bridge, "route_localnet").write_text("1")
        run_nft(script.whole(self._around, ruleset))

    def apply(self, plan: Plan) -> None:
        """Make the changes to the table that stands. Raises NftFailed, and then nothing has changed."""
        if plan.actions:
            run_nft(script.changes(self._around, plan.actions))


def run_nft(text: str) -> None:
    """One transaction. Raises NftFailed."""
    try:
        subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise NftFailed(error.stderr.decode(errors="replace").strip()) from error
    except OSError as error:
        raise NftFailed(str(error)) from error
