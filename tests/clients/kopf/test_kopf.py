"""An operator written with kopf runs beside the server, as its author runs it while developing."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from e2e.harness import Petset, eventually

from petset.apiserver import certificates

HERE = Path(__file__).parent
SHOP = {"apiVersion": "example.org/v1", "kind": "Shop", "metadata": {"name": "corner"}, "spec": {"tills": 2}}


@pytest.fixture(scope="module")
def town(petset: Petset, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The namespace `town`, in which the operator looks after shops; its log."""
    petset.kubectl("create", "namespace", "town")
    petset.kubectl("apply", "-f", str(HERE / "shop.yaml"))
    petset.kubectl("wait", "crd/shops.example.org", "--for=condition=Established", "--timeout=30s")
    home = tmp_path_factory.mktemp("kopf")
    keys, log = home / "keys", home / "log"
    certificates.ensure(keys, [], datetime.now(UTC))
    environment = petset.environment | {"WEBHOOK_KEYS": str(keys)}
    command = [sys.executable, "-m", "kopf", "run", "--standalone", "-n", "town", str(HERE / "shops.py")]
    with log.open("w") as file:
        running = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    hooks = ["get", "validatingwebhookconfigurations,mutatingwebhookconfigurations", "-o", "name"]
    eventually("its webhooks are known", lambda: petset.kubectl(*hooks).count("shops.example.org") == 2)
    yield log
    running.terminate()
    assert running.wait(timeout=30) == 0, log.read_text()


def town_get(petset: Petset, resource: str, path: str) -> str:
    return petset.try_kubectl("-n", "town", "get", *resource.split("/"), "-o", f"jsonpath={{{path}}}").stdout


def test_a_shop_gets_its_tills_grows_and_tells_how_many_are_open(petset: Petset, town: Path) -> None:
    petset.kubectl("-n", "town", "create", "-f", "-", stdin=json.dumps(SHOP))
    eventually("two tills are open", lambda: town_get(petset, "shop/corner", ".status.watching.open") == "2")
    assert town_get(petset, "shop/corner", ".status.open_shop.set") == "corner-tills"
    assert town_get(petset, "sts/corner-tills", ".metadata.ownerReferences[0].kind") == "Shop"
    petset.kubectl("-n", "town", "patch", "shop", "corner", "--type=merge", "-p", '{"spec":{"tills":3}}')
    eventually("three tills are open", lambda: town_get(petset, "shop/corner", ".status.watching.open") == "3")
    assert petset.kubectl("-n", "town", "get", "sh").split()[:4] == ["NAME", "TILLS", "OPEN", "corner"]
    said = "the shop has 3 tills now"
    eventually("an event tells", lambda: said in petset.kubectl("-n", "town", "events", "--for=shop/corner"))


def test_a_shop_that_closes_is_held_until_its_operator_has_done_its_part(petset: Petset, town: Path) -> None:
    petset.kubectl("-n", "town", "delete", "shop", "corner", "--wait", "--timeout=60s")
    kept = town_get(petset, "cm/corner-was-here", ".data.finalizers")
    assert kept == "kopf.zalando.org/KopfFinalizerMarker"
    eventually("what it owned is gone", lambda: not town_get(petset, "sts,pods", ".items[*].metadata.name"))


def test_the_operator_has_a_say_in_what_is_written(petset: Petset, town: Path) -> None:
    def asked(tills: int) -> subprocess.CompletedProcess[str]:
        wanted = SHOP | {"metadata": {"name": "large"}, "spec": {"tills": tills}}
        options = ["--dry-run=server", "-o", "json"]
        return petset.try_kubectl("-n", "town", "create", "-f", "-", *options, stdin=json.dumps(wanted))

    assert "a shop has nine tills at most" in asked(10).stderr
    made = asked(6)
    assert "Warning: that is a large shop" in made.stderr
    opened_by = json.loads(made.stdout)["metadata"]["annotations"]["example.org/opened-by"]
    assert opened_by == "kubernetes-admin"


def test_handlers_of_built_in_kinds_are_called(petset: Petset, town: Path) -> None:
    petset.kubectl("-n", "town", "create", "configmap", "polite")
    petset.kubectl("-n", "town", "label", "configmap", "polite", "greet=please")
    path = ".metadata.annotations.example\\.org/greeting"
    eventually("it is greeted", lambda: town_get(petset, "cm/polite", path) == "hello")


def test_the_operator_complained_of_nothing_but_the_shop_it_refused(town: Path) -> None:
    marks = ("[ERROR", "[WARNING", "Traceback")
    complaints = [line for line in town.read_text().splitlines() if any(mark in line for mark in marks)]
    assert all("a shop has nine tills at most" in line for line in complaints), complaints
