"""`petset up` without `--detach` stays with the person who typed it, and Ctrl-C ends what it started."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.harness import Petset, eventually

pytestmark = [pytest.mark.containers, pytest.mark.timeout(120)]

ONE = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: one}
spec:
  serviceName: one
  selector: {matchLabels: {app: one}}
  template:
    metadata: {labels: {app: one}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: main
        image: busybox:1
        command: [sh, -c, "trap 'exit 0' TERM; while :; do sleep 0.1; done"]
"""


@pytest.fixture
def petset(tmp_path: Path, own_network: None) -> Iterator[Petset]:
    petset = Petset(tmp_path / "data", tmp_path)
    yield petset
    petset.try_petset("wipe", "--yes")


@pytest.fixture(autouse=True)
def as_from_a_terminal() -> Iterator[None]:
    """Let children hear Ctrl-C: a shell in the background has it ignored, by itself and all whom it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(petset: Petset, manifest: Path, *options: str) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "petset",
        "up",
        "--data-dir",
        str(petset.directory),
        "-f",
        str(manifest),
        *options,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=petset.environment)


def read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout is not None
    while line := process.stdout.readline():
        if text in line:
            return
    raise AssertionError(f"{text!r} never came")


def test_ctrl_c_stops_everything_and_keeps_the_data(petset: Petset, tmp_path: Path) -> None:
    manifest = tmp_path / "one.yaml"
    manifest.write_text(ONE)
    with start(petset, manifest, "--port", "0") as attending:
        read_until(attending, "one-0  Running  ready")
        server = petset.server_pid
        attending.send_signal(signal.SIGINT)
        assert attending.wait(timeout=60) == 0
    assert not Path(f"/proc/{server}").exists()
    assert not list((petset.directory / "runtime" / "sandboxes").iterdir())
    petset.petset("up", "--detach")
    assert petset.get("statefulset", "one")["spec"]["replicas"] == 1
    eventually("one-0 runs again", lambda: petset.get("statefulset", "one")["status"].get("readyReplicas") == 1)


FAREWELL = """\
        volumeMounts: [{name: data, mountPath: /data}]
        lifecycle: {preStop: {exec: {command: [sh, -c, "sleep 0.2; echo $HOSTNAME left > /data/farewell"]}}}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
"""


def test_down_lets_containers_do_what_they_want_done_before_their_end(petset: Petset) -> None:
    patient = ONE.replace("PeriodSeconds: 1", "PeriodSeconds: 5")
    petset.petset("up", "-f", "-", "--port", "0", "--wait", stdin=patient + FAREWELL)
    petset.petset("down")
    (said,) = petset.directory.glob("volumes/**/farewell")
    assert said.read_text() == "one-0 left\n"


def test_wipe_waits_for_nobody(petset: Petset) -> None:
    """It would take longer than the harness waits for any command, did it ask a container that does not listen."""
    deaf = ONE.replace("trap 'exit 0' TERM", "trap '' TERM").replace("PeriodSeconds: 1", "PeriodSeconds: 3600")
    petset.petset("up", "-f", "-", "--port", "0", "--wait", stdin=deaf)
    petset.petset("wipe", "--yes")
    assert not petset.directory.exists()


def test_looking_on_leaves_the_server_of_others_alone(petset: Petset, tmp_path: Path) -> None:
    manifest = tmp_path / "one.yaml"
    manifest.write_text(ONE)
    petset.petset("up", "--port", "0", "--detach")
    server = petset.server_pid
    with start(petset, manifest) as attending:
        read_until(attending, "one-0  Running  ready")
        attending.send_signal(signal.SIGINT)
        assert attending.wait(timeout=60) == 0
    assert petset.server_pid == server
    assert "default/one  1/1 ready" in petset.petset("status")


def test_a_port_that_is_taken_is_named_and_nothing_stays_behind(petset: Petset) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = petset.try_petset("up", "--port", port, "--runtime", "simulated", "--detach")
    assert done.returncode == 1
    assert port in done.stderr
    assert "choose another port" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "no server runs" in petset.try_petset("status").stderr
