"""Single changes that simulated users and nodes make to sets and pods, and a set in one line for their story."""

import msgspec

from petset.api.models import apps_v1, core_v1
from petset.api.objects import meta, name_of, uid_of
from petset.api.options import PREFIX
from petset.controllers.nodelifecycle.plan import OUT_OF_SERVICE
from petset.testing.world import World


async def set_label(world: World, pod: core_v1.Pod, *, taken_out: bool) -> None:
    """Take a pod out of its set by its label, or put it back in."""
    labels = {key: value for key, value in (meta(pod).labels or {}).items() if key != "app"}
    if not taken_out:
        labels["app"] = name_of(pod).rpartition("-")[0]
    metadata = msgspec.structs.replace(meta(pod), labels=labels)
    await world.client.update(msgspec.structs.replace(pod, metadata=metadata))


async def put_out(world: World, pod: core_v1.Pod, phase: str) -> None:
    """The pod's node puts it out, and then says so: its containers have ended and will not run again."""
    assert pod.spec is not None and pod.spec.nodeName
    await world.stop(pod.spec.nodeName)
    world.runtime.lose_pod(uid_of(pod))
    status = msgspec.structs.replace(pod.status or core_v1.PodStatus(), phase=phase, reason="Evicted")
    await world.client.update(msgspec.structs.replace(pod, status=status), "status")
    world.start(pod.spec.nodeName)


def is_out_of_service(node: core_v1.Node) -> bool:
    """Its user has said so."""
    return any(taint.key == OUT_OF_SERVICE for taint in (node.spec.taints if node.spec else None) or ())


async def set_out_of_service(world: World, node: core_v1.Node, stated: bool) -> None:
    """Taint the node as out of service, or take that taint away."""
    spec = node.spec or core_v1.NodeSpec()
    taints = [taint for taint in spec.taints or () if taint.key != OUT_OF_SERVICE]
    if stated:
        taints.append(core_v1.Taint(key=OUT_OF_SERVICE, effect="NoExecute", value="nodeshutdown"))
    await world.client.update(msgspec.structs.replace(node, spec=msgspec.structs.replace(spec, taints=taints)))


def with_image(stateful_set: apps_v1.StatefulSet, image: str) -> core_v1.PodTemplateSpec:
    """The set's template with another image."""
    template = stateful_set.spec.template
    assert template.spec is not None
    containers = [msgspec.structs.replace(template.spec.containers[0], image=image)]
    return msgspec.structs.replace(template, spec=msgspec.structs.replace(template.spec, containers=containers))


def with_options(stateful_set: apps_v1.StatefulSet, options: dict[str, str] | None) -> apps_v1.StatefulSet:
    """The set with these annotations and no others."""
    metadata = msgspec.structs.replace(meta(stateful_set), annotations=options)
    return msgspec.structs.replace(stateful_set, metadata=metadata)


def said(stateful_set: apps_v1.StatefulSet) -> str:
    """What of a set the rules look at, in one line."""
    spec, asked = stateful_set.spec, meta(stateful_set).annotations or {}
    strategy, rolling = spec.updateStrategy, spec.updateStrategy.rollingUpdate if spec.updateStrategy else None
    retention = spec.persistentVolumeClaimRetentionPolicy
    assert spec.template.spec is not None
    words = [
        f"{spec.podManagementPolicy} {spec.replicas} of {spec.template.spec.containers[0].image}",
        f"from {spec.ordinals.start}" if spec.ordinals else "",
        f"after {spec.minReadySeconds} s" if spec.minReadySeconds else "",
        (strategy.type or "") if strategy else "",
        f"partition {rolling.partition} maxUnavailable {rolling.maxUnavailable}" if rolling else "",
        f"whenDeleted {retention.whenDeleted} whenScaled {retention.whenScaled}" if retention else "",
        "with claims" if spec.volumeClaimTemplates else "",
        *(f"{name.removeprefix(PREFIX)}={value}" for name, value in asked.items()),
    ]
    return " ".join(filter(None, words))
