"""Whatever part of a plan was carried out before a crash, the next plans lead to the same end.

Every scenario is walked from its beginning to its rest. At each step the plan's actions are cut off after every
prefix, in the order in which one worker takes them and, where a stage works side by side, from its far end as well;
from each of these states the world goes on by itself, and must come to rest where the undisturbed one did.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import msgspec
import pytest
from controllers.statefulset.tiny import Refused, Tiny, claim_template, make_set, retain, rolling, steps, template

from petset.api.gates import Gates
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, uid_of
from petset.api.options import LEAVE_STRAYS, REMOVE_BROKEN, REPLACE_BROKEN_AFTER
from petset.controllers.statefulset.identity import POD_NAME_LABEL
from petset.controllers.statefulset.model import Action, Plan
from petset.ownership.hashing import canonical, revision_hash, template_patch

Change = Callable[[Tiny], None]


@dataclass(frozen=True)
class Case:
    """What happens to a set that has come to rest; `spec` is what it began with."""

    happens: Change
    spec: dict[str, object]
    actions: frozenset[str]


def case(happens: Change, *actions: str, **spec: object) -> Case:
    """`actions` are the beginnings of the actions without which the case would show nothing."""
    return Case(happens, spec, frozenset(actions))


def lose_labels(tiny: Tiny) -> None:
    tiny.edit("web-1", labels={"app": "other"})


def orphan(tiny: Tiny) -> None:
    """What an orphaning deletion leaves: pods and revisions without an owner, and a new set that finds them."""
    for name in tiny.names():
        tiny.edit(name, ownerReferences=None)
    for name, revision in tiny.revisions.items():
        free = msgspec.structs.replace(meta(revision), ownerReferences=None)
        tiny.revisions[name] = msgspec.structs.replace(revision, metadata=free)
    tiny.set = msgspec.structs.replace(tiny.set, status=None)


def go_back(tiny: Tiny) -> None:
    tiny.change(template=template("second"))
    tiny.run()
    tiny.change(template=template())


def change_often(tiny: Tiny) -> None:
    for image in ("second", "third"):
        tiny.change(template=template(image))
        tiny.run()
    tiny.change(template=template("fourth"))


def collide(tiny: Tiny) -> None:
    """The name that the next template's revision would get is taken by other data."""
    ((_, mine),) = tiny.revisions.items()
    taken = f"web-{revision_hash(canonical(template_patch(template('new'))), 0)}"
    metadata = msgspec.structs.replace(meta(mine), name=taken, uid="uid-taken")
    other = msgspec.to_builtins(template_patch(template("other")))
    tiny.revisions[taken] = msgspec.structs.replace(mine, metadata=metadata, data=other)
    tiny.change(template=template("new"))


def wrong_identity(tiny: Tiny) -> None:
    tiny.edit("web-1", labels={**(meta(tiny.pods["web-1"]).labels or {}), POD_NAME_LABEL: "other"})


def lose_pods_and_claims(tiny: Tiny) -> None:
    for name in ("web-0", "web-2"):
        tiny.gone(name)
        tiny.claims.pop(f"data-{name}", None)


def stray(tiny: Tiny) -> None:
    tiny.stray("web-7")


def broken_update(tiny: Tiny) -> None:
    """The template was bad, is good again, and the set has asked not to wait for what came of it."""
    tiny.change(template=template("bad"))
    tiny.look()
    tiny.look()
    tiny.gone("web-2")
    tiny.look()
    tiny.phase("web-2", "Running")
    tiny.change(template=template("good"))


def broken_on_the_way_out(tiny: Tiny) -> None:
    tiny.phase("web-1", "Running")
    tiny.phase("web-2", "Running")
    tiny.change(replicas=1)


def nothing(tiny: Tiny) -> None:
    """The start itself."""


def spec(**changes: object) -> Change:
    return lambda tiny: tiny.change(**changes)


