"""What a user leaves out is filled in as Kubernetes does it, and what Go would not store is not stored."""

from base64 import b64encode
from typing import Any

import pytest
from api.documents import (
    CLAIM,
    NAMESPACE,
    NODE,
    POD,
    SECRET,
    SERVICE,
    SLICE,
    STATEFULSET,
    STORAGE_CLASS,
    VOLUME,
    pod,
    pod_document,
    set_document,
    statefulset,
    stored,
)
from hypothesis import given
from hypothesis import strategies as st

from petset.api.defaults import apply_defaults
from petset.api.defaults.pods import pull_policy
from petset.api.encode import to_document
from petset.api.objects import copy


def test_a_pod_gets_all_that_kubernetes_fills_in() -> None:
    assert to_document(pod())["spec"] == {
        "containers": [
            {
                "name": "main",
                "image": "shop/web:3",
                "imagePullPolicy": "IfNotPresent",
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }


def test_a_template_gets_the_same_but_what_only_a_pod_has() -> None:
    template = to_document(statefulset())["spec"]["template"]["spec"]
    assert template["dnsPolicy"] == "ClusterFirst"
    assert "enableServiceLinks" not in template


def test_a_pod_requests_what_it_limits_and_a_template_does_not_yet() -> None:
    limits = {"limits": {"cpu": "0.5", "memory": "1024Mi"}, "requests": {"cpu": "250m"}}
    container = pod(spec__containers__0__resources=limits).spec.containers[0]
    assert container.resources.requests == {"cpu": "250m", "memory": "1Gi"}
    in_set = statefulset(spec__template__spec__containers__0__resources=limits).spec.template.spec.containers[0]
    assert in_set.resources.requests == {"cpu": "250m"}


ONE, HALF = {"cpu": "1", "memory": "1Gi"}, {"cpu": "500m", "memory": "512Mi"}
PAGES = {"hugepages-2Mi": "4Mi", "cpu": "1"}
WHOLE: list[tuple[Any, list[Any], Any]] = [
    ({"limits": ONE}, [{}], {"limits": ONE, "requests": ONE}),
    ({"limits": ONE}, [{"requests": {"cpu": "300m"}}], {"limits": ONE, "requests": {**ONE, "cpu": "300m"}}),
    (
        {"limits": ONE, "requests": {"cpu": "800m"}},
        [{"requests": HALF}, {"requests": {"memory": "256Mi"}}],
        {"limits": ONE, "requests": {"cpu": "800m", "memory": "768Mi"}},
    ),
    ({"requests": ONE}, [{"limits": HALF}, {"limits": HALF}], {"limits": ONE, "requests": ONE}),
    (
        {"requests": ONE},
        [{"limits": HALF}, {"limits": {"cpu": "2"}}],
        {"limits": {"cpu": "2500m"}, "requests": ONE},
    ),
    ({"requests": ONE}, [{"limits": HALF}, {}], {"requests": ONE}),
    (
        {"requests": ONE},
        [{"limits": PAGES}],
        {"limits": {"hugepages-2Mi": "4Mi"}, "requests": {**ONE, "hugepages-2Mi": "4Mi"}},
    ),
    (
        {"requests": {**ONE, "hugepages-2Mi": "8Mi"}},
        [{"limits": PAGES}],
        {"requests": {**ONE, "hugepages-2Mi": "8Mi"}, "limits": {"cpu": "1"}},
    ),
    ({}, [{"limits": PAGES}], {}),
]


@pytest.mark.parametrize(("own", "containers", "expected"), WHOLE)
def test_what_a_pod_gets_as_a_whole_follows_from_its_containers(
    own: Any, containers: list[Any], expected: Any
) -> None:
    listed = [{"name": f"c{i}", "image": "i", "resources": each} for i, each in enumerate(containers)]
    assert to_document(pod(spec__resources=own, spec__containers=listed))["spec"]["resources"] == expected


def test_a_pod_limits_nothing_that_one_of_its_first_containers_leaves_open() -> None:
    first = [{"name": "first", "image": "i", "resources": {"limits": {"cpu": "3"}}}]
    ordinary = [{"name": "main", "image": "i", "resources": {"limits": ONE}}]
    found = pod(spec__resources={"requests": HALF}, spec__initContainers=first, spec__containers=ordinary)
    assert found.spec.resources.limits == {"cpu": "3"}


DEFAULTED: list[tuple[str, Any, Any]] = [
    (
        "containers.0.readinessProbe",
        {"httpGet": {"port": 80}, "initialDelaySeconds": 0},
        {
            "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
            "timeoutSeconds": 1,
            "periodSeconds": 10,
            "successThreshold": 1,
            "failureThreshold": 3,
        },
    ),
    ("containers.0.ports", [{"containerPort": 80}], [{"containerPort": 80, "protocol": "TCP"}]),
    (
        "containers.0.env",
        [{"name": "A", "value": ""}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        [
            {"name": "A"},
            {"name": "B", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
        ],
    ),
    (
        "containers.0.env",
        [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}],
        [{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}}}],
    ),
    ("volumes", [{"name": "v"}], [{"name": "v", "emptyDir": {}}]),
    (
        "volumes",
        [{"name": "v", "hostPath": {"path": "/x"}}],
        [{"name": "v", "hostPath": {"path": "/x", "type": ""}}],
    ),
    (
        "volumes",
        [{"name": "v", "configMap": {"name": "c"}}, {"name": "w", "secret": {"secretName": "s", "defaultMode": 0}}],
        [
            {"name": "v", "configMap": {"name": "c", "defaultMode": 420}},
            {"name": "w", "secret": {"secretName": "s", "defaultMode": 0}},
        ],
    ),
    (
        "volumes",
        [{"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}],
        [
            {
                "name": "v",
                "projected": {
                    "defaultMode": 420,
                    "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
                },
            }
        ],
    ),
    ("serviceAccountName", "robot", "robot"),
]


@pytest.mark.parametrize(("path", "given", "expected"), DEFAULTED)
@pytest.mark.parametrize("where", ["pod", "template"])
def test_parts_of_a_pod_are_filled_in_wherever_it_stands(path: str, given: Any, expected: Any, where: str) -> None:
    prefix = "spec." if where == "pod" else "spec.template.spec."
    change = {(prefix + path).replace(".", "__"): given}
    obj = pod(**change) if where == "pod" else statefulset(**change)
    found: Any = to_document(obj)
    for step in (prefix + path).split("."):
        found = found[int(step)] if isinstance(found, list) else found[step]
    assert found == expected


def test_the_old_name_of_the_service_account_mirrors_the_new_one() -> None:
    assert pod(spec__serviceAccountName="robot").spec.serviceAccount == "robot"
    assert pod(spec__serviceAccount="robot").spec.serviceAccountName == "robot"


def test_ports_of_a_pod_on_the_hosts_network_are_the_hosts() -> None:
    on_host = pod(spec__hostNetwork=True, spec__containers__0__ports=[{"containerPort": 80}])
    assert on_host.spec.containers[0].ports[0].hostPort == 80


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("redis", "Always"),
        ("redis:latest", "Always"),
        ("redis:7", "IfNotPresent"),
        ("registry.example:5000/team/redis", "Always"),
        ("registry.example:5000/team/redis:7", "IfNotPresent"),
        (f"redis@sha256:{'a' * 64}", "IfNotPresent"),
        (f"redis:latest@sha256:{'a' * 64}", "Always"),
        ("NOT an image", "IfNotPresent"),
        ("", "IfNotPresent"),
    ],
)
def test_an_image_is_pulled_always_only_when_its_tag_is_latest(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_zero_values_vanish_unless_the_field_is_a_pointer() -> None:
    document = to_document(
        pod(
            spec__hostNetwork=False,
            spec__hostname="",
            spec__nodeSelector={},
            spec__tolerations=[],
            spec__automountServiceAccountToken=False,
            spec__containers__0__tty=False,
            spec__containers__0__securityContext={"privileged": False, "runAsUser": 0},
        )
    )["spec"]
    assert not {"hostNetwork", "hostname", "nodeSelector", "tolerations"} & set(document)
    assert document["automountServiceAccountToken"] is False
    assert "tty" not in document["containers"][0]
    assert document["containers"][0]["securityContext"] == {"privileged": False, "runAsUser": 0}


SET_DEFAULTS = {
    "replicas": 1,
    "podManagementPolicy": "OrderedReady",
    "revisionHistoryLimit": 10,
    "serviceName": "",
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}},
}


