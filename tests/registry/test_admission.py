"""What the server adds to a new object, and whom it lets in."""

from typing import Any

import pytest
from registry.given import CLAIMS, PLAIN, VOLUMES, claim, create, merge, meta, play, pod

from petset.api.errors import Forbidden, Invalid
from petset.api.kinds import by_model
from petset.api.models import core_v1, meta_v1, networking_v1, scheduling_v1, storage_v1
from petset.registry.priorities import ensure_classes
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
def test_the_systems_priority_classes_are_known_from_the_start(name: str, priority: int | None) -> None:
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


def priority_class(name: str, value: int, **more: Any) -> scheduling_v1.PriorityClass:
    return scheduling_v1.PriorityClass(metadata=meta(name), value=value, **more)


def important(name: str = "a", **spec: Any) -> core_v1.Pod:
    sent = pod(name)
    for field, value in spec.items():
        setattr(sent.spec, field, value)
    return sent


def test_a_pod_gets_the_number_of_its_class_or_else_of_the_class_for_all_others() -> None:
    async def story(p: Plane) -> None:
        await create(p, priority_class("high", 100, preemptionPolicy="Never"))
        await create(p, priority_class("usual", 7, globalDefault=True))
        high = (await create(p, important("a", priorityClassName="high"))).spec
        assert (high.priority, high.preemptionPolicy) == (100, "Never")
        usual = (await create(p, important("b"))).spec
        assert (usual.priorityClassName, usual.priority) == ("usual", 7)

    play(story)


def test_a_pod_does_not_say_itself_what_its_class_says() -> None:
    async def story(p: Plane) -> None:
        with pytest.raises(Forbidden) as refusal:
            await create(p, important(priority=5))
        assert str(refusal.value) == (
            'pods "a" is forbidden: the integer value of priority (5) must not be provided in pod spec; '
            "priority admission controller computed 0 from the given PriorityClass name"
        )
        with pytest.raises(Forbidden, match=r"the string value of PreemptionPolicy \(Never\) must not be provided"):
            await create(p, important(preemptionPolicy="Never"))
        await create(p, important(priority=0))

    play(story)


def test_only_one_class_is_for_all_others() -> None:
    async def story(p: Plane) -> None:
        await create(p, priority_class("a", 1, globalDefault=True))
        await create(p, priority_class("b", 2))
        with pytest.raises(Forbidden, match=r"a is already marked as default\. Only one default can exist"):
            await create(p, priority_class("c", 3, globalDefault=True))
        kind = by_model(scheduling_v1.PriorityClass)
        with pytest.raises(Forbidden, match="PriorityClass a is already marked"):
            await p.registry.patch(kind, "", "b", merge({"globalDefault": True}), PLAIN)
        await p.registry.patch(kind, "", "a", merge({"metadata": {"labels": {"x": "y"}}}), PLAIN)

    play(story)


def test_the_systems_own_classes_are_made_and_nobody_else_takes_their_names() -> None:
    async def story(p: Plane) -> None:
        await ensure_classes(p.registry)
        await ensure_classes(p.registry)
        made = await p.client.get(scheduling_v1.PriorityClass, "system-node-critical")
        assert made.value == 2_000_001_000
        with pytest.raises(Invalid, match="reserved for system use only"):
            await create(p, priority_class("system-other", 1))

    play(story)


def test_an_ingress_without_a_class_gets_the_default_one() -> None:
    async def story(p: Plane) -> None:
        backend = networking_v1.IngressServiceBackend(name="web", port=networking_v1.ServiceBackendPort(number=80))
        spec = networking_v1.IngressSpec(defaultBackend=networking_v1.IngressBackend(service=backend))
        await create(p, networking_v1.Ingress(metadata=meta("before"), spec=spec))
        annotations = {"ingressclass.kubernetes.io/is-default-class": "true"}
        led_by = networking_v1.IngressClassSpec(controller="a.example/door")
        await create(p, networking_v1.IngressClass(metadata=meta("door", annotations=annotations), spec=led_by))
        made = await create(p, networking_v1.Ingress(metadata=meta("after"), spec=spec))
        assert made.spec.ingressClassName == "door"

    play(story)
