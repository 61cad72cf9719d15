"""Each manifest finds its kind, or is told of with its place before anything is applied."""

from contextlib import nullcontext

import pytest
import yaml
from custom.databases import database, definition, version

from petset.api.gates import DEFAULT
from petset.cli.checking import check
from petset.cli.kinds import kind_of
from petset.cli.manifests.reading import Manifest, parse
from petset.cli.surroundings import CommandFailure
from petset.cli.together import in_order


def manifests(*documents: object) -> list[Manifest]:
    return list(parse(yaml.safe_dump_all(documents), "f.yaml"))


def test_an_object_before_its_definition_knows_its_kind() -> None:
    known = check(manifests(database(), definition(version())), DEFAULT)
    assert [kind_of(manifest).qualified for manifest in known] == [
        "databases.data.example.com",
        "customresourcedefinitions.apiextensions.k8s.io",
    ]


def test_a_kind_that_only_the_server_can_know_is_left_to_it() -> None:
    [manifest] = check(manifests(database()), DEFAULT)
    assert manifest.custom is None
    with pytest.raises(CommandFailure, match=r"f\.yaml:1: there is no kind Database in data\.example\.com/v1"):
        kind_of(manifest)


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        (
            [{**database(), "apiVersion": "apps/v1"}],
            "f.yaml:1: there is no kind Database in apps/v1; 'kubectl",
        ),
        ([database(engine="oracle"), definition(version())], 'f.yaml:1: Database.data.example.com "orders" is inv'),
        ([database(colour="red"), definition(version())], 'unknown field "spec.colour"'),
        (
            [database(), definition(version("v2"))],
            "does not serve Database in data.example.com/v1; it serves data.exa",
        ),
        ([database(), definition(version()), database()], "database orders stands already at f.yaml:1"),
        ([database(), database()], "database orders stands already at f.yaml:1"),
        (
            [definition(version(schema={}))],
            'CustomResourceDefinition.apiextensions.k8s.io "databases.data.example.c',
        ),
    ],
)
def test_what_no_server_would_take_is_told_of_with_its_place(documents: list[object], message: str) -> None:
    with pytest.raises(CommandFailure) as caught:
        check(manifests(*documents), DEFAULT)
    assert message in str(caught.value)


@pytest.mark.parametrize(("most", "fault"), [(2, ""), (-1, "spec.maxReplicas: Invalid value: -1")])
def test_a_manifest_in_another_form_than_the_stored_one_is_checked_like_any_other(most: int, fault: str) -> None:
    autoscaler = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": most},
    }
    with pytest.raises(CommandFailure, match=fault) if fault else nullcontext():
        check(manifests(autoscaler), DEFAULT)


def test_namespaces_come_first_then_definitions_and_all_else_as_it_stands() -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    given = manifests(database(), settings, definition(version()), namespace)
    assert [m.kind for m in in_order(given)] == ["Namespace", "CustomResourceDefinition", "Database", "ConfigMap"]
