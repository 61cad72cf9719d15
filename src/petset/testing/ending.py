"""How a story ends: the faults stop, and the user clears up what on Kubernetes too only a person can.

That is: open the nodes and say that they are in service, give a set a template that can run, and all of its
ordinals (rule 46 would bring some back from the broken one), and delete pods that nobody else may:

- of an image that cannot be had, which OrderedReady would wait for without end (rules 49, 52);
- that keep a name they have no right to (rule 61);
- that a set has adopted without its claims, which the API lets nobody give them (rule 18);
- that are Failed or Succeeded and beyond the wanted ordinals: two of them hold each other up for ever (rule 49);
- that are nobody's, and whose claim is gone or wants to go: no set makes it anew, and a set may wait for its end;
- that are Pending for such a claim, and were adopted by a set that has no template for it.

A set that asks for it (`petset.dev/replace-broken-after`, `petset.dev/remove-broken`) deals with the first and the
fourth itself, and its user leaves them to it.
"""

from contextlib import suppress

import msgspec

from petset.api.errors import Conflict, NotFound
from petset.api.models import apps_v1, core_v1
from petset.api.objects import controller_of, is_terminating, meta, name_of, uid_of
from petset.api.options import options_of
from petset.controllers.statefulset.identity import NO_ORDINAL, claim_names, ordinal_of, wanted_ordinals
from petset.ownership.health import is_finished, is_pending
from petset.testing.edits import is_out_of_service, set_out_of_service, with_image
from petset.testing.manifests import BAD_IMAGE, IMAGES
from petset.testing.mishaps import forget_refusals
from petset.testing.operations import NAMESPACE
from petset.testing.world import World


def calm(world: World) -> None:
    """No more faults: machines are quick and there, the disk has room, the weather is fine."""
    world.plane.store.fail_writes("")
    world.weather.clear()
    world.not_ready.clear()
    forget_refusals(world)
    world.runtime.pull_seconds = world.runtime.start_seconds = world.runtime.stop_seconds = 0
    world.disarm()
    for node in world.nodes:
        world.start(node)


async def clear_up(world: World) -> None:
    """What only a person can put right; to be repeated until nothing is left to do."""
    for node in world.every(core_v1.Node, ""):
        if is_out_of_service(node):
            await _say_back_in_service(world, node)
        elif node.spec is not None and node.spec.unschedulable:
            await _update(world, node, spec=msgspec.structs.replace(node.spec, unschedulable=None))
    for stateful_set in world.every(apps_v1.StatefulSet):
        pods = world.pods_of(name_of(stateful_set))
        if any(_image(spec) == BAD_IMAGE for spec in (stateful_set.spec.template.spec, *(p.spec for p in pods))):
            await _give_up_bad_image(world, stateful_set)
    for pod in world.every(core_v1.Pod):
        if _is_in_the_way(world, pod) and not is_terminating(pod):
            await _delete_pod(world, pod)


def _is_in_the_way(world: World, pod: core_v1.Pod) -> bool:
    owner, is_bad = controller_of(pod), _image(pod.spec) == BAD_IMAGE
    if not (meta(pod).labels or {}).get("app"):
        return True
    if owner is None:
        return is_bad or _are_lost(world, _claims_of(pod))
    stateful_set = world.get(apps_v1.StatefulSet, owner.name)
    if stateful_set is None or uid_of(stateful_set) != owner.uid:
        return is_bad
    if _is_stuck(stateful_set, pod):
        return True
    ordinal = ordinal_of(owner.name, name_of(pod))
    due = set() if ordinal in (None, NO_ORDINAL) else set(claim_names(stateful_set, ordinal))
    return not due <= _claims_of(pod) or (is_pending(pod) and _are_lost(world, _claims_of(pod) - due))


def _is_stuck(stateful_set: apps_v1.StatefulSet, pod: core_v1.Pod) -> bool:
    """It is broken for good, and its set does not take it away by itself."""
    options, is_bad = options_of(meta(stateful_set).annotations), _image(pod.spec) == BAD_IMAGE
    if ordinal_of(name_of(stateful_set), name_of(pod)) in wanted_ordinals(stateful_set):
        in_order = stateful_set.spec.podManagementPolicy != "Parallel"
        return is_bad and not (in_order and options.replace_broken_after_seconds is not None)
    return (is_bad or is_finished(pod)) and not options.remove_broken


def _are_lost(world: World, claims: set[str]) -> bool:
    """One of these claims is gone, or wants to go."""
    found = (world.get(core_v1.PersistentVolumeClaim, claim) for claim in claims)
    return any(claim is None or is_terminating(claim) for claim in found)


def _claims_of(pod: core_v1.Pod) -> set[str]:
    sources = (volume.persistentVolumeClaim for volume in (pod.spec.volumes if pod.spec else None) or ())
    return {source.claimName for source in sources if source is not None}


async def _give_up_bad_image(world: World, stateful_set: apps_v1.StatefulSet) -> None:
    template = stateful_set.spec.template
    if _image(template.spec) == BAD_IMAGE:
        template = with_image(stateful_set, IMAGES[0])
    everywhere = apps_v1.RollingUpdateStatefulSetStrategy(partition=0)
    strategy = apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate", rollingUpdate=everywhere)
    spec = msgspec.structs.replace(stateful_set.spec, template=template, updateStrategy=strategy)
    await _update(world, stateful_set, spec=spec)


async def _say_back_in_service(world: World, node: core_v1.Node) -> None:
    with suppress(Conflict, NotFound):
        await set_out_of_service(world, node, stated=False)


async def _update(world: World, obj: msgspec.Struct, **changes: object) -> None:
    with suppress(Conflict, NotFound):
        await world.client.update(msgspec.structs.replace(obj, **changes))


async def _delete_pod(world: World, pod: core_v1.Pod) -> None:
    with suppress(NotFound):
        await world.client.delete(core_v1.Pod, name_of(pod), NAMESPACE)


def _image(spec: core_v1.PodSpec | None) -> str:
    return (spec.containers[0].image if spec else None) or ""
