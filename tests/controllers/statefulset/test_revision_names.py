"""Rule 36, end to end: what a user writes goes through the API's defaults and comes out under Kubernetes' own name.

The expected bytes are written out here by hand, and hashed by a few lines of the tests' own, so that a mistake in
`hashing` cannot hide in its own test.
"""

from typing import Any

import pytest
from controllers.statefulset.live import live

from petset.api.decode import decode
from petset.api.defaults import apply_defaults
from petset.api.kinds import by_model
from petset.api.models import apps_v1
from petset.api.objects import meta, name_of
from petset.ownership.hashing import canonical, revision_hash, template_patch
from petset.testing.loop import run

SETS = by_model(apps_v1.StatefulSet)


def stored(template: dict[str, Any], name: str = "web") -> apps_v1.StatefulSet:
    """A set with this template, as the API stores it."""
    labels = {"app": "web", **template.get("metadata", {}).get("labels", {})}
    template = {**template, "metadata": {**template.get("metadata", {}), "labels": labels}}
    spec = {"serviceName": "web", "selector": {"matchLabels": {"app": labels["app"]}}, "template": template}
    document = {"metadata": {"name": name, "namespace": "default"}, "spec": spec}
    made: apps_v1.StatefulSet = apply_defaults(SETS, decode(SETS, document).obj)
    return made


def hashed_by_hand(data: str, collisions: int = 0) -> str:
    number = 0x811C9DC5
    for byte in f"{data}{collisions}".encode():
        number = number * 0x01000193 % 2**32 ^ byte
    words = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(words[ord(digit) % 27] for digit in str(number))


CONTAINER = {"name": "c", "image": "redis:7.0"}
BEGIN = '{"spec":{"template":{"$patch":"replace","metadata":{'
LABELS = '"labels":{"app":"web"}},'
CONTAINER_BEGIN = '"spec":{"containers":[{'
IMAGE = '"image":"redis:7.0","imagePullPolicy":"IfNotPresent",'
LOGS = '"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"'
END = (
    '"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler",'
    '"securityContext":{},"terminationGracePeriodSeconds":30'
)
PROBE = (
    '"failureThreshold":3,"periodSeconds":10,"successThreshold":1,"tcpSocket":{"port":"redis"},"timeoutSeconds":1'
)

CASES: dict[str, tuple[dict[str, Any], str]] = {
    "nothing but an image": (
        {"spec": {"containers": [CONTAINER]}},
        f'{BEGIN}{LABELS}{CONTAINER_BEGIN}{IMAGE}"name":"c","resources":{{}},{LOGS}}}],{END}}}}}}}}}',
    ),
    "characters that Go escapes, and those it leaves": (
        {
            "metadata": {"annotations": {"a": '<b>&"é\u2028\u2029\\/\t', "ж": "🙂"}},
            "spec": {"containers": [CONTAINER]},
        },
        f'{BEGIN}"annotations":{{"a":"\\u003cb\\u003e\\u0026\\"é\\u2028\\u2029\\\\/\\t","ж":"🙂"}},{LABELS}'
        f'{CONTAINER_BEGIN}{IMAGE}"name":"c","resources":{{}},{LOGS}}}],{END}}}}}}}}}',
    ),
    "quantities in other words": (
        {
            "spec": {
                "containers": [
                    {
                        **CONTAINER,
                        "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": "1000m"}},
                    }
                ]
            }
        },
        f'{BEGIN}{LABELS}{CONTAINER_BEGIN}{IMAGE}"name":"c",'
        '"resources":{"limits":{"cpu":"1"},"requests":{"cpu":"500m","memory":"1Gi"}},'
        f"{LOGS}}}],{END}}}}}}}}}",
    ),
    "a probe, a port and empty things": (
        {
            "spec": {
                "hostNetwork": False,
                "nodeSelector": {},
                "tolerations": [],
                "containers": [
                    {
                        **CONTAINER,
                        "tty": False,
                        "env": [],
                        "ports": [{"containerPort": 6379, "name": "redis"}],
                        "readinessProbe": {"tcpSocket": {"port": "redis"}, "initialDelaySeconds": 0},
                    }
                ],
            }
        },
        f'{BEGIN}{LABELS}{CONTAINER_BEGIN}{IMAGE}"name":"c",'
        '"ports":[{"containerPort":6379,"name":"redis","protocol":"TCP"}],'
        f'"readinessProbe":{{{PROBE}}},"resources":{{}},{LOGS}}}],{END}}}}}}}}}',
    ),
    "affinity, and a volume with its default mode": (
        {
            "spec": {
                "containers": [CONTAINER],
                "affinity": {
                    "podAntiAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": [
                            {
                                "topologyKey": "kubernetes.io/hostname",
                                "labelSelector": {"matchLabels": {"app": "web"}},
                            }
                        ]
                    }
                },
                "volumes": [{"name": "conf", "configMap": {"name": "conf"}}, {"name": "tmp", "emptyDir": {}}],
            }
        },
        f'{BEGIN}{LABELS}"spec":{{"affinity":{{"podAntiAffinity":{{'
        '"requiredDuringSchedulingIgnoredDuringExecution":[{"labelSelector":{"matchLabels":{"app":"web"}},'
        '"topologyKey":"kubernetes.io/hostname"}]}},"containers":[{'
        f'{IMAGE}"name":"c","resources":{{}},{LOGS}}}],{END},'
        '"volumes":[{"configMap":{"defaultMode":420,"name":"conf"},"name":"conf"},{"emptyDir":{},"name":"tmp"}]}}}}',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_template_is_hashed_as_these_bytes(case: str) -> None:
    template, text = CASES[case]
    data = canonical(template_patch(stored(template).spec.template))
    assert data.decode() == text
    assert revision_hash(data, 0) == hashed_by_hand(text)
    assert revision_hash(data, 17) == hashed_by_hand(text, 17)


def test_the_names_that_kubernetes_gives_are_the_same() -> None:
    """What 1.34 and 1.33 call the revision of one container `test` of image `test`: facts of both releases.

    1.33 still wrote an empty creation time into the template, which is why it gave another name.
    """
    metadata = {"labels": {"app": "foo"}, "annotations": {"test": "value"}}
    made = stored({"metadata": metadata, "spec": {"containers": [{"name": "test", "image": "test"}]}}, "test")
    patch = template_patch(made.spec.template)
    assert f"test-{revision_hash(canonical(patch), 0)}" == "test-776999688b"
    patch["spec"]["template"]["metadata"]["creationTimestamp"] = None  # type: ignore[call-overload,index]
    assert f"test-{revision_hash(canonical(patch), 0)}" == "test-c77f6d978"


def test_the_controller_stores_it_under_that_name() -> None:
    """Rule 36: name, labels, data and number, as a client reads them."""
    template, text = CASES["nothing but an image"]

    async def story() -> None:
        async with live() as it:
            await it.plane.client.create(stored(template))
            await it.settle()
            (revision,) = await it.all(apps_v1.ControllerRevision)
            name = hashed_by_hand(text)
            assert name_of(revision) == f"web-{name}"
            assert meta(revision).labels == {"app": "web", "controller.kubernetes.io/hash": name}
            assert canonical(revision.data).decode() == text
            (pod, *_) = await it.pods()
            assert pod == "web-0"
            status = (await it.the_set()).status
            assert status is not None and status.updateRevision == f"web-{name}"

    run(story())
