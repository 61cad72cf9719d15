"""kubectl beside simulated containers, which run nothing and say nothing, but are there until they end."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from e2e.harness import KUBECTL, Petset

pytestmark = pytest.mark.timeout(120)

AGREED = re.compile(r'attach.*status="101 |log.*follow=true.*status="200 ')
STAYS_INITIAL = """\
apiVersion: v1
kind: Pod
metadata: {name: slow}
spec:
  initContainers: [{name: first, image: "redis:7.0"}]
  containers: [{name: main, image: "redis:7.0"}]
"""


@contextmanager
def connected(petset: Petset, *command: str) -> Iterator[subprocess.Popen[str]]:
    """kubectl in the background, once the server has agreed to stream."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    arguments = [str(KUBECTL), "-v=6", *command]
    with subprocess.Popen(arguments, env=petset.environment, text=True, **pipes) as running:
        try:
            assert running.stderr is not None
            said = ""
            while not AGREED.search(said):
                said = running.stderr.readline()
                assert said, f"{command} ended before it was connected"
            yield running
        finally:
            running.kill()


@pytest.fixture
def quiet(petset: Petset) -> Iterator[str]:
    """A pod that runs."""
    petset.kubectl("run", "quiet", "--image=redis:7.0")
    petset.kubectl("wait", "--for=condition=Ready", "pod/quiet", "--timeout=60s")
    yield "quiet"
    petset.kubectl("delete", "pod", "quiet", "--now", "--ignore-not-found")


def test_whoever_attaches_hears_nothing_until_the_container_ends(petset: Petset, quiet: str) -> None:
    with connected(petset, "attach", quiet) as staying:
        with connected(petset, "attach", "-i", quiet) as leaving:
            leaving.terminate()
        assert petset.pod(quiet)["status"]["phase"] == "Running"
        petset.kubectl("delete", "pod", quiet, "--now")
        heard, _ = staying.communicate(timeout=60)
        assert (heard, staying.returncode) == ("", 0)


def test_what_is_run_with_its_input_goes_on_until_its_pod_ends(petset: Petset) -> None:
    with connected(petset, "run", "once", "--image=redis:7.0", "-i", "--rm") as running:
        petset.kubectl("delete", "pod", "once", "--now")
        running.communicate("hello", timeout=60)


def test_a_command_ends_at_once_and_a_log_with_its_container(petset: Petset, quiet: str) -> None:
    assert petset.kubectl("exec", "-i", quiet, "--", "sh", stdin="exit 3") == ""
    with connected(petset, "logs", "-f", quiet) as following:
        petset.kubectl("delete", "pod", quiet, "--now")
        heard, _ = following.communicate(timeout=60)
        assert (heard, following.returncode) == ("", 0)


@pytest.mark.parametrize("verb", [("attach", "slow"), ("exec", "slow", "--", "true")])
def test_a_container_that_does_not_run_is_named(petset: Petset, verb: tuple[str, ...]) -> None:
    petset.kubectl("apply", "-f", "-", stdin=STAYS_INITIAL)
    petset.kubectl("wait", "--for=condition=PodReadyToStartContainers", "pod/slow", "--timeout=60s")
    refused = petset.try_kubectl(*verb)
    assert refused.returncode == 1
    assert 'error: unable to upgrade connection: container not found ("main")' in refused.stderr
