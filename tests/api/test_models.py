"""The typed objects are ours alone."""

import subprocess
import sys
from pathlib import Path

SIDE_BY_SIDE = """
import gc
from petset.api.models import core_v1
from lightkube.models import core_v1 as theirs
from lightkube.resources.core_v1 import Pod
assert not gc.is_tracked(core_v1.Pod())
assert gc.is_tracked(theirs.Pod(metadata=theirs.ObjectReference()))
assert issubclass(Pod, theirs.Pod)
"""


def test_whoever_uses_lightkube_in_the_same_process_has_its_own_structs() -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    subprocess.run([sys.executable, "-c", SIDE_BY_SIDE], check=True, env=environment)
