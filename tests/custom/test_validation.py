"""What custom objects are refused for: by their schema, and by its rules, in Kubernetes' words."""

from typing import Any

import pytest
from custom.databases import DATABASES, Data, Document, database, simple, version, with_data

from petset.api.custom.structural import parse
from petset.api.custom.validating import Validator
from petset.api.validation.fields import Faults

ORDERS = f"{DATABASES}/orders"
WIDGETS = "/apis/data.example.com/v1/namespaces/default/widgets"
NOT_CHECKED = (
    "some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def told(schema: Document, value: Any) -> list[tuple[str, str]]:
    """What is wrong with a value of the field `spec.x`: fields and messages."""
    inside = {"type": "object", "properties": {"x": schema}}
    whole = {"type": "object", "properties": {"spec": inside}}
    faults = Faults()
    Validator(whole).check({"spec": {"x": value}}, faults)
    return [(cause.field, cause.message) for cause in faults.causes]


IN_BODY = "spec.x in body"


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "integer"}, "a", f'Invalid value: "string": {IN_BODY} must be of type integer: "string"'),
        ({"type": "string"}, 1, f'Invalid value: "integer": {IN_BODY} must be of type string: "integer"'),
        ({"type": "string"}, None, f'Invalid value: "null": {IN_BODY} must be of type string: "null"'),
        ({"type": "object"}, [], f'Invalid value: "array": {IN_BODY} must be of type object: "array"'),
        ({"type": "integer", "minimum": 1}, 0, f"Invalid value: 0: {IN_BODY} should be greater than or equal to 1"),
        ({"type": "number", "maximum": 1.5}, 2, f"Invalid value: 2: {IN_BODY} should be less than or equal to 1.5"),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True}, 1,
            f"Invalid value: 1: {IN_BODY} should be greater than 1",
        ),
        ({"type": "integer", "multipleOf": 2}, 3, f"Invalid value: 3: {IN_BODY} should be a multiple of 2"),
        ({"type": "string", "pattern": "^a+$"}, "b", f"Invalid value: \"b\": {IN_BODY} should match '^a+$'"),
        ({"type": "string", "minLength": 2}, "b", f'Invalid value: "b": {IN_BODY} should be at least 2 chars long'),
        ({"type": "string", "maxLength": 2}, "abc", "Too long: may not be more than 2 bytes"),
        ({"type": "string", "enum": ["a", "b"]}, "c", 'Unsupported value: "c": supported values: "a", "b"'),
        ({"type": "array", "maxItems": 1}, [1, 2], "Too many: 2: must have at most 1 item"),
        ({"type": "array", "minItems": 2}, [1], f"Invalid value: 1: {IN_BODY} should have at least 2 items"),
        ({"type": "object", "maxProperties": 1}, {"a": 1, "b": 2}, "Too many: 2: must have at most 1 item"),
        (
            {"type": "string", "format": "date-time"}, "soon",
            f'Invalid value: "soon": {IN_BODY} must be of type date-time: "soon"',
        ),
        (
            {"type": "string", "format": "ipv4"}, "::1",
            f'Invalid value: "::1": {IN_BODY} must be of type ipv4: "::1"',
        ),
    ],
)  # fmt: skip
def test_a_value_that_its_schema_refuses(schema: Document, value: Any, message: str) -> None:
    assert told(schema, value) == [("spec.x", message)]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "nullable": True, "enum": ["a"]}, None),
        ({"x-kubernetes-int-or-string": True}, 1),
        ({"x-kubernetes-int-or-string": True}, "50%"),
        ({"type": "integer"}, 3.0),
        ({"type": "string", "format": "whatever"}, "x"),
        ({"type": "string", "format": "duration"}, "1h30m"),
        ({"type": "string", "format": "cidr"}, "10.0.0.0/8"),
        ({"type": "string", "format": "uuid"}, "00000000-0000-4000-8000-000000000000"),
        ({"type": "object", "default": {"a": 1}}, {}),
    ],
)
def test_a_value_that_its_schema_allows(schema: Document, value: Any) -> None:
    assert told(schema, value) == []


