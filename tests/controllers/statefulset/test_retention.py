"""Rules 25-33: claims before pods, and with whom a claim goes."""

import msgspec
import pytest
from controllers.statefulset.tiny import Tiny, claim_template, make_set, retain, steps

from petset.api.models import core_v1, meta_v1
from petset.api.objects import meta, uid_of
from petset.controllers.statefulset.model import RefuseClaim, UpdateClaimOwners
from petset.controllers.statefulset.retention import policy_of


def running(when_deleted: str, when_scaled: str, replicas: int = 3) -> Tiny:
    policy = retain(when_deleted, when_scaled)
    spec = {"volumeClaimTemplates": [claim_template()], "persistentVolumeClaimRetentionPolicy": policy}
    tiny = Tiny(make_set(replicas=replicas, **spec))
    tiny.run()
    return tiny


def owners(claim: core_v1.PersistentVolumeClaim) -> list[str]:
    return [f"{ref.kind} {ref.uid}" for ref in meta(claim).ownerReferences or ()]


def own(tiny: Tiny, claim: str, *refs: meta_v1.OwnerReference) -> None:
    old = tiny.claims[claim]
    metadata = msgspec.structs.replace(meta(old), ownerReferences=list(refs))
    tiny.claims[claim] = msgspec.structs.replace(old, metadata=metadata)


def ref(kind: str, name: str, uid: str, *, controller: bool = True) -> meta_v1.OwnerReference:
    version = {"StatefulSet": "apps/v1", "Pod": "v1"}.get(kind, "example.com/v1")
    return meta_v1.OwnerReference(apiVersion=version, kind=kind, name=name, uid=uid, controller=controller)


@pytest.mark.parametrize(
    ("when_deleted", "when_scaled", "wanted", "condemned"),
    [
        ("Retain", "Retain", [], []),
        ("Delete", "Retain", ["set"], ["set"]),
        ("Retain", "Delete", [], ["pod"]),
        ("Delete", "Delete", ["set"], ["pod"]),
    ],
)
def test_a_claim_goes_with(when_deleted: str, when_scaled: str, wanted: list[str], condemned: list[str]) -> None:
    tiny = running(when_deleted, when_scaled)
    pod = uid_of(tiny.pods["web-2"])
    names = {"set": "StatefulSet uid-web", "pod": f"Pod {pod}"}
    assert owners(tiny.claims["data-web-2"]) == [names[owner] for owner in wanted]
    tiny.change(replicas=2)
    tiny.look()
    assert owners(tiny.claims["data-web-2"]) == [names[owner] for owner in condemned]


def test_claims_of_condemned_pods_are_owned_before_the_first_of_them_goes() -> None:
    tiny = running("Retain", "Delete")
    tiny.change(replicas=1)
    assert steps(tiny.look()) == ["own claim data-web-2", "own claim data-web-1", "delete pod web-2 (condemned)"]


def test_scaling_down_with_when_scaled_delete_removes_the_claims_and_scaling_up_makes_new_ones() -> None:
    tiny = running("Retain", "Delete")
    before = uid_of(tiny.claims["data-web-2"])
    tiny.change(replicas=2)
    tiny.run()
    assert sorted(tiny.claims) == ["data-web-0", "data-web-1"]
    tiny.change(replicas=3)
    tiny.run()
    assert uid_of(tiny.claims["data-web-2"]) != before


def test_retained_claims_are_there_when_the_set_grows_again() -> None:
    tiny = running("Retain", "Retain")
    before = dict(tiny.claims)
    tiny.change(replicas=1)
    tiny.run()
    tiny.change(replicas=3)
    tiny.run()
    assert tiny.claims == before


def test_a_changed_policy_is_carried_out_and_announced_as_an_update_of_the_pods() -> None:
    tiny = running("Retain", "Retain", replicas=1)
    tiny.change(persistentVolumeClaimRetentionPolicy=retain("Delete", "Retain"))
    assert steps(tiny.look()) == ["own claim data-web-0", "repair pod web-0"]
    tiny.change(persistentVolumeClaimRetentionPolicy=retain("Retain", "Retain"))
    tiny.look()
    assert owners(tiny.claims["data-web-0"]) == []


def test_a_claim_of_a_former_set_of_this_name_is_left_alone() -> None:
    tiny = running("Delete", "Retain", replicas=1)
    own(tiny, "data-web-0", ref("StatefulSet", "web", "former"))
    assert steps(tiny.look()) == []


def test_a_claim_that_another_controller_manages_loses_our_references_and_the_user_is_told() -> None:
    tiny = running("Delete", "Retain", replicas=1)
    ours = ref("StatefulSet", "web", "uid-web")
    own(tiny, "data-web-0", ours, ref("Backup", "nightly", "b"))
    made = tiny.look()
    assert [a.conflicting for a in made.actions if isinstance(a, UpdateClaimOwners)] == [True]
    assert owners(tiny.claims["data-web-0"]) == ["Backup b"]
    assert steps(tiny.look()) == []


