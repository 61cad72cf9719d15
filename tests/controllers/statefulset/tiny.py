"""A world of one set without API, loop or clock: it carries out a plan's actions on a snapshot.

The stand-ins for the rest of the control plane are single steps that a test takes in any order: a pod becomes
Ready, a deleted pod is gone, the garbage collector runs.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from petset.api.models import apps_v1, core_v1, meta_v1
from petset.api.objects import meta, name_of, owner_reference, uid_of
from petset.controllers.statefulset import status
from petset.controllers.statefulset.identity import ordinal_of
from petset.controllers.statefulset.invariants import violations
from petset.controllers.statefulset.model import (
    Action,
    AdoptPod,
    AdoptRevision,
    CreateClaim,
    CreatePod,
    DeletePod,
    Gates,
    Plan,
    RefuseClaim,
    ReleasePod,
    RepairPod,
    Snapshot,
    UpdateClaimOwners,
)
from petset.controllers.statefulset.plan import plan
from petset.controllers.statefulset.roster import roster_of
from petset.ownership.hashing import canonical, template_patch
from petset.ownership.revisions import CreateRevision, DeleteRevision, RenumberRevision, Revision

START = datetime(2026, 1, 1, tzinfo=UTC)


def template(image: str = "redis:7.0") -> core_v1.PodTemplateSpec:
    return core_v1.PodTemplateSpec(
        metadata=meta_v1.ObjectMeta(labels={"app": "web"}),
        spec=core_v1.PodSpec(containers=[core_v1.Container(name="main", image=image)]),
    )


def claim_template(name: str = "data") -> core_v1.PersistentVolumeClaim:
    spec = core_v1.PersistentVolumeClaimSpec(accessModes=["ReadWriteOnce"])
    return core_v1.PersistentVolumeClaim(
        metadata=meta_v1.ObjectMeta(name=name, labels={"of": "template"}), spec=spec
    )


def make_set(name: str = "web", annotations: dict[str, str] | None = None, **spec: object) -> apps_v1.StatefulSet:
    """A set as the API stores it: `replicas=3`, a RollingUpdate block with partition 0, unless `spec` says else."""
    given = {
        "selector": meta_v1.LabelSelector(matchLabels={"app": "web"}),
        "template": template(),
        "serviceName": "web",
        "replicas": 3,
        "updateStrategy": apps_v1.StatefulSetUpdateStrategy(
            type="RollingUpdate", rollingUpdate=apps_v1.RollingUpdateStatefulSetStrategy(partition=0)
        ),
        **spec,
    }
    metadata = meta_v1.ObjectMeta(
        name=name, namespace="default", uid=f"uid-{name}", generation=1, annotations=annotations
    )
    return apps_v1.StatefulSet(metadata=metadata, spec=apps_v1.StatefulSetSpec(**given))


def rolling(partition: int = 0, max_unavailable: int | str | None = None) -> apps_v1.StatefulSetUpdateStrategy:
    block = apps_v1.RollingUpdateStatefulSetStrategy(partition=partition, maxUnavailable=max_unavailable)
    return apps_v1.StatefulSetUpdateStrategy(type="RollingUpdate", rollingUpdate=block)


def retain(when_deleted: str, when_scaled: str) -> apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy:
    return apps_v1.StatefulSetPersistentVolumeClaimRetentionPolicy(whenDeleted=when_deleted, whenScaled=when_scaled)


class Refused(Exception):
    """The API said no: a claim is being deleted, or the name is taken."""


@dataclass
class Tiny:
    """The set, what exists of it, and the time."""

    set: apps_v1.StatefulSet = field(default_factory=make_set)
    pods: dict[str, core_v1.Pod] = field(default_factory=dict)
    claims: dict[str, core_v1.PersistentVolumeClaim] = field(default_factory=dict)
    revisions: dict[str, apps_v1.ControllerRevision] = field(default_factory=dict)
    now: datetime = START
    gates: Gates = field(default_factory=Gates)
    check: bool = True
    uids: int = 0

    # -- the controller's side

    def snapshot(self) -> Snapshot:
        kept = tuple(Revision(r, canonical(r.data)) for r in self.revisions.values())
        patch = canonical(template_patch(self.set.spec.template))
        claims = dict(self.claims)
        roster = roster_of(self.set, self.pods.values(), claims, self.now)
        return Snapshot(self.set, roster, claims, kept, patch, self.now, gates=self.gates)

    def plan(self) -> Plan:
        return plan(self.snapshot())

    def look(self, *, stop_after: int | None = None) -> Plan:
        """One sync: plan, carry out (the first `stop_after` actions, as if it crashed then), write the status."""
        made = self.plan()
        for action in made.actions[:stop_after]:
            if self.check:
                broken = violations(self.snapshot(), action)
                assert not broken, f"{action} breaks: {broken}"
            try:
                self.carry_out(action)
            except Refused:
                return made
        if stop_after is None and status.differs(self.set.status, made.status):
            self.set = msgspec.structs.replace(self.set, status=made.status)
        return made

    def carry_out(self, action: Action) -> None:
        match action:
            case AdoptPod(pod):
                self.edit(name_of(pod), ownerReferences=[owner_reference(self.set)])
            case ReleasePod(pod):
                self.edit(name_of(pod), ownerReferences=None)
            case CreatePod(pod) if name_of(pod) in self.pods:
                raise Refused
            case CreatePod(pod):
                status_ = core_v1.PodStatus(phase="Pending")
                born = msgspec.structs.replace(meta(pod), uid=self.new_uid(), creationTimestamp=self.now)
                self.pods[name_of(pod)] = core_v1.Pod(metadata=born, spec=pod.spec, status=status_)
            case RepairPod(pod):
                self.pods[name_of(pod)] = pod
            case DeletePod(pod):
                self.delete(name_of(pod))
            case CreateClaim(claim):
                born = msgspec.structs.replace(meta(claim), uid=self.new_uid())
                self.claims[name_of(claim)] = core_v1.PersistentVolumeClaim(metadata=born, spec=claim.spec)
            case UpdateClaimOwners(claim):
                self.claims[name_of(claim)] = claim
            case RefuseClaim():
                raise Refused
            case CreateRevision(revision):
                assert name_of(revision) not in self.revisions
                self.revisions[name_of(revision)] = revision
            case RenumberRevision(revision, number):
                self.revisions[name_of(revision)] = msgspec.structs.replace(revision, revision=number)
            case AdoptRevision(revision):
                owned = msgspec.structs.replace(meta(revision), ownerReferences=[owner_reference(self.set)])
                self.revisions[name_of(revision)] = msgspec.structs.replace(revision, metadata=owned)
            case DeleteRevision(revision):
                del self.revisions[name_of(revision)]

    # -- the users' side

    def change(self, **spec: object) -> None:
        """Edit the set's spec, as an update through the API does."""
        metadata = msgspec.structs.replace(meta(self.set), generation=(meta(self.set).generation or 0) + 1)
        self.set = msgspec.structs.replace(
            self.set, metadata=metadata, spec=msgspec.structs.replace(self.set.spec, **spec)
        )

    def annotate(self, **annotations: str) -> None:
        """Ask for options: `remove_broken="true"` for `petset.dev/remove-broken`. The generation stays (rule 8)."""
        asked = {f"petset.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
        metadata = msgspec.structs.replace(
            meta(self.set), annotations={**(meta(self.set).annotations or {}), **asked}
        )
        self.set = msgspec.structs.replace(self.set, metadata=metadata)

    def stray(self, name: str) -> None:
        """Somebody makes a bare pod with the set's labels."""
        metadata = meta_v1.ObjectMeta(name=name, namespace="default", uid=self.new_uid(), labels={"app": "web"})
        status_ = core_v1.PodStatus(phase="Running")
        self.pods[name] = core_v1.Pod(metadata=metadata, spec=template().spec, status=status_)

    def delete(self, name: str) -> None:
        if meta(self.pods[name]).deletionTimestamp is None:
            self.edit(name, deletionTimestamp=self.now)

    def edit(self, name: str, **metadata: object) -> None:
        """Change fields of a pod's metadata."""
        pod = self.pods[name]
        self.pods[name] = msgspec.structs.replace(pod, metadata=msgspec.structs.replace(meta(pod), **metadata))

    # -- the nodes' and the garbage collector's side

    def phase(self, name: str, phase: str, *, ready: bool = False) -> None:
        pod = self.pods[name]
        condition = core_v1.PodCondition(
            type="Ready", status="True" if ready else "False", lastTransitionTime=self.now
        )
        self.pods[name] = msgspec.structs.replace(
            pod, status=core_v1.PodStatus(phase=phase, conditions=[condition])
        )

    def ready(self, *names: str) -> None:
        for name in names:
            self.phase(name, "Running", ready=True)

    def gone(self, name: str) -> None:
        pod = self.pods.pop(name)
        for claim in list(self.claims.values()):
            if any(ref.uid == uid_of(pod) for ref in meta(claim).ownerReferences or ()):
                del self.claims[name_of(claim)]

    def nodes_work(self) -> None:
        """Every deleted pod goes, every living one becomes Ready."""
        for name, pod in list(self.pods.items()):
            if meta(pod).deletionTimestamp is not None:
                self.gone(name)
            elif not pod.status or pod.status.phase not in ("Running", "Failed", "Succeeded"):
                self.ready(name)
        self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def run(self, rounds: int = 200) -> None:
        """Look and let the nodes work until neither changes anything."""
        for _ in range(rounds):
            before = (dict(self.pods), dict(self.claims), dict(self.revisions), self.set.status)
            made = self.look()
            self.nodes_work()
            if made.wake_after_seconds:
                self.pass_time(made.wake_after_seconds)
            after = (dict(self.pods), dict(self.claims), dict(self.revisions), self.set.status)
            if after == before and not made.actions and not made.wake_after_seconds:
                return
        raise AssertionError(f"no rest after {rounds} rounds: {[str(w) for w in self.plan().waiting]}")

    def names(self) -> list[str]:
        """The pods, by ordinal."""
        return sorted(self.pods, key=lambda name: ordinal_of(name_of(self.set), name) or 0)

    def new_uid(self) -> str:
        self.uids += 1
        return f"uid-{self.uids}"


def described(action: Action) -> str:
    """An action as stories and assertions write it: `create pod web-0`."""
    words = {
        AdoptPod: "adopt pod", ReleasePod: "release pod", CreatePod: "create pod", RepairPod: "repair pod",
        DeletePod: "delete pod", CreateClaim: "create claim", UpdateClaimOwners: "own claim",
        CreateRevision: "create revision", RenumberRevision: "renumber revision",
        AdoptRevision: "adopt revision", DeleteRevision: "delete revision",
    }  # fmt: skip
    match action:
        case RefuseClaim(claim, pod):
            return f"refuse {pod} for claim {claim}"
        case CreateClaim(claim) | UpdateClaimOwners(claim):
            return f"{words[type(action)]} {name_of(claim)}"
        case AdoptPod(pod) | ReleasePod(pod) | CreatePod(pod) | RepairPod(pod):
            return f"{words[type(action)]} {name_of(pod)}"
        case DeletePod(pod, why):
            return f"delete pod {name_of(pod)} ({why})"
        case _:
            return words[type(action)]


def steps(made: Plan) -> list[str]:
    return [described(action) for action in made.actions]
