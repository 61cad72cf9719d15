"""Definitions: how they are accepted, what they are refused for, and how they go."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from custom.databases import (
    DATABASES,
    DEFINITIONS,
    Data,
    Document,
    conditions,
    database,
    definition,
    simple,
    version,
    with_data,
)

from petset.api.custom import structure_of_rules
from petset.api.decode import decode
from petset.api.defaults import apply_defaults
from petset.api.errors import Invalid
from petset.api.kinds import by_type
from petset.api.validation import check_create

NAME = f"{DEFINITIONS}/databases.data.example.com"


@with_data
async def test_a_definition_gets_its_names_and_is_established(data: Data) -> None:
    found = await data.define()
    assert conditions(found) == {
        "NamesAccepted": ("True", "NoConflicts"),
        "Established": ("True", "InitialNamesAccepted"),
    }
    assert found["status"]["acceptedNames"] == {
        "plural": "databases", "singular": "database", "shortNames": ["db"],
        "kind": "Database", "listKind": "DatabaseList", "categories": ["all", "data"],
    }  # fmt: skip
    assert found["status"]["storedVersions"] == ["v1"]
    assert found["spec"]["conversion"] == {"strategy": "None"}


@with_data
async def test_a_kind_is_served_from_its_definition_on_and_no_longer(data: Data) -> None:
    assert (await data.ask("GET", DATABASES)).status == 404
    await data.define()
    await data.made(DATABASES, database())
    assert [db["metadata"]["name"] for db in (await data.get(DATABASES))["items"]] == ["orders"]
    deleted = await data.ask("DELETE", NAME)
    assert deleted.json["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    await data.cluster.settle(1)
    assert (await data.ask("GET", NAME)).status == 404
    assert (await data.ask("GET", DATABASES)).status == 404
    await data.define()
    assert (await data.get(DATABASES))["items"] == []


Change = Callable[[Document], Any]
SCHEMA = "spec.validation.openAPIV3Schema"
SPEC = f"{SCHEMA}.properties[spec]"
LABEL_1035 = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character "
    "(e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)


def _set(*path: Any, to: Any) -> Change:
    """Sets a part of a definition's spec."""

    def change(document: Document) -> None:
        inner = document["spec"]
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = to

    return change


def _field(name: str, **schema: Any) -> Change:
    """Gives the kind a field `spec.<name>` with this schema; `x_k8s_list_type` is `x-kubernetes-list-type`."""
    written = {key.replace("x_k8s_", "x-kubernetes-").replace("_", "-"): value for key, value in schema.items()}
    inside = ("versions", 0, "schema", "openAPIV3Schema", "properties", "spec", "properties")
    return _set(*inside, name, to=written)


def _root(**schema: Any) -> Change:
    return _set("versions", 0, "schema", "openAPIV3Schema", to=schema)