def test_a_set_gets_the_defaults_of_rule_4() -> None:
    spec = to_document(statefulset())["spec"]
    assert {name: spec[name] for name in SET_DEFAULTS} == SET_DEFAULTS


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}}),
        ({"type": "RollingUpdate"}, {"type": "RollingUpdate"}),
        (
            {"type": "RollingUpdate", "rollingUpdate": {}},
            {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}},
        ),
        (
            {"rollingUpdate": {"partition": 2}},
            {"type": "RollingUpdate", "rollingUpdate": {"partition": 2, "maxUnavailable": 1}},
        ),
        ({"type": "OnDelete"}, {"type": "OnDelete"}),
    ],
)
def test_the_rolling_update_block_appears_only_where_no_type_was_named(given: Any, expected: Any) -> None:
    """Rule 5."""
    assert to_document(statefulset(spec__updateStrategy=given))["spec"]["updateStrategy"] == expected


def test_each_missing_half_of_the_retention_policy_is_filled_in() -> None:
    policy = statefulset(spec__persistentVolumeClaimRetentionPolicy={"whenScaled": "Delete"}).spec
    assert to_document(policy)["persistentVolumeClaimRetentionPolicy"] == {
        "whenDeleted": "Retain",
        "whenScaled": "Delete",
    }


