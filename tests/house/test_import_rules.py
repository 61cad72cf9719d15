"""Each import rule is shown to fire: a rule that cannot fail guards nothing."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
BREAKS = {
    "rooms": ("storage/port.py", "import petset.apiserver"),
    "pure-api": ("api/kinds.py", "import os"),
    "pure-node": ("node/pods/plan.py", "import asyncio"),
    "pure-deciders": ("controllers/statefulset/rollout.py", "import time"),
    "pure-names": ("dns/ways.py", "import socket"),
    "pure-verbs": ("registry/deletion.py", "import time"),
    "separate-controllers": ("controllers/events/plan.py", "import petset.controllers.volumes.plan"),
}


def run_linter(where: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("lint-imports")
    env = {"PYTHONPATH": str(where / "src"), "PATH": "/usr/bin:/bin"}
    return subprocess.run([linter, "--no-cache"], cwd=where, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "src", where / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", where)
    return where


def test_every_contract_has_a_break_to_try() -> None:
    assert {contract["id"] for contract in CONTRACTS} == set(BREAKS)


@pytest.mark.parametrize("contract", BREAKS)
def test_a_contract_fires_when_it_is_broken(copy: Path, contract: str) -> None:
    file, line = BREAKS[contract]
    path = copy / "src" / "petset" / file
    original = path.read_text()
    path.write_text(f"{original}\n{line}\n")
    try:
        done = run_linter(copy)
    finally:
        path.write_text(original)
    name = next(c["name"] for c in CONTRACTS if c["id"] == contract)
    assert done.returncode != 0
    assert f"{name} BROKEN" in done.stdout
