"""The real kubectl with custom kinds, against the product in a process of its own."""

import json
from collections.abc import Iterator

import pytest
import yaml
from apiserver.webhook_server import Webhook, webhook
from custom.databases import database, definition, version
from custom.test_conversion import answer, links, old
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


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webhook]:
    with webhook(tmp_path_factory.mktemp("webhook"), answer) as found:
        yield found


def test_an_old_manifest_goes_on_working_where_a_webhook_translates_it(server: Petset, site: Webhook) -> None:
    def kubectl(*arguments: str, stdin: object = None) -> str:
        done = server.try_kubectl(*arguments, stdin=json.dumps(stdin) if stdin else "")
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout + done.stderr

    client = {"url": f"https://localhost:{site.port}/convert", "caBundle": site.bundle}
    hook = {"clientConfig": client, "conversionReviewVersions": ["v1"]}
    kubectl("apply", "--server-side", "-f", "-", stdin=links(hook=hook))
    kubectl("wait", "--for=condition=Established", "crd/links.data.example.com", "--timeout=20s")
    for address in ("db:5432", "db:5433"):
        kubectl("apply", "-f", "-", stdin=old(address=address))
    spec, beta = "-o=jsonpath={.spec}", "links.v1beta1.data.example.com"
    assert json.loads(kubectl("get", "link", "a", spec)) == {"host": "db", "port": 5433}
    assert json.loads(kubectl("get", beta, "a", spec)) == {"address": "db:5433"}
    assert kubectl("diff", "-f", "-", stdin=old(address="db:5433")) == ""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=old())
    assert kubectl("scale", "link", "a", "--replicas=7") == "link.data.example.com/a scaled\n"
    assert kubectl("get", beta, "-o", "jsonpath={.items[*].spec.address}") == "db:7"
    assert "address" in kubectl("explain", "links.spec", "--api-version=data.example.com/v1beta1")
    kubectl("delete", "-f", "-", stdin=old())
    assert "No resources found" in kubectl("get", "links")