def test_claim_templates_look_as_rule_7_says() -> None:
    size = {"requests": {"storage": "1024Mi"}}
    found = statefulset(spec__volumeClaimTemplates__0__spec__resources=size)
    assert to_document(found)["spec"]["volumeClaimTemplates"] == [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "d"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
                "volumeMode": "Filesystem",
            },
            "status": {"phase": "Pending"},
        }
    ]


SERVICES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"ports": [{"port": 80}], "selector": {"a": "b"}},
        {
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}],
        },
    ),
    ({"clusterIP": "None", "selector": {"a": "b"}}, {"clusterIPs": ["None"], "ipFamilyPolicy": "SingleStack"}),
    ({"clusterIP": "None"}, {"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack"}),
    ({"sessionAffinity": "ClientIP"}, {"sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}}}),
    ({"type": "NodePort"}, {"externalTrafficPolicy": "Cluster"}),
    ({"type": "LoadBalancer"}, {"allocateLoadBalancerNodePorts": True}),
]


@pytest.mark.parametrize(("given", "expected"), SERVICES)
def test_a_service_is_filled_in(given: dict[str, Any], expected: dict[str, Any]) -> None:
    spec = to_document(stored(SERVICE, {"spec": given}))["spec"]
    assert {name: spec.get(name) for name in expected} == expected


def test_the_smaller_kinds_are_filled_in() -> None:
    assert stored(NAMESPACE, {"metadata": {"name": "a"}}).metadata.labels == {"kubernetes.io/metadata.name": "a"}
    assert stored(NODE, {"status": {"capacity": {"cpu": "2"}}}).status.allocatable == {"cpu": "2"}
    assert stored(VOLUME, {}).spec.persistentVolumeReclaimPolicy == "Retain"
    assert stored(STORAGE_CLASS, {"provisioner": "x/y"}).volumeBindingMode == "Immediate"
    port = stored(SLICE, {"addressType": "IPv4", "ports": [{"port": 80}]}).ports[0]
    assert (port.name, port.protocol) == ("", "TCP")


def test_a_claims_two_ways_to_name_a_source_agree() -> None:
    source = {"apiGroup": "snapshot.storage.k8s.io", "kind": "VolumeSnapshot", "name": "s"}
    assert to_document(stored(CLAIM, {"spec": {"dataSource": source}}))["spec"]["dataSourceRef"] == source
    assert to_document(stored(CLAIM, {"spec": {"dataSourceRef": source}}))["spec"]["dataSource"] == source


def test_plain_data_of_a_secret_is_stored_encoded() -> None:
    secret = stored(SECRET, {"data": {"a": "eA==", "b": "eA=="}, "stringData": {"b": "long live the king"}})
    assert secret.data == {"a": "eA==", "b": b64encode(b"long live the king").decode()}
    assert secret.stringData is None
    assert secret.type == "Opaque"


strategies = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["RollingUpdate", "OnDelete"]),
        "rollingUpdate": st.fixed_dictionaries({}, optional={"partition": st.integers(0, 3)}),
    },
)
probes = st.fixed_dictionaries({"tcpSocket": st.just({"port": 1})}, optional={"periodSeconds": st.integers(0, 3)})
amounts = st.sampled_from(["1", "0.5", "500m", "1024Mi", "1Gi", "1e3"])


@given(
    strategies,
    st.none() | probes,
    st.dictionaries(st.sampled_from(["cpu", "memory"]), amounts),
    st.booleans(),
)
def test_defaulting_twice_changes_nothing(strategy: Any, probe: Any, limits: Any, host: bool) -> None:
    container = {"name": "c", "image": "i", "livenessProbe": probe, "resources": {"limits": limits}}
    documents = (
        (POD, pod_document(spec__containers=[container], spec__hostNetwork=host)),
        (
            STATEFULSET,
            set_document(spec__updateStrategy=strategy, spec__template__spec__containers=[container]),
        ),
    )
    for kind, document in documents:
        once = stored(kind, document)
        assert apply_defaults(kind, copy(once)) == once
        assert stored(kind, to_document(once)) == once
