"""Claims and persistent volumes: each rule that one may break when it is made or changed."""

from typing import Any

import pytest
from api import faults
from api.documents import CLAIM, METADATA, VOLUME, changed, stored

from petset.api.validation.claims import IMMUTABLE_CLAIM

BETA = "volume.beta.kubernetes.io/storage-class"
HOST = {"spec__hostPath": {"path": "/a"}}
NODES = {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "Exists"}]}]}}


def claim(**changes: Any) -> Any:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    return stored(CLAIM, changed({"metadata": METADATA, "spec": spec}, **changes))


def volume(**changes: Any) -> Any:
    spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}}
    return stored(VOLUME, changed({"metadata": {"name": "v"}, "spec": spec}, **changes))


CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"spec__accessModes": []}, "spec.accessModes: Required value: at least 1 access mode is required"),
    ({"spec__accessModes": ["ReadMany"]}, 'spec.accessModes: Unsupported value: "ReadMany": '
     'supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'),
    ({"spec__accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]},
     "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"),
    ({"spec__resources__requests__storage": "0"},
     'spec.resources[storage]: Invalid value: "0": must be greater than zero'),
    ({"spec__dataSource": {"kind": "Secret", "name": "s"}}, 'spec.dataSource: Invalid value: "Secret": '
     "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
    ({"spec__dataSource": {"kind": "PersistentVolumeClaim", "name": ""}}, "spec.dataSource.name: Required value"),
    ({"spec__dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
      "spec__dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "b"}},
     'spec: Invalid value: "spec.dataSource": must match dataSourceRef'),
    ({"spec__volumeAttributesClassName": "A"}, 'spec.volumeAttributesClassName: Invalid value: "A": '),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), faults.table(CLAIMS))
def test_a_claim_that_breaks_a_rule_is_told_so(changes: dict[str, Any], said: str) -> None:
    found = faults.of_new(CLAIM, claim(**changes))
    assert found and found[0].startswith(said), found


BOUND = {"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}}
SIZE = "spec.resources.requests.storage"
CLAIM_CHANGES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    (BOUND, {"spec__resources__requests__storage": "3Gi"}, []),
    ({}, {"spec__resources__requests__storage": "3Gi"}, [f"spec: Forbidden: {IMMUTABLE_CLAIM}"]),
    (BOUND, {"spec__resources__requests__storage": "1500Mi"}, []),
    (BOUND, {"spec__resources__requests__storage": "1Gi"},
     [f"{SIZE}: Forbidden: field can not be less than status.capacity"]),
    ({}, {"spec__storageClassName": "fast"}, []),
    ({"spec__storageClassName": ""}, {"spec__storageClassName": "fast"}, [f"spec: Forbidden: {IMMUTABLE_CLAIM}"]),
    ({"metadata__annotations": {BETA: "slow"}}, {"metadata__annotations": {BETA: "fast"}},
     [f'metadata.annotations.{BETA}: Invalid value: "fast": field is immutable']),
    ({"metadata__annotations": {BETA: "slow"}}, {"spec__storageClassName": "slow"}, []),
    ({**BOUND, "spec__volumeAttributesClassName": "gold"}, {"spec__volumeAttributesClassName": "silver"}, []),
    ({**BOUND, "spec__volumeAttributesClassName": "gold"}, {},
     [f"spec: Forbidden: {IMMUTABLE_CLAIM}",
      "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden"]),
    ({}, {"spec__volumeMode": "Block"},
     [f"spec: Forbidden: {IMMUTABLE_CLAIM}", 'volumeMode: Invalid value: "Block": field is immutable']),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), CLAIM_CHANGES)
def test_a_change_of_a_claim(before: dict[str, Any], after: dict[str, Any], said: list[str]) -> None:
    assert faults.of_update(CLAIM, claim(**after), claim(**before)) == said


def test_what_is_said_of_a_claim() -> None:
    new = claim(status={"phase": "Bound", "allocatedResources": {"cpu": "1"},
                        "allocatedResourceStatuses": {"storage": "Soon"}})  # fmt: skip
    assert faults.of_update(CLAIM, new, claim(), "status") == [
        'status.allocatedResourceStatus: Unsupported value: "storage": supported values: '
        '"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", '
        '"NodeResizeInfeasible", "NodeResizePending"',
        'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
    ]


