"""What the server adds to a new object, and whom it lets in."""

from typing import Any

import pytest
from registry.given import CLAIMS, PLAIN, VOLUMES, claim, create, merge, meta, play, pod

from petset.api.errors import Forbidden
from petset.api.kinds import by_model
from petset.api.models import core_v1, meta_v1, storage_v1
from petset.testing.plane import Plane

CLASSES = by_model(storage_v1.StorageClass)


def storage_class(name: str, *, default: bool) -> storage_v1.StorageClass:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else None
    return storage_v1.StorageClass(metadata=meta(name, annotations=annotations), provisioner="x/y")


def test_a_pod_runs_as_its_namespaces_account_with_the_lowest_priority() -> None:
    async def story(p: Plane) -> None:
        spec = (await create(p, pod())).spec
        assert (spec.serviceAccountName, spec.serviceAccount) == ("default", "default")
        assert (spec.priority, spec.preemptionPolicy) == (0, "PreemptLowerPriority")

    play(story)


def test_an_account_that_is_not_there_keeps_the_pod_out() -> None:
    async def story(p: Plane) -> None:
        sent = pod()
        assert sent.spec is not None
        sent.spec.serviceAccountName = "robot"
        with pytest.raises(Forbidden) as refusal:
            await create(p, sent)
        assert str(refusal.value) == (
            'pods "a" is forbidden: error looking up service account default/robot: '
            'serviceaccount "robot" not found'
        )
        await create(p, core_v1.ServiceAccount(metadata=meta("robot")))
        assert (await create(p, sent)).spec.serviceAccountName == "robot"

    play(story)


@pytest.mark.parametrize(("name", "priority"), [("system-node-critical", 2_000_001_000), ("mine", None)])
def test_only_the_two_built_in_priority_classes_are_known(name: str, priority: int | None) -> None:
    async def story(p: Plane) -> None:
        sent = pod()
        assert sent.spec is not None
        sent.spec.priorityClassName = name
        if priority is None:
            with pytest.raises(Forbidden, match="no PriorityClass with name mine was found"):
                await create(p, sent)
        else:
            assert (await create(p, sent)).spec.priority == priority

    play(story)


@pytest.mark.parametrize(
    ("own", "added"),
    [
        (None, ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]),
        ({"key": "node.kubernetes.io/not-ready", "operator": "Exists"}, ["node.kubernetes.io/unreachable"]),
        ({"operator": "Exists"}, []),
        (
            {"operator": "Exists", "effect": "NoSchedule"},
            ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"],
        ),
    ],
)
def test_a_pod_stays_five_minutes_on_a_node_in_trouble_unless_it_says_otherwise(
    own: dict[str, Any] | None, added: list[str]
) -> None:
    async def story(p: Plane) -> None:
        sent = pod()
        assert sent.spec is not None
        sent.spec.tolerations = [core_v1.Toleration(**own)] if own else None
        tolerations = (await create(p, sent)).spec.tolerations[1 if own else 0 :]
        assert [(t.key, t.effect, t.tolerationSeconds) for t in tolerations] == [
            (key, "NoExecute", 300) for key in added
        ]

    play(story)


def test_a_claim_without_a_class_gets_the_default_one() -> None:
    async def story(p: Plane) -> None:
        assert (await create(p, claim())).spec.storageClassName == "standard"
        assert (await create(p, claim("none", storageClassName=""))).spec.storageClassName == ""
        assert (await create(p, claim("own", storageClassName="fast"))).spec.storageClassName == "fast"

    play(story)


def test_of_several_default_classes_the_youngest_is_taken() -> None:
    async def story(p: Plane) -> None:
        await p.clock.sleep(10)
        await create(p, storage_class("younger", default=True))
        await create(p, storage_class("other", default=False))
        assert (await create(p, claim())).spec.storageClassName == "younger"

    play(story)


def test_without_a_default_class_the_claim_stays_without_one() -> None:
    async def story(p: Plane) -> None:
        await p.registry.delete(CLASSES, "", "standard", meta_v1.DeleteOptions())
        assert (await create(p, claim())).spec.storageClassName is None

    play(story)


def test_volumes_and_claims_are_protected_while_in_use() -> None:
    async def story(p: Plane) -> None:
        made = await create(p, claim())
        assert made.metadata.finalizers == ["kubernetes.io/pvc-protection"]
        assert made.status.phase == "Pending"
        volume = core_v1.PersistentVolume(
            metadata=meta("v", finalizers=["x/y"]),
            spec=core_v1.PersistentVolumeSpec(
                capacity={"storage": "1Gi"},
                accessModes=["ReadWriteOnce"],
                hostPath=core_v1.HostPathVolumeSource(path="/tmp"),
            ),
        )
        record = await p.registry.create(VOLUMES, "", volume, PLAIN)
        assert p.registry.decode(VOLUMES, record).metadata.finalizers == ["x/y", "kubernetes.io/pv-protection"]

    play(story)


def test_a_claim_grows_where_its_class_lets_it() -> None:
    async def story(p: Plane) -> None:
        await create(p, storage_class("rigid", default=False))
        larger = merge({"spec": {"resources": {"requests": {"storage": "2Gi"}}}})
        for name, class_name in [("a", "standard"), ("b", "rigid"), ("c", "")]:
            await create(p, claim(name, storageClassName=class_name))
            bound = merge({"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}})
            await p.registry.patch(CLAIMS, "default", name, bound, PLAIN, "status")
        grown = p.registry.decode(CLAIMS, await p.registry.patch(CLAIMS, "default", "a", larger, PLAIN))
        assert grown.spec.resources.requests == {"storage": "2Gi"}
        for name in "bc":
            with pytest.raises(Forbidden, match="the storageclass that provisions the pvc must support resize"):
                await p.registry.patch(CLAIMS, "default", name, larger, PLAIN)

    play(story)
