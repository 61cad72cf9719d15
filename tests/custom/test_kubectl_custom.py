"""The real kubectl with custom kinds, against the product in a process of its own."""

from collections.abc import Iterator

import pytest
import yaml
from custom.databases import database, definition, version
from e2e.harness import Petset


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Petset]:
    started = Petset(tmp_path_factory.mktemp("petset") / "data", tmp_path_factory.mktemp("home"))
    started.petset("up", "--port", "0", "--runtime", "simulated", "--detach")
    yield started
    started.petset("wipe", "--yes")


def test_a_user_lives_with_a_custom_kind(server: Petset) -> None:
    def kubectl(*arguments: str, stdin: str = "", status: int = 0) -> str:
        done = server.try_kubectl(*arguments, stdin=stdin)
        assert done.returncode == status, done.stderr + done.stdout
        return done.stdout + done.stderr

    crd = yaml.safe_dump(definition(version(), version("v1beta1", storage=False)))
    assert kubectl("apply", "-f", "-", stdin=crd).endswith("databases.data.example.com created\n")
    waited = kubectl("wait", "--for=condition=Established", "crd/databases.data.example.com", "--timeout=20s")
    assert waited.endswith("condition met\n")
    assert kubectl("apply", "-f", "-", stdin=crd).endswith("unchanged\n")

    manifest = yaml.safe_dump(database(users=[{"name": "ann", "superuser": False}]))
    assert kubectl("apply", "-f", "-", stdin=manifest) == "database.data.example.com/orders created\n"
    assert kubectl("apply", "-f", "-", stdin=manifest) == "database.data.example.com/orders unchanged\n"
    table = [line.split() for line in kubectl("get", "db").splitlines()]
    assert table[0] == ["NAME", "ENGINE", "REPLICAS", "READY", "AGE"]
    assert table[1][:3] == ["orders", "postgres", "1"]
    assert "BACKUP" in kubectl("get", "databases.v1beta1.data.example.com", "-o", "wide")
    assert "database.data.example.com/orders" in kubectl("get", "all", "-o", "name")
    assert "Which database to run." in kubectl("explain", "database.spec.engine")

    assert kubectl("scale", "db/orders", "--replicas=3").endswith("scaled\n")
    kubectl("patch", "db", "orders", "--type=merge", "--subresource=status", "-p", '{"status":{"phase":"Running"}}')
    path = "{.spec.replicas} {.status.phase} {.metadata.generation}"
    assert kubectl("get", "db", "orders", "-o", f"jsonpath={path}") == "3 Running 2"
    assert "Phase:  Running" in kubectl("describe", "db", "orders")
    assert (
        kubectl("get", "db", "--field-selector=spec.engine=mysql") == "No resources found in default namespace.\n"
    )

    wrong = yaml.safe_dump(database(engine="oracle", colour="red"))
    assert 'unknown field "spec.colour"' in kubectl("apply", "-f", "-", stdin=wrong, status=1)
    refused = kubectl("patch", "db", "orders", "--type=merge", "-p", '{"spec":{"engine":"oracle"}}', status=1)
    assert refused == (
        'The Database "orders" is invalid: spec.engine: Unsupported value: "oracle": '
        'supported values: "postgres", "mysql"\n'
    )

    assert kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=manifest).endswith("applied\n")
    server.petset("down")
    server.petset("up", "--port", "0", "--runtime", "simulated", "--detach")
    assert kubectl("get", "db", "-o", "name") == "database.data.example.com/orders\n"
    assert "deleted" in kubectl("delete", "crd", "databases.data.example.com", "--timeout=20s")
    gone = kubectl("get", "db", status=1)
    assert "the server could not find the requested resource" in gone
