"""The cells that `kubectl get` shows, kind by kind."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petset.api import kinds
from petset.apiserver import tables
from petset.apiserver.bodies import SCALE
from petset.apiserver.tables import durations
from petset.apiserver.tables.rendering import Source, table
from petset.registry.forms import to_stored

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def ago(**units: float) -> str:
    return (NOW - timedelta(**units)).isoformat().replace("+00:00", "Z")


def row(api_version: str, kind: str, document: dict[str, Any]) -> list[Any]:
    known = kinds.by_type(api_version, kind)
    assert known is not None
    meta = {"name": "it", "creationTimestamp": ago(minutes=5), **document.pop("metadata", {})}
    obj = to_stored(known, msgspec.convert({"metadata": meta, **document}, known.model))
    printer = tables.of_kind(known)
    cells = printer.cells(obj, NOW)
    assert len(cells) == len(printer.columns)
    return cells


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (125, "2m5s"),
        (599, "9m59s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (11100, "3h5m"),
        (28800, "8h"),
        (172799, "47h"),
        (172800, "2d"),
        (180000, "2d2h"),
        (691200, "8d"),
        (63071999, "729d"),
        (63072000, "2y"),
        (64800000, "2y20d"),
        (252288000, "8y"),
    ],
)
def test_ages_read_as_in_kubernetes(seconds: float, text: str) -> None:
    assert durations.human(timedelta(seconds=seconds)) == text


@given(st.integers(min_value=0, max_value=10**9))
def test_safety_an_age_is_never_shown_as_more_than_it_is(seconds: int) -> None:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365 * 86400}
    total, number = 0, ""
    for char in durations.human(timedelta(seconds=seconds)):
        if char.isdigit():
            number += char
        else:
            total, number = total + int(number) * units[char], ""
    assert total <= seconds


RUNNING = {"running": {"startedAt": ago(minutes=4)}}
DONE = {"terminated": {"exitCode": 0, "reason": "Completed"}}


def container(name: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "image": "i", "imageID": "", "ready": False, "restartCount": 0, "state": state, **more}


def pod(status: dict[str, Any], containers: int = 1, **spec: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": f"c{i}"} for i in range(containers)], **spec}, "status": status}


SIDECAR = {"initContainers": [{"name": "s", "restartPolicy": "Always"}]}
INIT = {"initContainers": [{"name": "a"}, {"name": "b"}]}
CRASHED = {"terminated": {"exitCode": 1, "reason": "Error", "finishedAt": ago(minutes=3)}}
PODS: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("waits for a node", pod({"phase": "Pending"}), ("0/1", "Pending", "0")),
    (
        "is gated",
        pod(
            {
                "phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
            }
        ),
        ("0/1", "SchedulingGated", "0"),
    ),
    (
        "is being made",
        pod(
            {
                "phase": "Pending",
                "containerStatuses": [container("c0", {"waiting": {"reason": "ContainerCreating"}})],
            }
        ),
        ("0/1", "ContainerCreating", "0"),
    ),
    (
        "runs",
        pod({"phase": "Running", "containerStatuses": [container("c0", RUNNING, ready=True)]}),
        ("1/1", "Running", "0"),
    ),
    (
        "crashes again and again",
        pod(
            {
                "phase": "Running",
                "containerStatuses": [
                    container("c0", {"waiting": {"reason": "CrashLoopBackOff"}}, restartCount=2, lastState=CRASHED)
                ],
            }
        ),
        ("0/1", "CrashLoopBackOff", "2 (3m ago)"),
    ),
    (
        "is done",
        pod({"phase": "Succeeded", "containerStatuses": [container("c0", DONE)]}),
        ("0/1", "Completed", "0"),
    ),
    (
        "failed without a reason",
        pod({"phase": "Failed", "containerStatuses": [container("c0", {"terminated": {"exitCode": 3}})]}),
        ("0/1", "ExitCode:3", "0"),
    ),
    (
        "was killed by a signal",
        pod(
            {
                "phase": "Failed",
                "containerStatuses": [container("c0", {"terminated": {"exitCode": 0, "signal": 9}})],
            }
        ),
        ("0/1", "Signal:9", "0"),
    ),
    (
        "is half done and half ready",
        pod(
            {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "True"}],
                "containerStatuses": [container("c0", DONE), container("c1", RUNNING, ready=True)],
            },
            containers=2,
        ),
        ("1/2", "Running", "0"),
    ),
    (
        "is half done and not ready",
        pod(
            {
                "phase": "Running",
                "containerStatuses": [container("c0", DONE), container("c1", RUNNING, ready=True)],
            },
            containers=2,
        ),
        ("1/2", "NotReady", "0"),
    ),
    (
        "was evicted",
        pod({"phase": "Failed", "reason": "Evicted"}),
        ("0/1", "Evicted", "0"),
    ),
    (
        "runs its first init container",
        pod({"phase": "Pending", "initContainerStatuses": [container("a", RUNNING), container("b", {})]}, **INIT),
        ("0/1", "Init:0/2", "0"),
    ),
    (
        "runs its second init container",
        pod({"phase": "Pending", "initContainerStatuses": [container("a", DONE), container("b", RUNNING)]}, **INIT),
        ("0/1", "Init:1/2", "0"),
    ),
    (
        "fails to initialize",
        pod({"phase": "Pending", "initContainerStatuses": [container("a", CRASHED, restartCount=1)]}, **INIT),
        ("0/1", "Init:Error", "1"),
    ),
    (
        "fails to initialize without a reason",
        pod(
            {"phase": "Pending", "initContainerStatuses": [container("a", {"terminated": {"exitCode": 7}})]}, **INIT
        ),
        ("0/1", "Init:ExitCode:7", "0"),
    ),
    (
        "has a sidecar that runs",
        pod(
            {
                "phase": "Running",
                "initContainerStatuses": [container("s", RUNNING, ready=True, started=True, restartCount=1)],
                "containerStatuses": [container("c0", RUNNING, ready=True)],
            },
            **SIDECAR,
        ),
        ("2/2", "Running", "1"),
    ),
    (
        "is going",
        {
            **pod({"phase": "Running", "containerStatuses": [container("c0", RUNNING, ready=True)]}),
            "metadata": {"deletionTimestamp": ago(seconds=1)},
        },
        ("1/1", "Terminating", "0"),
    ),
    (
        "is going from a lost node",
        {
            **pod({"phase": "Running", "reason": "NodeLost"}),
            "metadata": {"deletionTimestamp": ago(seconds=1)},
        },
        ("0/1", "Unknown", "0"),
    ),
    (
        "is done and going",
        {
            **pod({"phase": "Succeeded", "containerStatuses": [container("c0", DONE)]}),
            "metadata": {"deletionTimestamp": ago(seconds=1)},
        },
        ("0/1", "Completed", "0"),
    ),
]


@pytest.mark.parametrize(("document", "expected"), [case[1:] for case in PODS], ids=[case[0] for case in PODS])
def test_a_pods_status_tells_the_most_telling_thing(
    document: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    cells = row("v1", "Pod", dict(document))
    assert (cells[1], cells[2], cells[3]) == expected


def test_a_pods_wide_columns_say_where_it_is() -> None:
    document = pod(
        {"podIP": "10.0.0.7", "conditions": [{"type": "my/gate", "status": "True"}]},
        nodeName="n1",
        readinessGates=[{"conditionType": "my/gate"}, {"conditionType": "other"}],
    )
    assert row("v1", "Pod", document)[4:] == ["5m", "10.0.0.7", "n1", "<none>", "1/2"]
    assert row("v1", "Pod", pod({}))[5:] == ["<none>"] * 4


CLAIM_META = {"metadata": {"name": "data"}}
TEMPLATE = {
    "metadata": {"labels": {"app": "old"}},
    "spec": {"containers": [{"name": "a", "image": "redis"}, {"name": "b", "image": "log"}]},
}
ROWS: list[tuple[str, str, dict[str, Any], list[Any]]] = [
    (
        "apps/v1",
        "StatefulSet",
        {
            "spec": {
                "replicas": 3,
                "selector": {},
                "serviceName": "s",
                "template": {"spec": {"containers": [{"name": "a", "image": "i:1"}, {"name": "b", "image": "j"}]}},
            },
            "status": {"replicas": 3, "readyReplicas": 2},
        },
        ["it", "2/3", "5m", "a,b", "i:1,j"],
    ),
    (
        "apps/v1",
        "ControllerRevision",
        {
            "revision": 4,
            "data": {},
            "metadata": {
                "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "u", "controller": True}
                ]
            },
        },
        ["it", "statefulset.apps/web", 4, "5m"],
    ),
    (
        "v1",
        "Service",
        {
            "spec": {
                "type": "ClusterIP",
                "clusterIP": "None",
                "selector": {"b": "2", "a": "1"},
                "ports": [{"port": 6379}],
            }
        },
        ["it", "ClusterIP", "None", "<none>", "6379/TCP", "5m", "a=1,b=2"],
    ),
    (
        "v1",
        "Service",
        {
            "spec": {
                "type": "LoadBalancer",
                "clusterIPs": ["10.96.0.9"],
                "ports": [{"port": 80, "nodePort": 30080}, {"port": 53, "protocol": "UDP"}],
            }
        },
        ["it", "LoadBalancer", "10.96.0.9", "<pending>", "80:30080/TCP,53/UDP", "5m", "<none>"],
    ),
    (
        "v1",
        "Service",
        {"spec": {"type": "ExternalName", "externalName": "db.example"}},
        ["it", "ExternalName", "<none>", "db.example", "<none>", "5m", "<none>"],
    ),
    (
        "v1",
        "PersistentVolumeClaim",
        {
            "spec": {"volumeName": "pv1", "storageClassName": "local", "volumeMode": "Filesystem"},
            "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]},
        },
        ["it", "Bound", "pv1", "1Gi", "RWO", "local", "<unset>", "5m", "Filesystem"],
    ),
    (
        "v1",
        "PersistentVolumeClaim",
        {"spec": {"volumeMode": "Filesystem"}, "status": {"phase": "Pending"}},
        ["it", "Pending", "", "", "", "", "<unset>", "5m", "<unset>"],
    ),
    (
        "v1",
        "PersistentVolume",
        {
            "spec": {
                "capacity": {"storage": "1Gi"},
                "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Delete",
                "claimRef": {"namespace": "default", "name": "data-web-0"},
                "storageClassName": "local",
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Bound"},
        },
        [
            "it",
            "1Gi",
            "RWO,RWX",
            "Delete",
            "Bound",
            "default/data-web-0",
            "local",
            "<unset>",
            "",
            "5m",
            "Filesystem",
        ],
    ),
    (
        "v1",
        "Node",
        {
            "metadata": {
                "labels": {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": ""}
            },
            "spec": {"unschedulable": True},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            },
        },
        ["it", "Ready,SchedulingDisabled", "control-plane,worker", "5m", "", "10.0.0.1", "<none>"]
        + ["<unknown>"] * 3,
    ),
    ("v1", "Namespace", {"status": {"phase": "Active"}}, ["it", "Active", "5m"]),
    ("v1", "ConfigMap", {"data": {"a": "1"}, "binaryData": {"b": "Mg=="}}, ["it", 2, "5m"]),
    ("v1", "Secret", {"type": "Opaque", "data": {"a": "MQ=="}}, ["it", "Opaque", 1, "5m"]),
    ("v1", "ServiceAccount", {}, ["it", 0, "5m"]),
    (
        "v1",
        "Endpoints",
        {"subsets": [{"addresses": [{"ip": f"10.0.0.{i}"} for i in range(5)], "ports": [{"port": 6379}]}]},
        ["it", "10.0.0.0:6379,10.0.0.1:6379,10.0.0.2:6379 + 2 more...", "5m"],
    ),
    ("v1", "Endpoints", {}, ["it", "<none>", "5m"]),
    (
        "discovery.k8s.io/v1",
        "EndpointSlice",
        {
            "addressType": "IPv4",
            "ports": [{"port": 6379}],
            "endpoints": [{"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"]}],
        },
        ["it", "IPv4", "6379", "10.0.0.1,10.0.0.2", "5m"],
    ),
    (
        "storage.k8s.io/v1",
        "StorageClass",
        {
            "provisioner": "petset.dev/local",
            "metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        },
        ["it (default)", "petset.dev/local", "Delete", "Immediate", False, "5m"],
    ),
    ("coordination.k8s.io/v1", "Lease", {"spec": {"holderIdentity": "me"}}, ["it", "me", "5m"]),
    (
        "v1",
        "Event",
        {
            "involvedObject": {"kind": "Pod", "name": "web-0", "fieldPath": "spec.containers{a}"},
            "source": {"component": "kubelet", "host": "n1"},
            "type": "Normal",
            "reason": "Started",
            "message": "Started container\n",
            "count": 3,
            "firstTimestamp": ago(minutes=4),
            "lastTimestamp": ago(seconds=9),
        },
        [
            "9s",
            "Normal",
            "Started",
            "pod/web-0",
            "spec.containers{a}",
            "kubelet, n1",
            "Started container",
            "4m",
            3,
            "it",
        ],
    ),
    (
        "v1",
        "ReplicationController",
        {
            "spec": {"replicas": 3, "selector": {"app": "old"}, "template": TEMPLATE},
            "status": {"replicas": 2, "readyReplicas": 1},
        },
        ["it", 3, 2, 1, "5m", "a,b", "redis,log", "app=old"],
    ),
    (
        "v1",
        "ComponentStatus",
        {"conditions": [{"type": "Healthy", "status": "False", "message": "late", "error": "no answer"}]},
        ["it", "Unhealthy", "late", "no answer"],
    ),
    (
        "apiregistration.k8s.io/v1",
        "APIService",
        {
            "spec": {
                "groupPriorityMinimum": 1,
                "versionPriority": 1,
                "service": {"namespace": "a", "name": "b"},
            },
            "status": {"conditions": [{"type": "Available", "status": "False", "reason": "NotAggregated"}]},
        },
        ["it", "a/b", "False (NotAggregated)", "5m"],
    ),
    (
        "storage.k8s.io/v1",
        "CSIDriver",
        {"spec": {"tokenRequests": [{"audience": "a"}, {"audience": "b"}], "volumeLifecycleModes": ["Persistent"]}},
        ["it", True, False, False, "a,b", False, "Persistent", "5m"],
    ),
    (
        "storage.k8s.io/v1",
        "CSINode",
        {"spec": {"drivers": [{"name": "d", "nodeID": "n"}]}},
        ["it", 1, "5m"],
    ),
    (
        "storage.k8s.io/v1",
        "CSIStorageCapacity",
        {"storageClassName": "fast", "capacity": "1Gi"},
        ["it", "fast", "1Gi"],
    ),
    (
        "storage.k8s.io/v1",
        "VolumeAttachment",
        {
            "spec": {"attacher": "d", "nodeName": "n", "source": {"persistentVolumeName": "pv"}},
            "status": {"attached": True},
        },
        ["it", "d", "pv", "n", True, "5m"],
    ),
    ("storage.k8s.io/v1", "VolumeAttributesClass", {"driverName": "d"}, ["it", "d", "5m"]),
    (
        "certificates.k8s.io/v1",
        "CertificateSigningRequest",
        {
            "spec": {"request": "", "signerName": "a.b/c", "username": "joe", "expirationSeconds": 7200},
            "status": {"conditions": [{"type": "Approved", "status": "True"}], "certificate": "eA=="},
        },
        ["it", "5m", "a.b/c", "joe", "120m", "Approved,Issued"],
    ),
    ("v1", "PodTemplate", {"template": TEMPLATE}, ["it", "a,b", "redis,log", "app=old"]),
    (
        "events.k8s.io/v1",
        "Event",
        {
            "eventTime": ago(seconds=40),
            "regarding": {"kind": "Pod", "name": "web-0"},
            "reportingController": "scheduler",
            "reason": "Scheduled",
            "note": "on n1",
            "type": "Normal",
        },
        ["40s", "Normal", "Scheduled", "pod/web-0", "", "scheduler", "on n1", "40s", 1, "it"],
    ),
]


def resource(name: str, **target: Any) -> dict[str, Any]:
    return {"type": "Resource", "resource": {"name": name, "target": {"type": "any", **target}}}


@pytest.mark.parametrize(
    ("metrics", "targets"),
    [
        ([], "<none>"),
        ([resource("cpu", averageUtilization=80)], "cpu: <unknown>/80%"),
        ([resource("memory", averageValue="1Gi"), resource("cpu")], "memory: <unknown>/1Gi, cpu: <unknown>/<auto>"),
        ([resource("cpu")] * 4, "cpu: <unknown>/<auto>, cpu: <unknown>/<auto> + 2 more..."),
        (
            [{"type": "Pods", "pods": {"metric": {"name": "q"}, "target": {"type": "any", "averageValue": "5"}}}],
            "<unknown>/5",
        ),
        (
            [
                {
                    "type": "External",
                    "external": {"metric": {"name": "q"}, "target": {"type": "any", "averageValue": "5"}},
                }
            ],
            "<unknown>/5 (avg)",
        ),
    ],
)
def test_what_an_autoscaler_wants_of_each_metric(metrics: list[Any], targets: str) -> None:
    spec = {"scaleTargetRef": {"kind": "StatefulSet", "name": "web"}, "maxReplicas": 3, "metrics": metrics}
    cells = row("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": spec})
    assert cells[1:] == ["StatefulSet/web", targets, "1", 3, 0, "5m"]


@pytest.mark.parametrize(("api_version", "kind", "document", "expected"), ROWS, ids=[case[1] for case in ROWS])
def test_each_kind_has_the_cells_of_kubernetes(
    api_version: str, kind: str, document: dict[str, Any], expected: list[Any]
) -> None:
    assert row(api_version, kind, {**document}) == expected


def test_every_kind_served_has_a_printer_of_its_own() -> None:
    assert {kind.store_key for kind in (*kinds.KINDS, SCALE) if not kind.is_question} == set(tables.PRINTERS)


def test_rows_carry_as_much_of_their_object_as_was_asked() -> None:
    kind = kinds.by_type("v1", "ConfigMap")
    assert kind is not None
    value = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"v"}}'
    source = Source(msgspec.json.decode(value, type=kind.model), value)

    def shown(include: str) -> Any:
        written = table(kind, [source], NOW, list_metadata={}, include_object=include)
        return msgspec.json.decode(written)["rows"][0]["object"]

    assert shown("None") is None
    assert shown("Metadata") == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": "a"},
    }
    assert shown("Object")["data"] == {"k": "v"}
