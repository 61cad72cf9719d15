"""Rule 10: what is accepted and yet warned of, in Kubernetes' words."""

from typing import Any

import pytest
from api.documents import CLAIM, SERVICE, VOLUME, pod, statefulset, stored
from api.documents import kind as found

from petset.api.kinds import Kind
from petset.api.warnings import warnings_for

CONTAINER = {"name": "main", "image": "i"}


def env(*values: tuple[str, str]) -> dict[str, Any]:
    return {"env": [{"name": name, "value": value} for name, value in values]}


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (
            env(("A", "1"), ("A", "2")),
            'env[1]: hides previous definition of "A", which may be dropped when using apply',
        ),
        (
            {"ports": [{"containerPort": 80}, {"containerPort": 80}]},
            "ports[1]: duplicate port definition with spec.containers[0].ports[0]",
        ),
        (
            {"resources": {"limits": {"memory": "100m"}}},
            'resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
        ),
    ],
)
def test_a_container_that_is_odd(part: dict[str, Any], text: str) -> None:
    assert f"spec.containers[0].{text}" in warnings_for(pod(spec__containers=[{**CONTAINER, **part}]))


@pytest.mark.parametrize(
    "part", [{}, env(("PATH", "/a"), ("PATH", "$(PATH):/b")), {"ports": [{"containerPort": 80}]}]
)
def test_a_container_that_is_not(part: dict[str, Any]) -> None:
    assert warnings_for(pod(spec__containers=[{**CONTAINER, **part}])) == []


def test_labels_of_nodes_that_are_out_of_date() -> None:
    found = warnings_for(pod(spec__nodeSelector={"beta.kubernetes.io/os": "linux"}))
    assert found == [
        'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'
    ]


def test_a_set_is_warned_of_below_its_templates_and_for_a_negative_history() -> None:
    odd = statefulset(
        spec__revisionHistoryLimit=-1,
        spec__template__spec__containers=[{**CONTAINER, **env(("A", "1"), ("A", "2"))}],
        spec__volumeClaimTemplates__0__spec__resources__requests__storage="1500m",
    )
    texts = warnings_for(odd)
    assert [text.partition(":")[0] for text in texts] == [
        "spec.template.spec.containers[0].env[1]",
        "spec.volumeClaimTemplates[0].spec.resources.requests[storage]",
        "spec.revisionHistoryLimit",
    ]
    assert texts[-1].endswith("a negative value retains all historical revisions; a value >= 0 is recommended")


def test_a_claim_for_a_part_of_a_byte() -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1500m"}}}
    [text] = warnings_for(stored(CLAIM, {"metadata": {"name": "c"}, "spec": spec}))
    assert text == 'spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'


TERM = {"matchExpressions": [{"key": "beta.kubernetes.io/os", "operator": "In", "values": ["l"]}]}
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
OLD_OS = 'deprecated since v1.14; use "kubernetes.io/os" instead'
NO_POD = "a null labelSelector results in matching no pod"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"spec__hostAliases": [{"ip": "10.0.0.1"}] * 2}, 'spec.hostAliases[1].ip: duplicate ip "10.0.0.1"'),
        ({"spec__imagePullSecrets": [{"name": "a"}] * 2}, 'spec.imagePullSecrets[1].name: duplicate name "a"'),
        (
            {"spec__overhead": {"memory": "1500m"}},
            'spec.overhead[memory]: fractional byte value "1500m" is invalid',
        ),
        (
            {"spec__volumes": [{"name": "v", "gitRepo": {"repository": "r"}}]},
            "spec.volumes[0].gitRepo: deprecated in v1.11",
        ),
        (
            {"spec__affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [TERM]}}}},
            f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[0].matchExpressions[0].key: "
            f"beta.kubernetes.io/os is {OLD_OS}",
        ),
        (
            {"spec__affinity": {"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone"}]}}},
            f"spec.affinity.podAntiAffinity.{REQUIRED}[0].labelSelector: {NO_POD}",
        ),
        (
            {
                "spec__topologySpreadConstraints": [
                    {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}
                ]
            },
            f"spec.topologySpreadConstraints[0].labelSelector: {NO_POD}",
        ),
        (
            {"metadata__annotations": {"scheduler.alpha.kubernetes.io/critical-pod": ""}},
            "metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: "
            'non-functional in v1.16+; use the "priorityClassName" field instead',
        ),
        (
            {"metadata__annotations": {"container.seccomp.security.alpha.kubernetes.io/main": "unconfined"}},
            "metadata.annotations[container.seccomp.security.alpha.kubernetes.io/main]: "
            'non-functional in v1.27+; use the "seccompProfile" field instead',
        ),
        (
            {
                "spec__containers": [
                    {"name": "a", "image": "i", "ports": [{"containerPort": 80}]},
                    {"name": "b", "image": "i", "ports": [{"containerPort": 80, "hostPort": 80}]},
                ]
            },
            "spec.containers[1].ports[0]: overlapping port definition with spec.containers[0].ports[0]",
        ),
        (
            {"spec__containers": [{**CONTAINER, "ports": [{"containerPort": 80, "hostIP": "10.0.0.1"}]}]},
            "spec.containers[0].ports[0]: hostIP set without hostPort: "
            "{Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:10.0.0.1}",
        ),
        (
            {
                "spec__volumes": [
                    {
                        "name": "v",
                        "projected": {
                            "sources": [
                                {"serviceAccountToken": {"path": "t"}},
                                {"secret": {"name": "s", "items": [{"key": "k", "path": "t"}]}},
                            ]
                        },
                    }
                ]
            },
            'spec.volumes[0].projected.sources.secrets[0]: has duplicated path with ServiceAccountToken "t"',
        ),
        (
            {"metadata__name": "web.0"},
            "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
            "a DNS label is recommended: [",
        ),
    ],
    ids=str,
)
def test_a_pod_that_is_odd(changes: dict[str, Any], text: str) -> None:
    [found] = warnings_for(pod(**changes))
    assert found.startswith(text)
    assert warnings_for(pod(**changes), new=False) == []


