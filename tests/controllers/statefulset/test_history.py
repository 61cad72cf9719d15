"""Rules 37-41: finding, renumbering, naming and forgetting revisions."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from controllers.statefulset.tiny import Tiny, make_set, retain, rolling, steps, template

from petset.api.models import apps_v1, meta_v1
from petset.api.objects import meta, owner_reference
from petset.controllers.statefulset.history import HASH_LABEL, decide
from petset.controllers.statefulset.model import AdoptRevision
from petset.ownership.hashing import canonical, revision_hash, template_patch
from petset.ownership.revisions import CreateRevision, DeleteRevision


def numbers(tiny: Tiny) -> list[int | None]:
    return sorted(revision.revision or 0 for revision in tiny.revisions.values())


def test_a_revision_is_named_after_its_set_and_hash_and_labelled_like_the_template() -> None:
    tiny = Tiny()
    tiny.look()
    hashed = revision_hash(canonical(template_patch(template())), 0)
    (revision,) = tiny.revisions.values()
    metadata = meta(revision)
    assert metadata.name == f"web-{hashed}"
    assert metadata.labels == {"app": "web", HASH_LABEL: hashed}
    assert metadata.ownerReferences is not None and metadata.ownerReferences[0].uid == "uid-web"
    assert revision.revision == 1


def test_going_back_to_an_old_template_renumbers_its_revision() -> None:
    tiny = Tiny()
    tiny.run()
    tiny.change(template=template("new"))
    tiny.run()
    assert numbers(tiny) == [1, 2]
    tiny.change(template=template())
    tiny.run()
    assert numbers(tiny) == [2, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"replicas": 5},
        {"minReadySeconds": 3},
        {"ordinals": apps_v1.StatefulSetOrdinals(start=1)},
        {"updateStrategy": rolling(partition=1, max_unavailable=2)},
        {"revisionHistoryLimit": 3},
        {"persistentVolumeClaimRetentionPolicy": retain("Delete", "Delete")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_fields_of_the_spec_make_no_revision(change: dict[str, object]) -> None:
    """Rule 35: all that may change of a set but its template."""
    tiny = Tiny()
    tiny.run()
    tiny.change(**change)
    meta(tiny.set).labels = meta(tiny.set).annotations = {"changed": "too"}
    tiny.run()
    assert numbers(tiny) == [1]


def test_a_revision_serialised_by_older_rules_is_used_if_it_means_the_same() -> None:
    tiny = Tiny()
    tiny.run()
    ((name, revision),) = tiny.revisions.items()
    data = msgspec.to_builtins(revision.data)
    data["spec"]["template"]["metadata"]["creationTimestamp"] = None
    tiny.revisions[name] = msgspec.structs.replace(revision, data=data)
    assert steps(tiny.look()) == []


def written_by_older_rules(tiny: Tiny, name: str) -> None:
    """Means the same as it did, and has other bytes."""
    revision = tiny.revisions[name]
    data = msgspec.to_builtins(revision.data)
    data["spec"]["template"]["metadata"]["creationTimestamp"] = None
    tiny.revisions[name] = msgspec.structs.replace(revision, data=data)


def test_only_the_newest_revision_is_compared_by_meaning() -> None:
    """Rule 37: an older one that means the same but has other bytes is not gone back to."""
    tiny = Tiny(make_set(replicas=0))
    tiny.look()
    (first,) = tiny.revisions
    tiny.change(template=template("new"))
    tiny.look()
    written_by_older_rules(tiny, first)
    tiny.change(template=template())
    assert steps(tiny.look()) == ["create revision"]
    assert numbers(tiny) == [1, 2, 3]


def test_an_older_revision_of_the_same_bytes_goes_before_the_newest_of_the_same_meaning() -> None:
    """Rule 37, in its order."""
    tiny = Tiny(make_set(replicas=0))
    tiny.look()
    (first,) = tiny.revisions
    tiny.revisions["web-again"] = revision_of_another_template("web-again", image="redis:7.0")
    tiny.revisions["web-again"].revision = 2
    written_by_older_rules(tiny, "web-again")
    made = tiny.look()
    assert steps(made) == ["renumber revision"]
    assert (made.status.updateRevision, tiny.revisions[first].revision) == (first, 3)


def test_a_name_that_other_data_has_is_counted_as_a_collision() -> None:
    tiny = Tiny(make_set(replicas=0))
    text = canonical(template_patch(template()))
    taken = f"web-{revision_hash(text, 0)}"
    tiny.revisions[taken] = revision_of_another_template(taken)
    made = tiny.look()
    created = next(action.revision for action in made.actions if isinstance(action, CreateRevision))
    assert meta(created).name == f"web-{revision_hash(text, 1)}"
    assert (meta(created).labels or {})[HASH_LABEL] == revision_hash(text, 0)
    assert made.status.collisionCount == 1


def test_an_orphan_revision_is_adopted_and_used() -> None:
    tiny = Tiny(make_set(replicas=0))
    tiny.revisions["web-kept"] = revision_of_another_template("web-kept", image="redis:7.0")
    meta(tiny.revisions["web-kept"]).ownerReferences = None
    made = tiny.look()
    assert [type(action) for action in made.actions] == [AdoptRevision]
    assert made.status.updateRevision == "web-kept"


def test_the_oldest_unused_revisions_beyond_the_limit_are_forgotten() -> None:
    tiny = Tiny(make_set(replicas=1, revisionHistoryLimit=1))
    for number in range(4):
        tiny.change(template=template(f"v{number}"))
        tiny.run()
    assert numbers(tiny) == [3, 4]


def test_a_revision_that_a_pod_still_has_is_kept_even_with_no_history() -> None:
    tiny = Tiny(make_set(replicas=2, revisionHistoryLimit=0))
    tiny.run()
    tiny.change(template=template("new"))
    made = tiny.look()
    assert not [action for action in made.actions if isinstance(action, DeleteRevision)]
    tiny.run()
    assert len(tiny.revisions) == 1


def test_a_revision_between_the_current_and_the_new_one_is_kept_while_a_pod_has_it() -> None:
    tiny = Tiny(make_set(replicas=2, revisionHistoryLimit=0))
    tiny.run()
    tiny.change(template=template("second"))
    while steps(tiny.look()) != ["create pod web-1"]:
        tiny.nodes_work()
    tiny.change(template=template("third"))
    tiny.look()
    assert numbers(tiny) == [1, 2, 3]
    tiny.run()
    assert numbers(tiny) == [3]


def test_without_a_limit_ten_old_revisions_are_kept() -> None:
    tiny = Tiny(make_set(replicas=1))
    for number in range(13):
        tiny.change(template=template(f"v{number}"))
        tiny.run()
    assert numbers(tiny) == list(range(3, 14))


def test_a_negative_limit_keeps_all() -> None:
    tiny = Tiny(make_set(replicas=1, revisionHistoryLimit=-1))
    for number in range(4):
        tiny.change(template=template(f"v{number}"))
        tiny.run()
    assert numbers(tiny) == [1, 2, 3, 4]


def test_a_set_name_too_long_for_a_label_gets_pods_labelled_with_the_hash_alone() -> None:
    tiny = Tiny(make_set(name="w" * 60))
    tiny.run()
    labels = {(meta(pod).labels or {})["controller-revision-hash"] for pod in tiny.pods.values()}
    assert tiny.set.status is not None and tiny.set.status.currentRevision is not None
    assert labels == {tiny.set.status.currentRevision.removeprefix("w" * 60 + "-")}
    assert tiny.set.status.updatedReplicas == 3


def revision_of_another_template(name: str, image: str = "other") -> apps_v1.ControllerRevision:
    owner = owner_reference(make_set())
    return apps_v1.ControllerRevision(
        metadata=meta_v1.ObjectMeta(name=name, uid=f"uid-{name}", ownerReferences=[owner]),
        data=msgspec.to_builtins(template_patch(template(image))),
        revision=1,
    )


def test_a_revision_has_the_sets_annotations() -> None:
    """Rule 36."""
    tiny = Tiny()
    meta(tiny.set).annotations = {"kubernetes.io/change-cause": "first"}
    tiny.look()
    (revision,) = tiny.revisions.values()
    assert meta(revision).annotations == {"kubernetes.io/change-cause": "first"}
    assert meta(revision).annotations is not meta(tiny.set).annotations


@pytest.mark.parametrize("metadata", [None, meta_v1.ObjectMeta()], ids=["none", "empty"])
def test_a_template_without_labels_leaves_the_hash_label_alone(metadata: meta_v1.ObjectMeta | None) -> None:
    tiny = Tiny(make_set(template=msgspec.structs.replace(template(), metadata=metadata)))
    tiny.look()
    (revision,) = tiny.revisions.values()
    assert list(meta(revision).labels or {}) == [HASH_LABEL]


def test_every_name_that_is_taken_counts() -> None:
    """Rule 38: rehash until a name is free."""
    tiny = Tiny(make_set(replicas=0))
    text = canonical(template_patch(template()))
    for count in range(3):
        taken = f"web-{revision_hash(text, count)}"
        tiny.revisions[taken] = revision_of_another_template(taken)
    made = tiny.look()
    assert made.status.collisionCount == 3
    assert made.status.updateRevision == f"web-{revision_hash(text, 3)}"


def test_a_long_set_name_is_cut_in_the_name_of_its_revision() -> None:
    """Rule 36: at 223 bytes. Such names are older than the limit of 63."""
    tiny = Tiny(make_set(name="w" * 250, replicas=0))
    tiny.look()
    (name,) = tiny.revisions
    assert name == "w" * 223 + "-" + revision_hash(canonical(template_patch(template())), 0)


def test_of_two_revisions_with_one_number_the_younger_is_the_newer() -> None:
    """Rule 37: number, then time, then name; one without a time is the oldest."""
    tiny = Tiny(make_set(replicas=0, template=template("b")))
    for name, image, age in (("web-z", "a", 0), ("web-a", "b", 1), ("web-zz", "c", None)):
        tiny.revisions[name] = revision_of_another_template(name, image)
        born = None if age is None else tiny.now + timedelta(seconds=age)
        meta(tiny.revisions[name]).creationTimestamp = born
    assert steps(tiny.look()) == []
    tiny.change(template=template("a"))
    assert steps(tiny.look()) == ["renumber revision"]
    assert tiny.revisions["web-z"].revision == 2


def test_of_two_revisions_of_one_age_the_name_decides() -> None:
    tiny = Tiny(make_set(replicas=0, template=template("b")))
    for name, image in (("web-b", "b"), ("web-a", "a")):
        tiny.revisions[name] = revision_of_another_template(name, image)
    assert steps(tiny.look()) == []


def test_data_that_holds_no_template_means_nothing() -> None:
    """Rule 37: what cannot be read again is not the same template."""
    tiny = Tiny(make_set(replicas=0))
    odd = revision_of_another_template("web-odd")
    tiny.revisions["web-odd"] = msgspec.structs.replace(odd, data={"spec": {}})
    assert steps(tiny.look()) == ["create revision"]
    assert numbers(tiny) == [1, 2]


def test_the_revision_that_a_plan_makes_is_known_by_its_text() -> None:
    tiny = Tiny()
    snapshot = tiny.snapshot()
    assert decide(snapshot).update.data == snapshot.template


def test_the_current_revision_is_the_one_that_the_status_names_else_the_update_revision() -> None:
    """Rule 39: also where the status names one that is gone."""
    tiny = Tiny(make_set(replicas=1))
    tiny.run()
    first = tiny.set.status.currentRevision if tiny.set.status else ""
    tiny.change(template=template("new"), updateStrategy=rolling(partition=1))
    tiny.run()
    made = tiny.plan().status
    assert made.currentRevision == first != made.updateRevision
    assert tiny.set.status is not None
    tiny.set = msgspec.structs.replace(
        tiny.set, status=msgspec.structs.replace(tiny.set.status, currentRevision="web-gone")
    )
    made = tiny.plan().status
    assert made.currentRevision == made.updateRevision


@pytest.mark.parametrize(
    ("happens", "kept"),
    [
        (lambda tiny: tiny.edit("web-1", ownerReferences=None), True),
        (lambda tiny: rename(tiny, "web-1", "web-01"), True),
        (lambda tiny: tiny.edit("web-1", labels={**labels_of(tiny, "web-1"), "app": "other"}), False),
    ],
    ids=["to be adopted", "without a place", "to be released"],
)
def test_a_revision_is_kept_for_members_of_every_kind(happens: Callable[[Tiny], None], kept: bool) -> None:
    """Rule 40: web-1 still has the first template, two templates later, and no history is to be kept."""
    tiny = Tiny(make_set(replicas=2, revisionHistoryLimit=0))
    tiny.run()
    tiny.change(template=template("second"), updateStrategy=apps_v1.StatefulSetUpdateStrategy(type="OnDelete"))
    tiny.gone("web-0")
    tiny.run()
    tiny.change(template=template("third"))
    tiny.gone("web-0")
    tiny.run()
    assert tiny.set.status is not None
    tiny.set.status.currentRevision = tiny.set.status.updateRevision
    happens(tiny)
    forgotten = [action for action in tiny.plan().actions if isinstance(action, DeleteRevision)]
    assert [action.revision.revision for action in forgotten] == ([] if kept else [1])


def rename(tiny: Tiny, old: str, new: str) -> None:
    pod = tiny.pods.pop(old)
    tiny.pods[new] = msgspec.structs.replace(pod, metadata=msgspec.structs.replace(meta(pod), name=new))


def labels_of(tiny: Tiny, pod: str) -> dict[str, str]:
    return dict(meta(tiny.pods[pod]).labels or {})


def test_a_revision_in_use_is_kept_for_a_set_with_a_long_name_too() -> None:
    """Rules 19 and 40: its pods name the revision by the hash alone."""
    tiny = Tiny(make_set(name="w" * 60, replicas=2, revisionHistoryLimit=0))
    tiny.run()
    tiny.change(template=template("new"), updateStrategy=rolling(partition=1))
    tiny.run()
    assert tiny.set.status is not None
    tiny.set.status.currentRevision = tiny.set.status.updateRevision
    assert not [action for action in tiny.plan().actions if isinstance(action, DeleteRevision)]