KEEP, DROP = retain("Retain", "Retain"), retain("Delete", "Delete")
RECREATE = apps_v1.StatefulSetUpdateStrategy(type="Recreate")
NO_BLOCK = apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate")
CASES = {
    "start": case(nothing, "create claim", "create pod", "create revision"),
    "start with pre-existing claims": case(lambda tiny: tiny.claims.update(old_claims()), "own claim"),
    "scale down": case(spec(replicas=1), "own claim", "delete pod"),
    "scale down, all kept": case(spec(replicas=1), "delete pod", persistentVolumeClaimRetentionPolicy=KEEP),
    "move": case(spec(ordinals=apps_v1.StatefulSetOrdinals(start=2)), "create pod", "delete pod", "own claim"),
    "update": case(spec(template=template("new")), "create revision", "delete pod"),
    "update two at a time": case(
        spec(template=template("new")), "delete pod", updateStrategy=rolling(max_unavailable=2)
    ),
    "update behind a partition": case(
        spec(template=template("new")), "delete pod", updateStrategy=rolling(partition=1)
    ),
    "update without a block": case(spec(template=template("new")), "delete pod", updateStrategy=NO_BLOCK),
    "update and scale": case(spec(template=template("new"), replicas=4), "create pod web-3", "delete pod"),
    "recreate": case(spec(template=template("new")), "delete pod web-0 (update)", updateStrategy=RECREATE),
    "recreate and shrink": case(
        spec(template=template("new"), replicas=1),
        "own claim",
        "delete pod web-2 (update)",
        updateStrategy=RECREATE,
    ),
    "go back": case(go_back, "renumber revision", "delete pod"),
    "forget": case(change_often, "delete revision", "create revision", revisionHistoryLimit=0),
    "collide": case(collide, "create revision", replicas=1),
    "release": case(lose_labels, "release pod web-1", "create pod web-1"),
    "adopt": case(orphan, "adopt pod", "adopt revision"),
    "stray": case(stray, "adopt pod web-7", "delete pod web-7"),
    "a stray left alone": case(stray, annotations={LEAVE_STRAYS: "true"}),
    "broken update": case(broken_update, "delete pod web-2 (update)", annotations={REPLACE_BROKEN_AFTER: "0s"}),
    "broken on the way out": case(broken_on_the_way_out, "delete pod", annotations={REMOVE_BROKEN: "true"}),
    "repair": case(wrong_identity, "repair pod web-1"),
    "pods and claims lost": case(lose_pods_and_claims, "create claim", "create pod"),
    "a pod failed": case(lambda tiny: tiny.phase("web-1", "Failed"), "delete pod web-1 (finished)"),
    "let claims go": case(
        spec(persistentVolumeClaimRetentionPolicy=DROP), "own claim", persistentVolumeClaimRetentionPolicy=KEEP
    ),
    "keep claims": case(spec(persistentVolumeClaimRetentionPolicy=KEEP), "own claim"),
}
STARTS = {"start", "start with pre-existing claims"}


def old_claims() -> dict[str, core_v1.PersistentVolumeClaim]:
    names = [f"data-web-{ordinal}" for ordinal in range(3)]
    metadata = [meta_v1.ObjectMeta(name=name, uid=f"old-{name}") for name in names]
    return {name_of(m): m for m in (core_v1.PersistentVolumeClaim(metadata=one) for one in metadata)}


def begin(name: str, policy: str) -> Tiny:
    given = {
        "podManagementPolicy": policy,
        "volumeClaimTemplates": [claim_template()],
        "persistentVolumeClaimRetentionPolicy": DROP,
        **CASES[name].spec,
    }
    tiny = Tiny(make_set(**given), gates=Gates(recreate=True))
    if name not in STARTS:
        tiny.run()
    CASES[name].happens(tiny)
    return tiny


def copied(tiny: Tiny) -> Tiny:
    """The same world once more; what is in it is never changed in place."""
    return replace(tiny, pods=dict(tiny.pods), claims=dict(tiny.claims), revisions=dict(tiny.revisions))


def reached(tiny: Tiny) -> dict[str, object]:
    """What an end state is compared by: everything but uids that were given on the way."""
    status = tiny.set.status
    kinds = {c: [ref.kind for ref in meta(claim).ownerReferences or ()] for c, claim in tiny.claims.items()}
    return {
        "pods": {n: (p.spec.containers[0].image, meta(p).labels) for n, p in tiny.pods.items() if p.spec},
        "owned": all(meta(pod).ownerReferences for pod in tiny.pods.values()),
        "claims": kinds,
        "old claims": sorted(uid_of(claim) for claim in tiny.claims.values() if uid_of(claim).startswith("old")),
        "revisions": {n: (r.revision, bool(meta(r).ownerReferences)) for n, r in tiny.revisions.items()},
        "status": status and (status.currentRevision, status.updateRevision, status.replicas),
        "waiting": tiny.plan().waiting,
    }


def orders(made: Plan) -> Iterator[list[Action]]:
    """The order of one worker; and, for stages that work side by side, from the last strand to the first."""
    yield list(made.actions)
    stages = [stage.strands[::-1] if stage.concurrent else stage.strands for stage in made.stages]
    backward = [action for strands in stages for strand in strands for action in strand]
    if backward != list(made.actions):
        yield backward


def crash(tiny: Tiny, actions: list[Action]) -> Tiny:
    """The world in which exactly these actions were carried out."""
    crashed = copied(tiny)
    for action in actions:
        try:
            crashed.carry_out(action)
        except Refused:
            break
    return crashed


def leave(tiny: Tiny) -> None:
    """Somebody takes away pods that are no longer the set's, which hold its names."""
    for name, pod in list(tiny.pods.items()):
        if (meta(pod).labels or {}).get("app") != "web" and not meta(pod).ownerReferences:
            tiny.gone(name)


def rest(tiny: Tiny) -> dict[str, object]:
    tiny.look()
    leave(tiny)
    tiny.run()
    return reached(tiny)


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
@pytest.mark.parametrize("name", CASES)
def test_a_crash_after_any_action_changes_nothing_of_the_end(name: str, policy: str) -> None:
    tiny = begin(name, policy)
    end = rest(copied(tiny))
    seen: set[str] = set()
    for _ in range(40):
        made = tiny.plan()
        seen.update(steps(made))
        for order in orders(made):
            for cut in range(1, len(order)):
                assert rest(crash(tiny, order[:cut])) == end, f"cut after {cut} of {order}"
        if not tiny.look().actions and reached(tiny) == end:
            break
        leave(tiny)
        tiny.nodes_work()
    else:
        raise AssertionError("never reached the end")
    missing = {wanted for wanted in CASES[name].actions if not any(step.startswith(wanted) for step in seen)}
    assert not missing, f"the case was to show {missing}"