def test_alternatives_tell_what_the_nearest_of_them_lacks() -> None:
    schema = {"type": "object", "oneOf": [{"required": ["a"]}, {"required": ["b", "c"]}]}
    assert told(schema, {}) == [
        ("<nil>", 'Invalid value: "": "spec.x" must validate one and only one schema (oneOf). Found none valid'),
        ("spec.x.a", "Required value"),
    ]
    assert told({"type": "object", "not": {"required": ["a"]}}, {"a": 1}) == [
        ("<nil>", 'Invalid value: "": "spec.x" must not validate the schema (not)')
    ]


@with_data
async def test_an_object_is_refused_with_every_field_at_fault(data: Data) -> None:
    await data.define()
    sent = database(engine="oracle", replicas=99, users=[{"name": "Ann"}, {"name": "bob"}, {"name": "bob"}])
    refused = await data.ask("POST", DATABASES, sent)
    assert refused.status == 422
    causes = {(c["field"], c["reason"]): c["message"] for c in refused.json["details"]["causes"]}
    assert causes[("spec.engine", "FieldValueNotSupported")] == (
        'Unsupported value: "oracle": supported values: "postgres", "mysql"'
    )
    assert causes[("spec.replicas", "FieldValueInvalid")] == (
        "Invalid value: 99: spec.replicas in body should be less than or equal to 9"
    )
    assert causes[("spec.users[0].name", "FieldValueInvalid")].endswith("should match '^[a-z][a-z0-9_]*$'")
    assert causes[("spec.users[2]", "FieldValueDuplicate")] == 'Duplicate value: {"name":"bob"}'
    assert refused.json["message"].startswith('Database.data.example.com "orders" is invalid: [')
    missing = await data.ask("POST", DATABASES, {"metadata": {"name": "x"}})
    assert missing.json["message"] == 'Database.data.example.com "x" is invalid: spec: Required value'


@with_data
async def test_embedded_objects_have_a_type(data: Data) -> None:
    await data.define()
    refused = await data.ask("POST", DATABASES, database(template={"metadata": {"name": "x"}}))
    assert [c["field"] for c in refused.json["details"]["causes"]] == [
        "spec.template.apiVersion", "spec.template.kind",
    ]  # fmt: skip


@with_data
async def test_a_status_is_checked_by_itself(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database())
    refused = await data.patch(f"{ORDERS}/status", {"status": {"replicas": "many"}})
    assert refused.json["details"]["causes"][0]["field"] == "status.replicas"
    assert (await data.patch(f"{ORDERS}/status", {"status": {"replicas": 1}})).status == 200


@with_data
async def test_what_was_wrong_before_is_no_hindrance_until_it_is_touched(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database(settings={"a": "x" * 50}, replicas=5))
    stricter = version()
    properties = stricter["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    properties["settings"]["additionalProperties"]["maxLength"] = 10
    url = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databases.data.example.com"
    assert (await data.patch(url, {"spec": {"versions": [stricter]}})).status == 200
    assert (await data.patch(ORDERS, {"spec": {"replicas": 6}})).status == 200
    refused = await data.patch(ORDERS, {"spec": {"settings": {"a": "y" * 50}}})
    assert refused.json["details"]["causes"][0]["field"] == "spec.settings.a"


def ruled(rule: str, **more: Any) -> Document:
    """A definition of widgets whose spec has a rule."""
    spec = {
        "type": "object",
        "x-kubernetes-validations": [{"rule": rule, **more}],
        "properties": {
            "min": {"type": "integer"}, "max": {"type": "integer"}, "name": {"type": "string"},
            "until": {"type": "string", "format": "date-time"},
            "items": {
                "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                "items": {
                    "type": "object", "required": ["id"],
                    "properties": {
                        "id": {"type": "string"},
                        "size": {
                            "type": "integer",
                            "x-kubernetes-validations": [{"rule": "self >= oldSelf", "message": "may not shrink"}],
                        },
                    },
                },
            },
        },
    }  # fmt: skip
    return simple(schema={"type": "object", "properties": {"spec": spec}})


def widget(**spec: Any) -> Document:
    return {"metadata": {"name": "w"}, "spec": spec}


@with_data
async def test_a_rule_refuses_in_its_own_words(data: Data) -> None:
    await data.define(ruled("self.min <= self.max", message="min may not be above max"))
    assert (await data.ask("POST", WIDGETS, widget(min=1, max=2))).status == 201
    refused = await data.patch(f"{WIDGETS}/w", {"spec": {"min": 3}})
    assert refused.status == 422
    assert refused.json["message"] == (
        'Widget.data.example.com "w" is invalid: spec: Invalid value: "object": min may not be above max'
    )