_REFUSED: dict[str, tuple[Change, str, str]] = {
    "a name that is not plural.group": (
        lambda d: d["metadata"].update(name="x"), "metadata.name",
        'Invalid value: "x": must be spec.names.plural+"."+spec.group',
    ),
    "a group without a dot": (
        _set("group", to="example"), "spec.group",
        'Invalid value: "example": should be a domain with at least one dot',
    ),
    "a protected group": (
        _set("group", to="data.k8s.io"), "metadata.annotations[api-approved.kubernetes.io]",
        'Required value: protected groups must have approval annotation "api-approved.kubernetes.io", '
        "see https://github.com/kubernetes/enhancements/pull/1111",
    ),
    "an unknown scope": (
        _set("scope", to="Galaxy"), "spec.scope",
        'Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
    ),
    "a plural with capitals": (
        _set("names", "plural", to="Databases"), "spec.names.plural", f'Invalid value: "Databases": {LABEL_1035}',
    ),
    "a kind that is its own list": (
        _set("names", "listKind", to="Database"), "spec.names.listKind",
        'Invalid value: "Database": kind and listKind may not be the same',
    ),
    "no storage version": (
        _set("versions", 0, "storage", to=False), "spec.versions",
        'Invalid value: [{"Name":"v1","Served":true,"Storage":false}]: '
        "must have exactly one version marked as storage version",
    ),
    "a version named twice": (
        _set("versions", to=[version(), version(storage=False)]), "spec.versions",
        'Invalid value: [{"Name":"v1","Served":true,"Storage":true},{"Name":"v1","Served":true,"Storage":false}]: '
        "must contain unique version names",
    ),
    "a version without a schema": (
        _set("versions", 0, "schema", to=None), "spec.validation.openAPIV3Schema",
        "Required value: schemas are required",
    ),
    "a column of an unknown type": (
        _set("versions", 0, "additionalPrinterColumns", 0, "type", to="text"),
        "spec.additionalPrinterColumns[0].type",
        'Invalid value: "text": must be one of boolean,date,integer,number,string',
    ),
    "a scale outside of the spec": (
        _set("versions", 0, "subresources", "scale", "specReplicasPath", to=".status.replicas"),
        "spec.subresources.scale.specReplicasPath",
        'Invalid value: ".status.replicas": should be a json path under .spec',
    ),
    "a selectable field that is not there": (
        _set("versions", 0, "selectableFields", to=[{"jsonPath": ".spec.colour"}]),
        "spec.selectableFields[0].jsonPath",
        'Invalid value: ".spec.colour": is an invalid path: does not refer to a valid field',
    ),
    "a root that is no object": (
        _root(type="array", items={"type": "string"}), f"{SCHEMA}.type",
        'Invalid value: "array": must be object at the root',
    ),
    "a field without a type": (
        _field("x", description="?"), f"{SPEC}.properties[x].type",
        "Required value: must not be empty for specified object fields",
    ),
    "a type that is none": (
        _field("x", type="map"), f"{SPEC}.properties[x].type",
        'Unsupported value: "map": supported values: "array", "boolean", "integer", "number", "object", "string"',
    ),
    "a list of nothing": (
        _field("x", type="array"), f"{SPEC}.properties[x].items", "Required value: must be specified",
    ),
    "a type inside of an alternative": (
        _field("x", type="object", anyOf=[{"type": "object"}]), f"{SPEC}.properties[x].anyOf[0].type",
        "Forbidden: must be empty to be structural",
    ),
    "a property that only an alternative knows": (
        _field("x", type="object", oneOf=[{"properties": {"a": {"minimum": 1}}}]),
        f"{SPEC}.properties[x].properties[a]",
        f"Required value: because it is defined in {SPEC}.properties[x].oneOf[0].properties[a]",
    ),
    "a reference": (
        _field("x", **{"type": "object", "$ref": "#/y"}), f"{SPEC}.properties[x].$ref",
        "Forbidden: $ref is not supported",
    ),
    "a pattern that is none": (
        _field("x", type="string", pattern="("), f"{SPEC}.properties[x].pattern",
        'Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp',
    ),
    "a default that does not fit": (
        _field("x", type="integer", default="many"), f"{SPEC}.properties[x].default",
        f'Invalid value: "string": {SPEC}.properties[x].default in body must be of type integer: "string"',
    ),
    "a list with keys and without their names": (
        _field("x", type="array", items={"type": "object"}, x_k8s_list_type="map"),
        f"{SPEC}.properties[x].x-kubernetes-list-map-keys",
        "Required value: must not be empty if x-kubernetes-list-type is map",
    ),
    "a key that may be missing": (
        _field(
            "x", type="array", x_k8s_list_type="map", x_k8s_list_map_keys=["id"],
            items={"type": "object", "properties": {"id": {"type": "string"}}},
        ),
        f"{SPEC}.properties[x].items.properties[id].default",
        "Required value: this property is in x-kubernetes-list-map-keys, "
        "so it must have a default or be a required property",
    ),
    "a rule without text": (
        _field("x", type="string", x_k8s_validations=[{"rule": " "}]),
        f"{SPEC}.properties[x].x-kubernetes-validations[0].rule", "Required value: rule is not specified",
    ),
    "a rule that may take for ever": (
        _field(
            "x", type="array", items={"type": "string"},
            x_k8s_validations=[{"rule": "self.all(x, x.matches('^a+$'))"}],
        ),
        f"{SPEC}.properties[x].x-kubernetes-validations[0].rule",
        "Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or "
        "adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
    ),
    "a rule over a list that could be a little shorter": (
        _field("x", type="array", items={"type": "object", "properties": {"a": {"type": "string"}}},
               x_k8s_validations=[{"rule": "self.exists(x, x.a == 'a' && x.a != 'b')"}]),
        f"{SPEC}.properties[x].x-kubernetes-validations[0].rule",
        "Forbidden: estimated rule cost exceeds budget by factor of 1.048575x (try simplifying the rule, or adding "
        "maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
    ),
    "a webhook that nobody is to call": (
        _set("conversion", to={"strategy": "None", "webhook": {"conversionReviewVersions": ["v1"]}}),
        "spec.conversion.conversionReviewVersions",
        "Forbidden: should not be set when strategy is not set to Webhook",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", _REFUSED)
def test_a_definition_is_refused_for(what: str) -> None:
    change, field, message = _REFUSED[what]
    document = deepcopy(definition())
    change(document)
    assert (field, message) in refused(document)


def accepted(document: Document) -> bool:
    """Whether the server takes a new definition. Raises what it refuses it with."""
    kind = by_type("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    assert kind is not None
    check_create(kind, apply_defaults(kind, decode(kind, msgspec.json.encode(document)).obj))
    return True


def refused(document: Document) -> list[tuple[str, str]]:
    """What the server has against a new definition: fields and messages."""
    with pytest.raises(Invalid) as found:
        accepted(document)
    return [(cause.field, cause.message) for cause in found.value.causes]


def test_what_generators_of_schemas_write_is_taken() -> None:
    either = [{"type": "integer"}, {"type": "string"}]
    document = deepcopy(definition())
    for change in (
        _field("a", **{"x-kubernetes-int-or-string": True, "anyOf": either, "pattern": "^[0-9]+%?$"}),
        _field("b", **{"x-kubernetes-int-or-string": True, "allOf": [{"anyOf": either}, {"pattern": "^1"}]}),
        _field("c", **{"type": "object", "properties": {"x": {"type": "string"}}, "oneOf": [{"required": ["x"]}]}),
        _field("d", **{"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "atomic"}),
        _field("e", **{"x-kubernetes-preserve-unknown-fields": True}),
        _field("f", **{"type": "string", "not": {"pattern": "^x"}, "anyOf": [{"maxLength": 0}, {"minLength": 2}]}),
    ):
        change(document)
    assert accepted(document)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("self.nam == 'x'", "undefined field 'nam'"),
        ("self.name + 1 == 'x'", "found no matching overload for '_==_' applied to '(int, string)'"),
        ("self.name", "cel expression must evaluate to a bool"),
        ("self.name ==", "Syntax error"),
        ("self.name.shout()", "undeclared reference to 'shout'"),
    ],
)
def test_a_rule_that_does_not_compile_refuses_the_definition(rule: str, message: str) -> None:
    spec = {
        "type": "object",
        "x-kubernetes-validations": [{"rule": rule}],
        "properties": {"name": {"type": "string"}},
    }
    document = simple(schema={"type": "object", "properties": {"spec": spec}})

    [(field, why)] = refused(document)
    assert field == f"{SPEC}.x-kubernetes-validations[0].rule"
    assert message in why


@with_data
async def test_what_names_stored_objects_may_not_change(data: Data) -> None:
    await data.define()
    for change, field in (
        ({"scope": "Cluster"}, "spec.scope"),
        ({"names": {"kind": "Store"}}, "spec.names.kind"),
        ({"versions": [version("v2")]}, "status.storedVersions[0]"),
    ):
        refused = await data.patch(NAME, {"spec": change})
        assert refused.status == 422
        assert field in [cause["field"] for cause in refused.json["details"]["causes"]]


@with_data
async def test_a_version_goes_once_it_is_no_longer_stored(data: Data) -> None:
    await data.define()
    both = [version(storage=False), version("v2")]
    changed = await data.patch(NAME, {"spec": {"versions": both}})
    assert changed.json["status"]["storedVersions"] == ["v1", "v2"]
    assert changed.json["metadata"]["generation"] == 2
    forgotten = await data.patch(f"{NAME}/status", {"status": {"storedVersions": ["v2"]}})
    assert forgotten.status == 200
    assert (await data.patch(NAME, {"spec": {"versions": [version("v2")]}})).status == 200
    assert (await data.ask("GET", DATABASES)).status == 404
    assert (await data.ask("GET", DATABASES.replace("/v1/", "/v2/"))).status == 200


@with_data
async def test_a_condition_tells_who_approved_a_kind_of_kubernetes_own_groups(data: Data) -> None:
    """What was wrong before may stay as it is; it may not get worse."""
    key = "api-approved.kubernetes.io"
    document = simple("lamps", group="data.k8s.io")
    document["metadata"] = {"name": "lamps.data.k8s.io", "annotations": {key: "nobody"}}
    refused = await data.ask("POST", DEFINITIONS, document)
    assert refused.json["details"]["causes"][0]["field"] == f"metadata.annotations[{key}]"
    assert 'with either a URL or a reason starting with "unapproved"' in refused.json["message"]
    document["metadata"]["annotations"][key] = "https://github.com/kubernetes/kubernetes/pull/1"
    made = await data.define(document)
    assert conditions(made)["KubernetesAPIApprovalPolicyConformant"] == ("True", "ApprovedAnnotation")
    url = f"{DEFINITIONS}/lamps.data.k8s.io"
    changed = await data.patch(url, {"metadata": {"annotations": {key: "unapproved, a trial"}}})
    assert changed.status == 200
    await data.cluster.settle()
    told = conditions(await data.get(url))["KubernetesAPIApprovalPolicyConformant"]
    assert told == ("False", "UnapprovedAnnotation")
    assert (await data.patch(url, {"metadata": {"annotations": {key: None}}})).status == 422
    assert "KubernetesAPIApprovalPolicyConformant" not in conditions(await data.define())


@with_data
async def test_rules_that_were_let_in_are_no_hindrance_to_other_changes(data: Data) -> None:
    """Only a version whose schema changes is looked at again."""
    rule = {"rule": "self.size() >= 0"}
    items = {"type": "array", "items": {"type": "string"}, "x-kubernetes-validations": [rule]}
    await data.define(simple("lamps", {"type": "object", "properties": {"spec": items}}))
    url = f"{DEFINITIONS}/lamps.data.example.com"
    with pytest.MonkeyPatch.context() as stricter:
        stricter.setattr(structure_of_rules, "MOST_OF_A_RULE", 1)
        stricter.setattr(structure_of_rules, "MOST_OF_A_SCHEMA", 1)
        assert (await data.patch(url, {"spec": {"names": {"shortNames": ["lp"]}}})).status == 200
        operation = {"op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/description", "value": "Lamps."}
        refused = await data.patch(url, [operation], by="json-patch+json")
    where = "spec.validation.openAPIV3Schema"
    at = f"{where}.properties[spec].x-kubernetes-validations[0].rule"
    causes = refused.json["details"]["causes"]
    assert [(cause["field"], cause["message"].partition(" exceed")[0]) for cause in causes] == [
        (at, "Forbidden: estimated rule cost"),
        (at, "Forbidden: contributed to estimated rule cost total"),
        (where, "Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema"),
    ]
