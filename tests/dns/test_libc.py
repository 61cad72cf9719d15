"""The C library's own resolver, as every program in a pod uses it, finds the names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a process a resolv.conf of its own")
def test_the_c_library_finds_short_and_long_names_and_more_than_a_datagram_holds(tmp_path: Path) -> None:
    (tmp_path / "resolv.conf").write_text(
        "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n"
    )
    program = Path(__file__).with_name("libc_program.py")
    ran = subprocess.run(
        ["unshare", "--mount", "--net", sys.executable, str(program), str(tmp_path / "resolv.conf")],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert ran.stderr == ""
    assert ran.stdout.splitlines() == [
        "redis-0.redis 10.244.0.2",
        "redis 10.244.0.2 10.244.0.3 10.244.0.4",
        "redis-1.redis.default.svc.cluster.local 10.244.0.3",
        "near 10.96.0.7 fd00::7",
        "crowd 400",
        "10.244.0.3 redis-1.redis.default.svc.cluster.local",
        "nothing True",
    ]