@with_data
async def test_a_rule_may_name_a_reason_a_field_and_a_message_that_is_worked_out(data: Data) -> None:
    rule = {"reason": "FieldValueForbidden", "fieldPath": ".name", "messageExpression": "'not ' + self.name"}
    await data.define(ruled("!has(self.name) || self.name != 'admin'", **rule))
    refused = await data.ask("POST", WIDGETS, widget(name="admin"))
    assert refused.json["details"]["causes"] == [
        {"reason": "FieldValueForbidden", "message": "Forbidden: not admin", "field": "spec.name"}
    ]


@with_data
async def test_a_rule_about_changes_is_tried_on_changes_alone(data: Data) -> None:
    await data.define(ruled("self.name == oldSelf.name", message="name is immutable"))
    assert (await data.ask("POST", WIDGETS, widget(name="a", items=[{"id": "x", "size": 3}]))).status == 201
    assert (await data.patch(f"{WIDGETS}/w", {"spec": {"min": 1}})).status == 200
    refused = await data.patch(f"{WIDGETS}/w", {"spec": {"name": "b"}})
    assert "name is immutable" in refused.json["message"]
    moved = [{"id": "new", "size": 1}, {"id": "x", "size": 2}]
    shrunk = await data.patch(f"{WIDGETS}/w", {"spec": {"items": moved}})
    [cause] = shrunk.json["details"]["causes"]
    assert (cause["field"], cause["message"]) == (
        "spec.items[1].size",
        'Invalid value: "integer": may not shrink',
    )


@with_data
async def test_a_rule_may_do_without_an_old_value(data: Data) -> None:
    rule = "oldSelf.hasValue() || self.min == 1"
    await data.define(ruled(rule, optionalOldSelf=True, message="must start at 1"))
    assert (await data.ask("POST", WIDGETS, widget(min=2))).status == 422
    assert (await data.ask("POST", WIDGETS, widget(min=1))).status == 201
    assert (await data.patch(f"{WIDGETS}/w", {"spec": {"min": 2}})).status == 200


@with_data
async def test_rules_see_times_as_times(data: Data) -> None:
    await data.define(ruled("self.until > timestamp('2026-01-01T00:00:00Z') + duration('1h')"))
    assert (await data.ask("POST", WIDGETS, widget(until="2026-01-01T00:30:00Z"))).status == 422
    assert (await data.ask("POST", WIDGETS, widget(until="2026-01-01T02:00:00+00:00"))).status == 201


@with_data
async def test_rules_wait_until_the_object_has_its_form(data: Data) -> None:
    await data.define(ruled("self.min <= self.max"))
    refused = await data.ask("POST", WIDGETS, widget(min="x", max=1))
    assert [c["message"] for c in refused.json["details"]["causes"]] == [
        'Invalid value: "string": spec.min in body must be of type integer: "string"',
        f'Invalid value: "null": {NOT_CHECKED}',
    ]


@with_data
async def test_a_rule_that_fails_to_be_tried_refuses(data: Data) -> None:
    await data.define(ruled("self.min / self.max > 0"))
    refused = await data.ask("POST", WIDGETS, widget(min=1, max=0))
    assert "division by zero evaluating rule: self.min / self.max > 0" in refused.json["message"]
    absent = await data.ask("POST", WIDGETS, widget(min=1))
    assert "no such key: max evaluating rule" in absent.json["message"]


@with_data
async def test_selectable_fields_select(data: Data) -> None:
    await data.define()
    await data.made(DATABASES, database("a"))
    await data.made(DATABASES, database("b", engine="mysql"))
    found = await data.get(f"{DATABASES}?fieldSelector=spec.engine%3Dmysql")
    assert [item["metadata"]["name"] for item in found["items"]] == ["b"]
    refused = await data.ask("GET", f"{DATABASES}?fieldSelector=spec.version%3D17")
    assert (refused.status, refused.json["message"]) == (400, "field label not supported: spec.version")


def test_a_schema_is_read_with_kubernetes_own_words() -> None:
    found = parse({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}, "x-other": 1})
    assert (found.list_type, found.items and found.items.type) == ("set", "string")
