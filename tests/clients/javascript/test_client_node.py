"""@kubernetes/client-node: `story.mjs` is the program, and this runs it with node."""

import shutil
from pathlib import Path

import pytest
from e2e.harness import Petset

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules" / "@kubernetes" / "client-node"


@pytest.mark.skipif(not shutil.which("node"), reason="needs node: apt-get install nodejs npm, as ./dev setup does")
@pytest.mark.skipif(not PACKAGES.exists(), reason=f"npm ci --prefix {HERE} is missing, which ./dev setup does")
def test_a_program_in_javascript_does_its_work(petset: Petset, namespace: str) -> None:
    petset.environment["NAMESPACE"] = namespace
    done = petset.run("node", "--test", "--test-timeout=60000", str(HERE / "story.mjs"))
    assert done.returncode == 0, done.stdout + done.stderr