def test_a_reference_of_ours_that_manages_nothing_is_upgraded() -> None:
    tiny = running("Delete", "Retain", replicas=1)
    own(tiny, "data-web-0", ref("StatefulSet", "web", "uid-web", controller=False))
    tiny.look()
    refs = meta(tiny.claims["data-web-0"]).ownerReferences
    assert refs is not None and refs[0].controller


def test_other_owners_of_a_claim_are_kept() -> None:
    tiny = running("Delete", "Retain", replicas=1)
    own(tiny, "data-web-0", ref("Backup", "nightly", "b", controller=False))
    tiny.look()
    assert owners(tiny.claims["data-web-0"]) == ["Backup b", "StatefulSet uid-web"]


def test_a_claim_of_a_former_pod_holds_the_new_one_up_until_it_is_gone() -> None:
    tiny = running("Retain", "Delete", replicas=1)
    own(tiny, "data-web-0", ref("Pod", "web-0", "former"))
    del tiny.pods["web-0"]
    made = tiny.look()
    assert steps(made) == []
    assert [w.rule for w in made.waiting] == [33]
    del tiny.claims["data-web-0"]
    assert steps(tiny.look()) == ["create claim data-web-0", "create pod web-0"]


def test_a_claim_that_is_being_deleted_keeps_the_pod_from_being_created() -> None:
    tiny = running("Retain", "Retain", replicas=1)
    del tiny.pods["web-0"]
    meta(tiny.claims["data-web-0"]).deletionTimestamp = tiny.now
    made = tiny.look()
    assert steps(made) == ["refuse web-0 for claim data-web-0"]
    assert [w.rule for w in made.waiting] == [27]


def test_a_claim_that_was_there_before_is_used_as_it_is() -> None:
    tiny = Tiny(make_set(replicas=1, volumeClaimTemplates=[claim_template()]))
    there = core_v1.PersistentVolumeClaim(metadata=meta_v1.ObjectMeta(name="data-web-0", uid="mine"))
    tiny.claims["data-web-0"] = there
    tiny.run()
    assert tiny.claims["data-web-0"] is there


def test_a_claim_that_vanished_under_a_pending_pod_is_made_again() -> None:
    tiny = Tiny(make_set(volumeClaimTemplates=[claim_template()]))
    tiny.look()
    del tiny.claims["data-web-0"]
    assert steps(tiny.look()) == ["create claim data-web-0"]


def test_a_new_claim_has_its_owner_from_the_beginning() -> None:
    """Rule 31: no moment in which nobody owns it."""
    policy = retain("Delete", "Retain")
    tiny = Tiny(make_set(volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=policy))
    tiny.look()
    assert meta(tiny.claims["data-web-0"]).ownerReferences == [set_reference()]


def set_reference() -> meta_v1.OwnerReference:
    """Rule 31: a managing controller that blocks the owner's foreground deletion."""
    return meta_v1.OwnerReference(
        apiVersion="apps/v1",
        kind="StatefulSet",
        name="web",
        uid="uid-web",
        controller=True,
        blockOwnerDeletion=True,
    )


def test_a_claim_that_waited_for_its_pod_gets_its_owner_with_it() -> None:
    """Rules 26 and 31."""
    policy = retain("Delete", "Retain")
    tiny = Tiny(
        make_set(replicas=1, volumeClaimTemplates=[claim_template()], persistentVolumeClaimRetentionPolicy=policy)
    )
    status = core_v1.PersistentVolumeClaimStatus(phase="Bound")
    metadata = meta_v1.ObjectMeta(name="data-web-0", uid="mine")
    tiny.claims["data-web-0"] = core_v1.PersistentVolumeClaim(metadata=metadata, status=status)
    assert steps(tiny.look())[1:] == ["create pod web-0", "own claim data-web-0"]
    assert meta(tiny.claims["data-web-0"]).ownerReferences == [set_reference()]
    assert tiny.claims["data-web-0"].status == status


@pytest.mark.parametrize(
    ("policy", "meant"),
    [
        (None, ("Retain", "Retain")),
        (retain("", ""), ("Retain", "Retain")),
        (retain("Delete", ""), ("Delete", "Retain")),
        (retain("", "Delete"), ("Retain", "Delete")),
    ],
)
def test_what_a_policy_leaves_out_is_retained(policy: object, meant: tuple[str, str]) -> None:
    assert policy_of(make_set(persistentVolumeClaimRetentionPolicy=policy)) == meant


def test_where_all_is_retained_another_controller_is_no_conflict() -> None:
    """Rule 32: our reference goes, theirs stays, and nobody is told."""
    tiny = running("Retain", "Retain", replicas=1)
    own(tiny, "data-web-0", ref("StatefulSet", "web", "uid-web"), ref("Backup", "nightly", "b"))
    made = tiny.look()
    assert [a.conflicting for a in made.actions if isinstance(a, UpdateClaimOwners)] == [False]
    assert owners(tiny.claims["data-web-0"]) == ["Backup b"]


