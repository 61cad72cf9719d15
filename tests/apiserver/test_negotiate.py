"""Clients list what they take in many ways; JSON is found wherever it is listed."""

import pytest

from petset.api.errors import NotAcceptable, UnsupportedMediaType
from petset.apiserver import negotiate
from petset.apiserver.negotiate import JSON, LISTED, SINGLE, YAML, Form

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
KUBECTL_GET = f"{TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"


@pytest.mark.parametrize(
    ("accept", "shapes", "form"),
    [
        ("", SINGLE, Form(JSON)),
        ("*/*", SINGLE, Form(JSON)),
        ("application/json", SINGLE, Form(JSON)),
        (f"{PROTOBUF},application/json", SINGLE, Form(JSON)),
        (f"{PROTOBUF}, */*", SINGLE, Form(JSON)),
        (KUBECTL_GET, LISTED, Form(JSON, "Table")),
        (KUBECTL_GET, frozenset(), Form(JSON)),
        ("application/yaml", SINGLE, Form(YAML)),
        ("application/yaml;q=0.5, application/json", SINGLE, Form(JSON)),
        ("application/json;q=0.1, application/yaml", SINGLE, Form(YAML)),
        (
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
            SINGLE,
            Form(JSON, "PartialObjectMetadata"),
        ),
        (
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            LISTED,
            Form(JSON, "PartialObjectMetadataList"),
        ),
    ],
)
def test_the_best_form_both_know_is_chosen(accept: str, shapes: frozenset[str], form: Form) -> None:
    assert negotiate.answer(accept, shapes) == form


@pytest.mark.parametrize(
    "accept",
    [PROTOBUF, "text/html", "application/json;as=Poem;v=v1;g=meta.k8s.io", "application/json;q=0"],
)
def test_a_client_that_takes_nothing_we_write_is_told_what_we_do(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="application/json"):
        negotiate.answer(accept, SINGLE)


def test_bodies_are_json_yaml_or_protobuf() -> None:
    assert negotiate.body_type("") == JSON
    assert negotiate.body_type("application/json; charset=utf-8") == JSON
    assert negotiate.body_type("application/yaml") == YAML
    assert negotiate.body_type(PROTOBUF) == PROTOBUF
    with pytest.raises(UnsupportedMediaType, match="application/json"):
        negotiate.body_type("text/html")


def test_aggregated_discovery_is_for_those_who_list_it_first() -> None:
    aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    asked = ("apidiscovery.k8s.io", "v2", "APIGroupDiscoveryList")
    assert negotiate.accepts(f"{aggregated},application/json", *asked)
    assert not negotiate.accepts(f"application/json,{aggregated}", *asked)
    assert not negotiate.accepts("", *asked)
