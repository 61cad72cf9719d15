"""Every rule that an object may break, with the words in which Kubernetes says so."""

from typing import Any

import pytest
from api.documents import (
    CLAIM,
    CONFIG_MAP,
    EVENT,
    LEASE,
    METADATA,
    NAMESPACE,
    NODE,
    POD,
    REVISION,
    SECRET,
    SERVICE,
    SLICE,
    STATEFULSET,
    STORAGE_CLASS,
    VOLUME,
    pod,
    statefulset,
    stored,
)

from petset.api.errors import Invalid
from petset.api.kinds import Kind
from petset.api.validation import check_create, check_status_update, check_update


def faults(kind: Kind, obj: Any, name: str = "web") -> str:
    """What is said of a new object, without the beginning that is always the same."""
    with pytest.raises(Invalid) as refusal:
        check_create(kind, obj)
    qualified = f"{kind.name}.{kind.group}" if kind.group else kind.name
    beginning = f'{qualified} "{name}" is invalid: '
    assert refusal.value.message.startswith(beginning)
    return refusal.value.message.removeprefix(beginning)


def update_faults(kind: Kind, new: Any, old: Any) -> str:
    with pytest.raises(Invalid) as refusal:
        check_update(kind, new, old)
    return refusal.value.message.partition(" is invalid: ")[2]