@pytest.mark.parametrize(
    ("kind", "document", "texts"),
    [
        (
            SERVICE,
            {"spec": {"clusterIP": "None", "externalIPs": ["192.0.2.1"], "sessionAffinity": "ClientIP"}},
            [
                "spec.externalIPs is ignored for headless services",
                "spec.SessionAffinity is ignored for headless services",
            ],
        ),
        (
            SERVICE,
            {"spec": {"ports": [{"port": 80}], "externalIPs": ["2001:db8::0001"], "externalName": "a.example"}},
            [
                'spec.externalIPs[0]: IPv6 address "2001:db8::0001" should be in RFC 5952 canonical format '
                '("2001:db8::1")',
                "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
                'spec.externalName is ignored when spec.type is not "ExternalName"',
            ],
        ),
        (
            SERVICE,
            {"spec": {"ports": [{"port": 80}], "trafficDistribution": "PreferClose"}},
            ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'],
        ),
        (
            VOLUME,
            {
                "metadata": {"name": "v", "annotations": {"volume.beta.kubernetes.io/storage-class": "a"}},
                "spec": {
                    "rbd": {"monitors": ["a"], "image": "i"},
                    "persistentVolumeReclaimPolicy": "Recycle",
                    "nodeAffinity": {"required": {"nodeSelectorTerms": [TERM]}},
                },
            },
            [
                "metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; "
                'use "storageClassName" attribute instead',
                "spec.rbd: deprecated in v1.28, non-functional in v1.31+",
                "spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].key: "
                f"beta.kubernetes.io/os is {OLD_OS}",
                "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. "
                "Instead, the recommended approach is to use dynamic provisioning.",
            ],
        ),
    ],
)
def test_an_object_that_is_odd(kind: Kind, document: dict[str, Any], texts: list[str]) -> None:
    assert warnings_for(stored(kind, {"metadata": {"name": "a"}, **document})) == texts


def test_the_templates_of_every_workload_are_looked_at_and_their_names_when_they_are_new() -> None:
    template = {"spec": {"containers": [CONTAINER], "terminationGracePeriodSeconds": -1}}
    told = "spec.template.spec.terminationGracePeriodSeconds: must be >= 0"
    for name in ("Deployment", "ReplicaSet", "DaemonSet"):
        of = found(name, "apps/v1")
        odd = stored(of, {"metadata": {"name": "a.b"}, "spec": {"template": template}})
        texts = warnings_for(odd)
        assert texts[-1].startswith(told)
        assert len(texts) == (1 if name == "DaemonSet" else 2)
        assert [text.partition(":")[0] for text in warnings_for(odd, new=False)] == [told.partition(":")[0]]
    cron = stored(found("CronJob", "batch/v1"), {
        "metadata": {"name": "a"}, "spec": {"jobTemplate": {"spec": {"template": template}}}})  # fmt: skip
    assert [text.partition(".spec.term")[0] for text in warnings_for(cron)] == ["spec.jobTemplate.spec.template"]
