"""Custom objects come up with their definitions, in whatever order they stand, or not at all."""

from pathlib import Path

import pytest
import yaml
from custom.databases import database, definition, version
from e2e.harness import Petset

pytestmark = pytest.mark.timeout(120)

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
BILLS = database("bills", replicas=3)
ORDERS = {**database(), "metadata": {"name": "orders", "namespace": "shop"}}
DEFINED = "customresourcedefinition.apiextensions.k8s.io/databases.data.example.com"


def manifest(*documents: object) -> str:
    return yaml.safe_dump_all(documents)


def test_what_a_custom_kind_needs_is_made_for_it_and_kept_to(petset: Petset, tmp_path: Path) -> None:
    everything = manifest(ORDERS, BILLS, NAMESPACE, definition(version()))
    planned = petset.petset("plan", "-f", "-", stdin=everything)
    assert "database.data.example.com/orders would be created\n" in planned
    assert "left out of the steps, for only their own controllers know them: database.data.example.com/o" in planned
    assert petset.try_kubectl("get", "crd", "databases.data.example.com").returncode != 0

    wrong = manifest(BILLS, {**ORDERS, "spec": {"engine": "oracle"}}, NAMESPACE, definition(version()))
    done = petset.try_petset("up", "-f", "-", "--wait", stdin=wrong)
    assert done.returncode == 1
    assert 'spec.engine: Unsupported value: "oracle"' in done.stderr
    stray = manifest(BILLS, definition(version()), {**ORDERS, "apiVersion": "no.example.com/v1"})
    done = petset.try_petset("up", "-f", "-", "--wait", stdin=stray)
    assert done.returncode == 1
    assert "there is no kind Database in no.example.com/v1; give its CustomResourceDef" in done.stderr
    assert petset.try_kubectl("get", "crd", "databases.data.example.com").returncode != 0

    for name, document in (("a", BILLS), ("b", ORDERS), ("c", definition(version())), ("d", NAMESPACE)):
        (tmp_path / f"{name}.yaml").write_text(manifest(document))
    assert petset.petset("up", "-f", str(tmp_path), "--wait").splitlines() == [
        "namespace/shop created",
        f"{DEFINED} created",
        "database.data.example.com/bills created",
        "database.data.example.com/orders created",
    ]
    assert petset.get("database", "bills")["spec"]["version"] == "17"
    assert petset.get("database", "orders", "-n", "shop")["spec"]["replicas"] == 1
    assert "configured" not in petset.kubectl("apply", "-f", str(tmp_path))


def test_an_object_of_a_kind_that_is_served_already_needs_no_definition_beside_it(petset: Petset) -> None:
    petset.petset("up", "-f", "-", "--wait", stdin=manifest(definition(version())))
    new = manifest(database("later"))
    assert petset.petset("plan", "-f", "-", stdin=new).startswith(
        "database.data.example.com/later would be created\n"
    )
    assert petset.petset("up", "-f", "-", "--wait", stdin=new) == "database.data.example.com/later created\n"
    assert petset.petset("up", "-f", "-", "--wait", stdin=new) == "database.data.example.com/later unchanged\n"
    done = petset.try_petset("up", "-f", "-", "--wait", stdin=manifest(database("later", colour="red")))
    assert done.returncode == 1
    assert "standard input:1: " in done.stderr
    assert 'unknown field "spec.colour"' in done.stderr


def test_a_definition_that_learns_a_version_is_there_for_its_objects(petset: Petset) -> None:
    petset.petset("up", "-f", "-", "--wait", stdin=manifest(definition(version())))
    newer = {**database("newer"), "apiVersion": "data.example.com/v2"}
    learnt = manifest(newer, definition(version(), version("v2", storage=False)))
    planned = petset.petset("plan", "-f", "-", stdin=learnt)
    assert planned.startswith(f"{DEFINED} would be configured\ndatabase.data.example.com/newer would be created\n")
    assert petset.petset("up", "-f", "-", "--wait", stdin=learnt).splitlines() == [
        f"{DEFINED} configured",
        "database.data.example.com/newer created",
    ]