AT_LEAST_ZERO = "must be greater than or equal to 0"
STRATEGY = "spec.updateStrategy"
MAX_UNAVAILABLE = f"{STRATEGY}.rollingUpdate.maxUnavailable: Invalid value: "
QUALIFIED = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
NO_MATCH = "`selector` does not match template `labels`"
SECTION_B: list[tuple[dict[str, Any], str]] = [
    (
        {"metadata__name": "w" * 64},
        f'metadata.name: Invalid value: "{"w" * 64}": must be no more than 63 characters',
    ),
    (
        {"spec__podManagementPolicy": "X"},
        "spec.podManagementPolicy: Invalid value: \"X\": must be 'OrderedReady' or 'Parallel'",
    ),
    (
        {"spec__updateStrategy": {"type": "Recreate"}},
        f'{STRATEGY}: Invalid value: {{"Type":"Recreate","RollingUpdate":null}}: '
        "must be 'RollingUpdate' or 'OnDelete'",
    ),
    (
        {"spec__updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}},
        f'{STRATEGY}.rollingUpdate: Invalid value: {{"Partition":1,"MaxUnavailable":null}}: '
        "only allowed for updateStrategy 'RollingUpdate'",
    ),
    (
        {"spec__updateStrategy": {"rollingUpdate": {"partition": -1}}},
        f"{STRATEGY}.rollingUpdate.partition: Invalid value: -1: {AT_LEAST_ZERO}",
    ),
    ({"spec__replicas": -1}, f"spec.replicas: Invalid value: -1: {AT_LEAST_ZERO}"),
    ({"spec__minReadySeconds": -1}, f"spec.minReadySeconds: Invalid value: -1: {AT_LEAST_ZERO}"),
    ({"spec__ordinals": {"start": -1}}, f"spec.ordinals.start: Invalid value: -1: {AT_LEAST_ZERO}"),
    ({"spec__updateStrategy": {"rollingUpdate": {"maxUnavailable": 0}}}, f"{MAX_UNAVAILABLE}0: cannot be 0"),
    (
        {"spec__updateStrategy": {"rollingUpdate": {"maxUnavailable": "110%"}}},
        f'{MAX_UNAVAILABLE}"110%": must not be greater than 100%',
    ),
    (
        {"spec__updateStrategy": {"rollingUpdate": {"maxUnavailable": "many"}}},
        f"{MAX_UNAVAILABLE}\"many\": a valid percent string must be a numeric string followed by an ending '%' "
        "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
    (
        {"spec__selector": ..., "spec__template__metadata__labels": {"app": "bad"}},
        "[spec.selector: Required value, "
        f'spec.template.metadata.labels: Invalid value: {{"app":"bad"}}: {NO_MATCH}]',
    ),
    ({"spec__selector": {}}, "spec.selector: Invalid value: {}: empty selector is invalid for statefulset"),
    (
        {
            "spec__selector": {"matchLabels": {"-app": "web"}},
            "spec__template__metadata__labels": {"app": "web", "-app": "web"},
        },
        f'[spec.selector.matchLabels: Invalid value: "-app": name part {QUALIFIED}, '
        f'spec.template.labels: Invalid value: "-app": name part {QUALIFIED}]',
    ),
    (
        {"spec__template__metadata__labels": {"zz": "1"}},
        f'spec.template.metadata.labels: Invalid value: {{"zz":"1"}}: {NO_MATCH}',
    ),
    (
        {"spec__template__spec__restartPolicy": "Never"},
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ),
    (
        {"spec__template__spec__activeDeadlineSeconds": 5},
        "spec.template.spec.activeDeadlineSeconds: Forbidden: "
        "activeDeadlineSeconds in StatefulSet is not Supported",
    ),
    (
        {"spec__template__spec__activeDeadlineSeconds": 0},
        "[spec.template.spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive, "
        "spec.template.spec.activeDeadlineSeconds: Forbidden: "
        "activeDeadlineSeconds in StatefulSet is not Supported]",
    ),
    (
        {"spec__serviceName": "Bad_Svc"},
        'spec.serviceName: Invalid value: "Bad_Svc": a lowercase RFC 1123 label must consist of lower case '
        "alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  "
        "or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ),
    (
        {"spec__persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Foo"}},
        'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Foo": '
        'supported values: "Retain", "Delete"',
    ),
    (
        {"spec__volumeClaimTemplates__0__spec__accessModes": []},
        "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required",
    ),
    (
        {"spec__template__spec__containers__0__volumeMounts__0__name": "other"},
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "other"',
    ),
]


@pytest.mark.parametrize(("changes", "message"), SECTION_B, ids=[m[:70] for _, m in SECTION_B])
def test_a_new_set_breaks_a_rule_of_section_b(changes: dict[str, Any], message: str) -> None:
    obj = statefulset(**changes)
    assert faults(STATEFULSET, obj, obj.metadata.name) == message


@pytest.mark.parametrize("count", [1, 101, "1%", "100%"])
def test_a_set_may_be_without_this_many_of_its_pods(count: int | str) -> None:
    strategy = {"rollingUpdate": {"maxUnavailable": count}}
    check_create(STATEFULSET, statefulset(spec__updateStrategy=strategy))


def test_a_correct_set_passes() -> None:
    check_create(STATEFULSET, statefulset())


def test_host_names_in_a_sets_template_are_not_looked_at() -> None:
    """Rule 13: the set overrides them."""
    check_create(STATEFULSET, statefulset(spec__template__spec__hostname="NOT_valid"))


ONLY_THESE = (
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
    "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
    "forbidden"
)


@pytest.mark.parametrize(
    "changes",
    [
        {"spec__serviceName": "other"},
        {"spec__podManagementPolicy": "Parallel"},
        {"spec__volumeClaimTemplates__0__spec__resources__requests__storage": "2Gi"},
        {"spec__volumeClaimTemplates": []},
    ],
)
def test_what_is_immutable_in_a_set_stays(changes: dict[str, Any]) -> None:
    """Rule 12."""
    assert ONLY_THESE in update_faults(STATEFULSET, statefulset(**changes), statefulset())


@pytest.mark.parametrize(
    "changes",
    [
        {"spec__replicas": 5},
        {"spec__minReadySeconds": 3},
        {"spec__ordinals": {"start": 2}},
        {"spec__template__spec__containers__0__image": "shop/web:4"},
        {"spec__updateStrategy": {"type": "OnDelete"}},
        {"spec__revisionHistoryLimit": 0},
        {"spec__persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}},
        {"spec__volumeClaimTemplates__0__spec__resources__requests__storage": "1024Mi"},
        {"spec__volumeClaimTemplates__0__spec__resources__requests__storage": "1073741824"},
        {"spec__volumeClaimTemplates__0__metadata__labels": {}},
        {"spec__volumeClaimTemplates__0__kind": "PersistentVolumeClaim"},
        {"spec__selector__matchExpressions": []},
    ],
)
def test_what_may_change_in_a_set_changes(changes: dict[str, Any]) -> None:
    """Rule 12; an equal claim template written differently is no change."""
    check_update(STATEFULSET, statefulset(**changes), statefulset())


def test_a_selector_that_changes_is_told_of_with_the_template_that_it_no_longer_selects() -> None:
    selector = {"matchLabels": {"app": "other"}}
    said = update_faults(STATEFULSET, statefulset(spec__selector=selector), statefulset())
    labels = f'spec.template.metadata.labels: Invalid value: {{"app":"web"}}: {NO_MATCH}'
    assert said.startswith(f"[{labels}, spec: Forbidden: updates to statefulset spec for fields other than ")


def test_a_set_whose_template_was_broken_before_can_still_be_changed() -> None:
    """Rule 13."""
    broken = {"spec__template__spec__containers__0__image": ""}
    check_update(STATEFULSET, statefulset(**broken, spec__replicas=2), statefulset(**broken))
    other = {**broken, "spec__template__spec__terminationGracePeriodSeconds": 5}
    check_update(STATEFULSET, statefulset(**other), statefulset(**broken))


def test_a_correct_template_cannot_be_broken_later() -> None:
    message = update_faults(STATEFULSET, statefulset(spec__template__metadata__labels={"zz": "1"}), statefulset())
    assert message == f'spec.template.metadata.labels: Invalid value: {{"zz":"1"}}: {NO_MATCH}'


STATUS: list[tuple[dict[str, Any], str]] = [
    ({"currentReplicas": -1}, f"status.currentReplicas: Invalid value: -1: {AT_LEAST_ZERO}"),
    ({"observedGeneration": -1}, f"status.observedGeneration: Invalid value: -1: {AT_LEAST_ZERO}"),
    (
        {"collisionCount": -1},
        f"[status.collisionCount: Invalid value: -1: {AT_LEAST_ZERO}, "
        "status.collisionCount: Invalid value: -1: cannot be decremented]",
    ),
    ({"readyReplicas": 4}, "status.readyReplicas: Invalid value: 4: cannot be greater than status.replicas"),
    (
        {"readyReplicas": 1, "availableReplicas": 2},
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas",
    ),
]


@pytest.mark.parametrize(("status", "message"), STATUS)
def test_a_status_that_cannot_be_is_refused(status: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_status_update(STATEFULSET, statefulset(status={"replicas": 3, **status}), statefulset())
    assert refusal.value.message == f'StatefulSet.apps "web" is invalid: {message}'


def test_collisions_never_become_fewer() -> None:
    old, new = (statefulset(status={"replicas": 0, "collisionCount": count}) for count in (2, 1))
    with pytest.raises(Invalid, match="cannot be decremented"):
        check_status_update(STATEFULSET, new, old)


def container(**fields: Any) -> dict[str, Any]:
    return {"spec__containers": [{"name": "main", "image": "i", **fields}]}


C0 = "spec.containers[0]"
PODS: list[tuple[dict[str, Any], str]] = [
    ({"spec__containers": []}, "spec.containers: Required value"),
    (container(image=""), f"{C0}.image: Required value"),
    (container(image=" i"), f'{C0}.image: Invalid value: " i": must not have leading or trailing whitespace'),
    (container(name=""), f"{C0}.name: Required value"),
    ({"spec__containers": [{"name": "a", "image": "i"}] * 2}, 'spec.containers[1].name: Duplicate value: "a"'),
    (
        container(imagePullPolicy="Sometimes"),
        f'{C0}.imagePullPolicy: Unsupported value: "Sometimes": '
        'supported values: "Always", "IfNotPresent", "Never"',
    ),
    (container(ports=[{}]), f"{C0}.ports[0].containerPort: Required value"),
    (
        container(ports=[{"containerPort": 70000}]),
        f"{C0}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ),
    (
        container(ports=[{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}]),
        f'{C0}.ports[1].name: Duplicate value: "a"',
    ),
    (container(env=[{"name": ""}]), f"{C0}.env[0].name: Required value"),
    (
        container(env=[{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
        f'{C0}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ),
    (
        container(env=[{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.colour"}}}]),
        f'{C0}.env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.colour": '
        "error converting fieldPath: field label not supported: spec.colour",
    ),
    (
        container(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": ""}}}]),
        f"{C0}.env[0].valueFrom.secretKeyRef.key: Required value",
    ),
    (
        container(envFrom=[{}]),
        f'{C0}.envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
    ),
    (container(volumeMounts=[{"name": "v", "mountPath": "/v"}]), f'{C0}.volumeMounts[0].name: Not found: "v"'),
    (container(livenessProbe={}), f"{C0}.livenessProbe: Required value: must specify a handler type"),
    (
        container(livenessProbe={"exec": {"command": ["a"]}, "tcpSocket": {"port": 1}}),
        f"{C0}.livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
    ),
    (
        container(livenessProbe={"exec": {"command": ["a"]}, "successThreshold": 2}),
        f"{C0}.livenessProbe.successThreshold: Invalid value: 2: must be 1",
    ),
    (
        container(readinessProbe={"httpGet": {"port": "way-too-long-for-a-port"}}),
        f'{C0}.readinessProbe.httpGet.port: Invalid value: "way-too-long-for-a-port": '
        "must be no more than 15 characters",
    ),
    (
        container(resources={"limits": {"memory": "512Mi"}, "requests": {"memory": "1Gi"}}),
        f'{C0}.resources.requests: Invalid value: "1Gi": must be less than or equal to memory limit of 512Mi',
    ),
    (
        container(resources={"limits": {"cpu": "-1"}, "requests": {}}),
        f'[{C0}.resources.limits[cpu]: Invalid value: "-1": {AT_LEAST_ZERO}, '
        f'{C0}.resources.requests[cpu]: Invalid value: "-1": {AT_LEAST_ZERO}]',
    ),
    (
        container(lifecycle={"preStop": {}}),
        f"{C0}.lifecycle.preStop: Required value: must specify a handler type",
    ),
    (
        {"spec__volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}}]},
        "spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
    ),
    (
        {"spec__volumes": [{"name": "v"}, {"name": "v"}]},
        'spec.volumes[1].name: Duplicate value: "v"',
    ),
    ({"spec__volumes": [{"name": "v", "secret": {}}]}, "spec.volumes[0].secret.secretName: Required value"),
    (
        {"spec__volumes": [{"name": "v", "configMap": {"name": "c", "items": [{"key": "k", "path": "../x"}]}}]},
        "spec.volumes[0].configMap.items[0].path: Invalid value: \"../x\": must not contain '..'",
    ),
    (
        {"spec__restartPolicy": "Maybe"},
        'spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"',
    ),
    (
        {"spec__dnsPolicy": "None"},
        "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
    ),
    (
        {"spec__tolerations": [{"key": "a", "operator": "Exists", "effect": "NoSchedule", "tolerationSeconds": 3}]},
        'spec.tolerations[0].effect: Invalid value: "NoSchedule": '
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
    ),
    (
        {
            "spec__affinity": {
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 0, "podAffinityTerm": {"topologyKey": "zone"}}
                    ]
                }
            }
        },
        "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: "
        "Invalid value: 0: must be in the range 1-100",
    ),
    (
        {"spec__initContainers": [{"name": "main", "image": "i"}]},
        'spec.initContainers[0].name: Duplicate value: "main"',
    ),
]


@pytest.mark.parametrize(("changes", "message"), PODS, ids=[m[:80] for _, m in PODS])
def test_a_new_pod_breaks_a_rule(changes: dict[str, Any], message: str) -> None:
    assert faults(POD, pod(**changes)) == message


def test_every_fault_is_a_cause_with_its_field_and_reason() -> None:
    with pytest.raises(Invalid) as refusal:
        check_create(POD, pod(spec__containers=[{"name": "", "image": ""}], spec__dnsPolicy="X"))
    details = refusal.value.status().details
    assert details is not None
    assert (details.kind, details.name) == ("Pod", "web")
    assert [(cause.reason, cause.field) for cause in details.causes or ()] == [
        ("FieldValueRequired", "spec.containers[0].name"),
        ("FieldValueRequired", "spec.containers[0].image"),
        ("FieldValueNotSupported", "spec.dnsPolicy"),
    ]


METADATA_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"metadata__namespace": ...}, "metadata.namespace: Required value"),
    (
        {"metadata__labels": {"a": "w" * 64}},
        f'metadata.labels: Invalid value: "{"w" * 64}": must be no more than 63 bytes',
    ),
    (
        {"metadata__annotations": {"a": "x" * 262144}},
        "metadata.annotations: Too long: may not be more than 262144 bytes",
    ),
    (
        {"metadata__finalizers": ["mine"]},
        'metadata.finalizers[0]: Invalid value: "mine": '
        "name is neither a standard finalizer name nor is it fully qualified",
    ),
    (
        {"metadata__ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "", "uid": "1"}]},
        'metadata.ownerReferences.name: Invalid value: "": must not be empty',
    ),
]


@pytest.mark.parametrize(("changes", "message"), METADATA_FAULTS)
def test_metadata_breaks_a_rule(changes: dict[str, Any], message: str) -> None:
    assert faults(POD, pod(**changes)) == message


def test_an_object_needs_a_name_or_a_beginning_of_one() -> None:
    assert faults(POD, pod(metadata__name=...), "") == (
        "metadata.name: Required value: name or generateName is required"
    )


def test_who_an_object_is_never_changes() -> None:
    old, new = pod(metadata__uid="1"), pod(metadata__uid="2")
    assert update_faults(POD, new, old) == 'metadata.uid: Invalid value: "2": field is immutable'


def test_an_object_on_its_way_out_takes_no_new_finalizers() -> None:
    gone = {"metadata__deletionTimestamp": "2026-01-01T00:00:00Z"}
    old, new = pod(**gone, metadata__finalizers=["a/b"]), pod(**gone, metadata__finalizers=["a/b", "c/d"])
    assert update_faults(POD, new, old) == (
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"c/d"}'
    )


def test_a_pods_image_deadline_and_more_tolerations_may_change() -> None:
    old = pod(spec__tolerations=[{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}])
    more = [
        {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
        {"key": "b", "operator": "Exists"},
    ]
    new = pod(spec__tolerations=more, spec__activeDeadlineSeconds=60, spec__containers__0__image="shop/web:4")
    check_update(POD, new, old)


def _resources(memory: str) -> dict[str, Any]:
    return {"spec__containers__0__resources": {"requests": {"memory": memory}}}


@pytest.mark.parametrize("subresource", ["", "resize"])
def test_an_amount_of_a_pod_may_be_written_differently(subresource: str) -> None:
    old, new = pod(**_resources("1Gi")), pod(**_resources("1073741824"))
    check_update(POD, new, old, subresource=subresource)


def test_an_amount_of_a_claim_may_be_written_differently() -> None:
    old, new = (
        stored(CLAIM, {"metadata": METADATA, "spec": {**CLAIM_SPEC, "resources": {"requests": {"storage": size}}}})
        for size in ("1Gi", "1073741824")
    )
    check_update(CLAIM, new, old)


POD_UPDATES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {"spec__nodeName": "n"}, "spec: Forbidden: pod updates may not change fields other than `spec.containers"),
    ({}, {"spec__containers__0__command": ["x"]}, "spec: Forbidden: pod updates may not change fields other than"),
    (
        {},
        {"spec__containers": [{"name": "main", "image": "i"}, {"name": "more", "image": "i"}]},
        "spec.containers: Forbidden: pod updates may not add or remove containers",
    ),
    (
        {"spec__activeDeadlineSeconds": 5},
        {"spec__activeDeadlineSeconds": 6},
        "spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value",
    ),
    (
        {"spec__tolerations": [{"key": "a", "operator": "Exists"}]},
        {},
        "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds",
    ),
]


@pytest.mark.parametrize(("before", "after", "message"), POD_UPDATES)
def test_little_else_of_a_pod_may_change(before: dict[str, Any], after: dict[str, Any], message: str) -> None:
    assert update_faults(POD, pod(**after), pod(**before)).startswith(message)


CLAIM_SPEC = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
TIMED_EVENT = {
    "metadata": {**METADATA, "namespace": "shop"},
    "involvedObject": {"namespace": "elsewhere"},
    "eventTime": "2026-01-01T00:00:00.000000Z",
    "reportingComponent": "example.com/teller",
    "reportingInstance": "teller-1",
    "action": "Telling",
    "reason": "Told",
}
CREATED: list[tuple[Kind, dict[str, Any], str]] = [
    (SERVICE, {"spec": {}}, "spec.ports: Required value"),
    (
        SERVICE,
        {"spec": {"ports": [{"port": 1}, {"port": 2, "name": "b"}]}},
        "spec.ports[0].name: Required value",
    ),
    (SERVICE, {"spec": {"type": "ExternalName"}}, "spec.externalName: Required value"),
    (
        SERVICE,
        {"spec": {"type": "X", "ports": [{"port": 1}]}},
        'spec.type: Unsupported value: "X": '
        'supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ),
    (CLAIM, {"spec": {**CLAIM_SPEC, "resources": {}}}, "spec.resources[storage]: Required value"),
    (
        CLAIM,
        {"spec": {**CLAIM_SPEC, "resources": {"requests": {"storage": "0"}}}},
        'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ),
    (
        CLAIM,
        {"spec": {**CLAIM_SPEC, "accessModes": ["ReadWriteOncePod", "ReadWriteOnce"]}},
        "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
    ),
    (
        CONFIG_MAP,
        {"data": {"a/b": ""}},
        "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' "
        "or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    ),
    (SECRET, {"type": "kubernetes.io/tls", "data": {"tls.key": "eA=="}}, "data[tls.crt]: Required value"),
    (
        SLICE,
        {"addressType": "IPv4", "endpoints": [{"addresses": ["fe80::1"]}]},
        'endpoints[0].addresses[0]: Invalid value: "fe80::1": must be a valid IPv4 address',
    ),
    (
        LEASE,
        {"spec": {"leaseDurationSeconds": 0}},
        "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
    ),
    *[
        (EVENT, {**TIMED_EVENT, **changes}, message)
        for changes, message in (
            (
                {"involvedObject": {}},
                'involvedObject.namespace: Invalid value: "": does not match event.namespace',
            ),
            ({"reportingInstance": ""}, "reportingInstance: Required value"),
            ({"action": "a" * 129}, 'action: Invalid value: "": can have at most 128 characters'),
            ({"reason": ""}, "reason: Required value"),
            ({"message": "m" * 1025}, 'message: Invalid value: "": can have at most 1024 characters'),
            (
                {"eventTime": None, "involvedObject": {"namespace": "other"}},
                'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
            ),
        )
    ],
    (REVISION, {"revision": -1, "data": {}}, f"revision: Invalid value: -1: {AT_LEAST_ZERO}"),
]


@pytest.mark.parametrize(("kind", "document", "message"), CREATED, ids=[m[:60] for _, _, m in CREATED])
def test_a_new_object_of_another_kind_breaks_a_rule(kind: Kind, document: dict[str, Any], message: str) -> None:
    assert faults(kind, stored(kind, {"metadata": METADATA, **document})) == message


def test_an_event_with_a_time_of_its_own_may_tell_of_another_namespace() -> None:
    check_create(EVENT, stored(EVENT, TIMED_EVENT))


CLUSTER_WIDE: list[tuple[Kind, dict[str, Any], str]] = [
    (
        VOLUME,
        {"spec": {"accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/"}}},
        '[spec.capacity: Required value, spec.capacity: Unsupported value: null: supported values: "storage"]',
    ),
    (
        VOLUME,
        {"spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}}},
        "spec: Required value: must specify a volume type",
    ),
    (STORAGE_CLASS, {"provisioner": ""}, "provisioner: Required value"),
    (NODE, {"spec": {"taints": [{"key": "a", "effect": ""}]}}, "spec.taints[0].effect: Required value"),
    (
        NAMESPACE,
        {"metadata": {"name": "web", "namespace": "x"}},
        "metadata.namespace: Forbidden: not allowed on this type",
    ),
]


@pytest.mark.parametrize(("kind", "document", "message"), CLUSTER_WIDE)
def test_a_new_cluster_wide_object_breaks_a_rule(kind: Kind, document: dict[str, Any], message: str) -> None:
    assert faults(kind, stored(kind, {"metadata": {"name": "web"}, **document})) == message


def claim(size: str, phase: str = "Bound", **fields: Any) -> Any:
    spec = {**CLAIM_SPEC, "resources": {"requests": {"storage": size}}, **fields}
    status = {"phase": phase, "capacity": {"storage": "2Gi"}}
    return stored(CLAIM, {"metadata": METADATA, "spec": spec, "status": status})


def test_a_bound_claim_may_grow() -> None:
    check_update(CLAIM, claim("3Gi"), claim("2Gi"))


def test_a_claim_may_be_bound_once() -> None:
    check_update(CLAIM, claim("2Gi", "Pending", volumeName="v"), claim("2Gi", "Pending"))
    immutable = "spec: Forbidden: spec is immutable after creation except resources.requests"
    assert update_faults(CLAIM, claim("2Gi", volumeName="w"), claim("2Gi", volumeName="v")).startswith(immutable)


def test_a_claim_does_not_shrink_below_what_it_has() -> None:
    assert update_faults(CLAIM, claim("1Gi"), claim("2Gi")) == (
        "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    )


UPDATES: list[tuple[Kind, dict[str, Any], dict[str, Any], str]] = [
    (
        CONFIG_MAP,
        {"immutable": True, "data": {"a": "1"}},
        {"immutable": True, "data": {"a": "2"}},
        "data: Forbidden: field is immutable when `immutable` is set",
    ),
    (SECRET, {"type": "a/b"}, {"type": "a/c"}, 'type: Invalid value: "a/c": field is immutable'),
    (REVISION, {"data": {"a": 1}}, {"data": {"a": 2}}, 'data: Invalid value: {"a":2}: field is immutable'),
    (
        SERVICE,
        {"spec": {"ports": [{"port": 1}], "clusterIP": "10.0.0.1"}},
        {"spec": {"ports": [{"port": 1}], "clusterIP": "10.0.0.2"}},
        'spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
    ),
    (
        SLICE,
        {"addressType": "IPv4", "endpoints": []},
        {"addressType": "IPv6", "endpoints": []},
        'addressType: Invalid value: "IPv6": field is immutable',
    ),
    (
        STORAGE_CLASS,
        {"provisioner": "a/b"},
        {"provisioner": "a/c"},
        "provisioner: Forbidden: updates to provisioner are forbidden.",
    ),
]


@pytest.mark.parametrize(("kind", "before", "after", "message"), UPDATES)
def test_what_must_not_change_does_not(kind: Kind, before: Any, after: Any, message: str) -> None:
    old, new = (stored(kind, {"metadata": METADATA, **each}) for each in (before, after))
    assert update_faults(kind, new, old) == message


def test_a_revision_may_be_renumbered() -> None:
    """Rule 37."""
    old, new = (stored(REVISION, {"metadata": METADATA, "data": {}, "revision": n}) for n in (1, 3))
    check_update(REVISION, new, old)
