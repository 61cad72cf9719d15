"""The typed objects cost no more than their fields."""

import gc

from api.documents import POD, pod_document

from petset.api.decode import decode
from petset.api.kinds import KINDS
from petset.api.untyped import Untyped, model_of


def test_the_collector_has_nothing_to_do_with_objects_of_the_api() -> None:
    pod = decode(POD, pod_document()).obj
    assert not any(map(gc.is_tracked, (pod, pod.metadata, pod.spec, pod.spec.containers[0])))
    assert not any(kind.model.__struct_config__.gc for kind in KINDS)


def test_neither_with_those_of_custom_kinds() -> None:
    assert not gc.is_tracked(model_of("Backup")(content={"spec": {"schedule": []}}))
    assert not Untyped.__struct_config__.gc