VOLUMES: list[tuple[dict[str, Any], str]] = [
    ({**HOST, "spec__accessModes": []}, "spec.accessModes: Required value"),
    ({**HOST, "spec__capacity": {"storage": "1Gi", "cpu": "1"}},
     'spec.capacity: Unsupported value: {"cpu":"1","storage":"1Gi"}: supported values: "storage"'),
    ({**HOST, "spec__capacity": {"storage": "0"}},
     'spec.capacity[storage]: Invalid value: "0": must be greater than zero'),
    ({**HOST, "spec__persistentVolumeReclaimPolicy": "Burn"}, "spec.persistentVolumeReclaimPolicy: "
     'Unsupported value: "Burn": supported values: "Delete", "Recycle", "Retain"'),
    ({"spec__hostPath": {"path": "/"}, "spec__persistentVolumeReclaimPolicy": "Recycle"},
     "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"),
    ({}, "spec: Required value: must specify a volume type"),
    ({**HOST, "spec__nfs": {"server": "s", "path": "/a"}},
     "spec.nfs: Forbidden: may not specify more than 1 volume type"),
    ({"spec__local": {"path": "/a"}}, "spec.nodeAffinity: Required value: Local volume requires node affinity"),
    ({**HOST, "spec__nodeAffinity": {}},
     "spec.nodeAffinity.required: Required value: must specify required node constraints"),
    ({"spec__csi": {"driver": "d", "volumeHandle": ""}}, "spec.csi.volumeHandle: Required value"),
    ({"spec__csi": {"driver": "d", "volumeHandle": "h", "nodePublishSecretRef": {"name": "s"}}},
     "spec.csi.nodePublishSecretRef.namespace: Required value"),
    ({"spec__cinder": {"volumeID": "i", "secretRef": {"name": "s"}}},
     "spec.cinder.secretRef.namespace: Required value"),
    ({**HOST, "spec__volumeAttributesClassName": "gold"},
     "spec.csi: Required value: has to be specified when using volumeAttributesClassName"),
    ({"spec__iscsi": {"targetPortal": "p" * 64, "iqn": "eui.0123456789abcdef", "lun": 0,
                      "initiatorName": "eui.0123456789abcdef"}},
     f'spec.iscsi.targetportal: Invalid value: "{"p" * 64}": Total length of <volume name>:<iscsi.targetPortal> '
     "must be under 64 characters if iscsi.initiatorName is specified."),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), faults.table(VOLUMES))
def test_a_volume_that_breaks_a_rule_is_told_so(changes: dict[str, Any], said: str) -> None:
    found = faults.of_new(VOLUME, volume(**changes))
    assert found and found[0].startswith(said), found


CSI = {"driver": "d", "volumeHandle": "h"}
SECRET = {"name": "s", "namespace": "n"}


def beside(key: str) -> dict[str, Any]:
    requirement = {"key": key, "operator": "In", "values": ["a"]}
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": [requirement]}]}}


VOLUME_CHANGES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (HOST, {"spec__hostPath": {"path": "/b"}}, "spec.persistentvolumesource: Forbidden: "
     "spec.persistentvolumesource is immutable after creation"),
    (HOST, {**HOST, "spec__volumeMode": "Block"}, 'volumeMode: Invalid value: "Block": field is immutable'),
    (HOST, {**HOST, "spec__nodeAffinity": NODES}, ""),
    ({**HOST, "spec__nodeAffinity": NODES}, HOST,
     'nodeAffinity: Invalid value: "null": field is immutable, except for updating from beta label to GA'),
    ({**HOST, "spec__nodeAffinity": beside("failure-domain.beta.kubernetes.io/zone")},
     {**HOST, "spec__nodeAffinity": beside("topology.kubernetes.io/zone")}, ""),
    ({"spec__csi": CSI}, {"spec__csi": {**CSI, "controllerExpandSecretRef": SECRET}}, ""),
    ({"spec__csi": CSI, "spec__volumeAttributesClassName": "gold"}, {"spec__csi": CSI},
     "spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden"),
    (HOST, {**HOST, "spec__claimRef": {"name": "c", "namespace": "n"}}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), VOLUME_CHANGES)
def test_a_change_of_a_volume(before: dict[str, Any], after: dict[str, Any], said: str) -> None:
    found = faults.of_update(VOLUME, volume(**after), volume(**before))
    assert found == ([said] if said else [])