def test_a_pod_that_is_wanted_again_gives_its_claim_back() -> None:
    """Rule 31: scaled down, owned by its pod, and scaled up again before the pod was asked to go."""
    tiny = running("Retain", "Delete", replicas=3)
    tiny.change(replicas=2)
    tiny.look(stop_after=1)
    assert owners(tiny.claims["data-web-2"]) == [f"Pod {uid_of(tiny.pods['web-2'])}"]
    tiny.change(replicas=3)
    assert steps(tiny.look()) == ["own claim data-web-2", "repair pod web-2"]
    assert owners(tiny.claims["data-web-2"]) == []


def test_a_claim_that_vanished_under_a_running_pod_is_not_made_again() -> None:
    """Rule 28 is about Pending pods alone."""
    tiny = running("Retain", "Retain", replicas=1)
    del tiny.claims["data-web-0"]
    assert steps(tiny.look()) == []


def test_of_two_claims_one_is_made_though_the_other_keeps_the_pod_waiting() -> None:
    """Rules 25 and 27."""
    tiny = Tiny(make_set(replicas=1, volumeClaimTemplates=[claim_template("data"), claim_template("log")]))
    going = meta_v1.ObjectMeta(name="log-web-0", uid="old", deletionTimestamp=tiny.now)
    tiny.claims["log-web-0"] = core_v1.PersistentVolumeClaim(metadata=going)
    made = tiny.look()
    assert steps(made)[1:] == ["create claim data-web-0", "refuse web-0 for claim log-web-0"]
    assert [(w.subject, w.blocker, w.rule) for w in made.waiting] == [("web-0", "log-web-0", 27)]
    assert "log-web-0 is being deleted" in str(made.waiting[0])


def test_a_claim_that_goes_under_a_pending_pod_is_waited_for_and_the_user_is_not_told() -> None:
    """Rule 28: unlike rule 27, nothing that the user asked for was refused."""
    tiny = running("Retain", "Retain", replicas=1)
    tiny.phase("web-0", "Pending")
    going = msgspec.structs.replace(meta(tiny.claims["data-web-0"]), deletionTimestamp=tiny.now)
    tiny.claims["data-web-0"] = msgspec.structs.replace(tiny.claims["data-web-0"], metadata=going)
    made = tiny.look()
    assert made.actions == (RefuseClaim("data-web-0", "web-0", "pvc data-web-0 is being deleted", told=False),)
    first = made.waiting[0]
    assert (first.subject, first.blocker, first.rule) == ("web-0", "data-web-0", 28)


def test_who_waits_for_a_claim_of_a_former_pod_is_told_its_name() -> None:
    """Rule 33."""
    tiny = running("Retain", "Delete", replicas=1)
    own(tiny, "data-web-0", ref("Pod", "web-0", "former"))
    del tiny.pods["web-0"]
    (waiting,) = tiny.look().waiting
    assert (waiting.subject, waiting.blocker, waiting.rule) == ("web-0", "data-web-0", 33)
    assert "data-web-0 still belongs to a former pod" in str(waiting)


def test_a_changed_policy_reaches_all_claims_in_one_look() -> None:
    """Rules 32 and 47: putting a settled pod right holds up nobody."""
    tiny = running("Retain", "Retain", replicas=3)
    tiny.change(persistentVolumeClaimRetentionPolicy=retain("Delete", "Retain"))
    assert steps(tiny.look()) == [
        step for n in range(3) for step in (f"own claim data-web-{n}", f"repair pod web-{n}")
    ]


def test_a_claim_of_a_former_pod_is_left_alone_while_another_pod_of_that_name_lives() -> None:
    """Rule 32: the collector is about to act on it, whatever the policy has become."""
    tiny = running("Retain", "Delete", replicas=2)
    own(tiny, "data-web-1", ref("Pod", "web-1", "former"))
    assert steps(tiny.look()) == []
    tiny.change(persistentVolumeClaimRetentionPolicy=retain("Delete", "Retain"))
    assert steps(tiny.look()) == ["own claim data-web-0", "repair pod web-0"]
    assert owners(tiny.claims["data-web-1"]) == ["Pod former"]


def test_a_claim_that_another_controller_manages_does_not_go_with_its_condemned_pod() -> None:
    """Rule 32."""
    tiny = running("Retain", "Delete", replicas=2)
    own(tiny, "data-web-1", ref("Backup", "nightly", "b"))
    tiny.change(replicas=1)
    assert steps(tiny.look()) == ["delete pod web-1 (condemned)"]
    assert owners(tiny.claims["data-web-1"]) == ["Backup b"]


def test_a_claim_of_a_former_pod_is_used_where_claims_of_removed_replicas_are_kept() -> None:
    """Rule 33 is about whenScaled: Delete alone."""
    tiny = running("Delete", "Retain", replicas=1)
    own(tiny, "data-web-0", ref("Pod", "web-0", "former"))
    del tiny.pods["web-0"]
    assert steps(tiny.look()) == ["create pod web-0"]
