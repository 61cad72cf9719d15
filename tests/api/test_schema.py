"""The generated facts agree with the structs, and say what Kubernetes says where it matters most."""

import msgspec
import pytest
from api.documents import POD

from petset.api import models, schema
from petset.api.kinds import KINDS
from petset.api.models import apps_v1, core_v1

NAMES = sorted(schema._entries())


@pytest.mark.parametrize("name", NAMES)
def test_the_data_file_has_every_field_of_the_struct_and_no_other(name: str) -> None:
    module, _, struct = name.partition(".")
    model = getattr(getattr(models, module), struct)
    assert set(schema.shape(model).fields) == set(model.__struct_encode_fields__)
    for field in msgspec.structs.fields(model):
        known = schema.shape(model).fields[field.encode_name]
        assert known.always or not field.required, f"{name}.{field.name} is required but may vanish"


def test_every_served_kind_has_a_shape() -> None:
    assert all(schema.shape(kind.model).fields for kind in KINDS)


def test_pointers_and_merge_keys_are_known() -> None:
    spec = schema.shape(apps_v1.StatefulSetSpec).fields
    assert spec["replicas"].pointer and not spec["minReadySeconds"].pointer
    containers = schema.shape(core_v1.PodSpec).fields["containers"]
    assert (containers.strategies, containers.merge_key) == ({"merge"}, "name")
    assert schema.shape(core_v1.Container).fields["ports"].list_keys == ("containerPort", "protocol")
    assert schema.shape(POD.model).fields["spec"].type.go == "v1.PodSpec"
