"""Rules 15-18, 24 and 42: names, labels, claims, and who belongs to the set."""

import msgspec
import pytest
from controllers.statefulset.tiny import Tiny, claim_template, make_set, steps, template

from petset.api.models import core_v1, meta_v1
from petset.api.objects import meta
from petset.controllers.statefulset.identity import (
    NO_ORDINAL,
    ordinal_of,
    revision_label,
    revision_of,
    wanted_replicas,
)


@pytest.mark.parametrize(
    ("pod", "ordinal"),
    [
        ("web-0", 0), ("web-12", 12), ("web", None), ("web-x", None), ("web-1-2", None), ("wweb-1", None),
        ("web--1", None), ("web-2147483647", 2147483647), ("web-2147483648", NO_ORDINAL), ("web-01", NO_ORDINAL),
    ],
)  # fmt: skip
def test_the_name_decides_membership_and_ordinal(pod: str, ordinal: int | None) -> None:
    assert ordinal_of("web", pod) == ordinal


def test_the_greedy_prefix_is_the_set_name() -> None:
    assert ordinal_of("web-1", "web-1-2") == 2


def test_a_pod_carries_its_identity() -> None:
    tiny = Tiny(make_set(volumeClaimTemplates=[claim_template()]))
    tiny.look()
    pod = tiny.pods["web-0"]
    metadata, spec = meta(pod), pod.spec
    assert spec is not None and tiny.set.status is not None
    assert metadata.labels == {
        "app": "web",
        "statefulset.kubernetes.io/pod-name": "web-0",
        "apps.kubernetes.io/pod-index": "0",
        "controller-revision-hash": tiny.set.status.updateRevision,
    }
    assert metadata.generateName == "web-"
    assert metadata.ownerReferences == [
        meta_v1.OwnerReference("apps/v1", "StatefulSet", "web", "uid-web", blockOwnerDeletion=True, controller=True)
    ]
    assert (spec.hostname, spec.subdomain) == ("web-0", "web")
    assert [(v.name, v.persistentVolumeClaim.claimName) for v in spec.volumes or () if v.persistentVolumeClaim] == [
        ("data", "data-web-0")
    ]


def test_a_claim_is_the_template_with_the_selector_labels_over_its_own() -> None:
    tiny = Tiny(make_set(volumeClaimTemplates=[claim_template()]))
    tiny.look()
    claim = tiny.claims["data-web-0"]
    assert meta(claim).labels == {"of": "template", "app": "web"}
    assert meta(claim).namespace == "default"
    assert claim.spec == claim_template().spec


def test_a_template_volume_gives_way_to_a_claim_of_its_name() -> None:
    with_volume = template()
    assert with_volume.spec is not None
    with_volume.spec.volumes = [core_v1.Volume(name="data"), core_v1.Volume(name="tmp")]
    tiny = Tiny(make_set(template=with_volume, volumeClaimTemplates=[claim_template()]))
    tiny.look()
    spec = tiny.pods["web-0"].spec
    assert spec is not None
    assert [volume.name for volume in spec.volumes or ()] == ["data", "tmp"]
    assert spec.volumes and spec.volumes[0].persistentVolumeClaim is not None


def running() -> Tiny:
    tiny = Tiny(make_set(volumeClaimTemplates=[claim_template()]))
    tiny.run()
    return tiny


def test_a_wrong_pod_name_label_is_repaired_once_the_pod_is_settled() -> None:
    tiny = running()
    labels = {**(meta(tiny.pods["web-1"]).labels or {}), "statefulset.kubernetes.io/pod-name": "other"}
    tiny.edit("web-1", labels=labels)
    tiny.phase("web-1", "Running")
    assert steps(tiny.look()) == []
    tiny.ready("web-1")
    assert steps(tiny.look()) == ["repair pod web-1"]
    assert steps(tiny.look()) == []


def test_in_parallel_a_wrong_pod_name_label_is_repaired_at_once() -> None:
    """Rule 18: only an ordered set waits until the pod is well."""
    tiny = Tiny(make_set(podManagementPolicy="Parallel"))
    tiny.run()
    labels = {**(meta(tiny.pods["web-1"]).labels or {}), "statefulset.kubernetes.io/pod-name": "other"}
    tiny.edit("web-1", labels=labels)
    tiny.phase("web-1", "Running")
    assert steps(tiny.look()) == ["repair pod web-1"]


def test_a_missing_index_label_alone_is_no_reason_for_a_repair() -> None:
    tiny = running()
    labels = dict(meta(tiny.pods["web-1"]).labels or {})
    del labels["apps.kubernetes.io/pod-index"]
    tiny.edit("web-1", labels=labels)
    assert steps(tiny.look()) == []


def test_a_pod_that_lost_its_labels_is_released_and_its_place_is_filled() -> None:
    tiny = running()
    tiny.edit("web-1", labels={"app": "other"})
    # The name is still taken, so the API refuses this until the pod is gone or has its labels again (rule 61).
    assert steps(tiny.look()) == ["release pod web-1", "create pod web-1"]
    assert steps(tiny.look()) == ["create pod web-1"]
    tiny.edit("web-1", labels={**(meta(tiny.pods["web-2"]).labels or {}), "app": "web"})
    assert steps(tiny.look())[0] == "adopt pod web-1"


def test_an_orphan_with_the_labels_and_a_name_of_the_set_is_adopted() -> None:
    tiny = running()
    tiny.edit("web-1", ownerReferences=None)
    assert steps(tiny.look()) == ["adopt pod web-1"]
    assert steps(tiny.look()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("web-7", ["adopt pod web-7", "delete pod web-7 (condemned)"]), ("web-x", []), ("other-1", [])],
    ids=["a stray pod of the set's name is taken in and removed", "no ordinal", "another name"],
)
def test_a_stray_pod_with_matching_labels(name: str, expected: list[str]) -> None:
    tiny = running()
    stray = core_v1.PodStatus(phase="Running")
    metadata = meta_v1.ObjectMeta(name=name, namespace="default", uid="stray", labels={"app": "web"})
    tiny.pods[name] = core_v1.Pod(metadata=metadata, spec=core_v1.PodSpec(containers=[]), status=stray)
    assert steps(tiny.look()) == expected


def test_a_terminating_orphan_is_not_adopted() -> None:
    tiny = running()
    tiny.edit("web-1", ownerReferences=None, deletionTimestamp=tiny.now)
    assert "adopt pod web-1" not in steps(tiny.plan())


def test_the_pod_of_another_controller_is_left_alone() -> None:
    tiny = running()
    other = meta_v1.OwnerReference(apiVersion="v1", kind="Thing", name="t", uid="t", controller=True)
    tiny.edit("web-2", ownerReferences=[other])
    assert "release pod web-2" not in steps(tiny.plan())
    assert "adopt pod web-2" not in steps(tiny.plan())


def test_a_pod_has_all_metadata_of_the_template_as_its_own() -> None:
    """Rule 16: a later change of the pod must not show in the template."""
    rich = template()
    assert rich.metadata is not None
    rich.metadata.annotations = {"note": "kept"}
    rich.metadata.finalizers = ["example.com/hold"]
    tiny = Tiny(make_set(template=rich))
    tiny.look()
    metadata = meta(tiny.pods["web-0"])
    assert (metadata.annotations, metadata.finalizers) == (rich.metadata.annotations, rich.metadata.finalizers)
    assert metadata.annotations is not rich.metadata.annotations
    assert metadata.finalizers is not rich.metadata.finalizers


def test_a_pod_of_a_bare_template_has_no_empty_metadata() -> None:
    tiny = Tiny()
    tiny.look()
    assert (meta(tiny.pods["web-0"]).annotations, meta(tiny.pods["web-0"]).finalizers) == (None, None)


def test_a_claim_has_annotations_and_finalizers_of_its_template() -> None:
    """Rule 24: the whole template, not only its spec."""
    rich = claim_template()
    assert rich.metadata is not None
    rich.metadata.annotations = {"backup": "daily"}
    rich.metadata.finalizers = ["example.com/hold"]
    tiny = Tiny(make_set(volumeClaimTemplates=[rich]))
    tiny.look()
    metadata = meta(tiny.claims["data-web-0"])
    assert (metadata.annotations, metadata.finalizers) == (rich.metadata.annotations, rich.metadata.finalizers)


def test_host_name_and_subdomain_of_the_template_give_way() -> None:
    """Rule 17; a set without a service name gives no subdomain."""
    named = template()
    assert named.spec is not None
    named.spec.hostname, named.spec.subdomain = "other", "elsewhere"
    for service, subdomain in (("web", "web"), ("", None)):
        tiny = Tiny(make_set(template=named, serviceName=service))
        tiny.look()
        spec = tiny.pods["web-0"].spec
        assert spec is not None
        assert (spec.hostname, spec.subdomain) == ("web-0", subdomain)


def test_the_repair_of_a_name_label_brings_the_index_label_back() -> None:
    """Rule 18."""
    tiny = running()
    labels = {k: v for k, v in (meta(tiny.pods["web-1"]).labels or {}).items() if not k.endswith(("name", "index"))}
    tiny.edit("web-1", labels=labels)
    tiny.look()
    repaired = meta(tiny.pods["web-1"]).labels or {}
    assert repaired == {
        **labels, "statefulset.kubernetes.io/pod-name": "web-1", "apps.kubernetes.io/pod-index": "1",
    }  # fmt: skip
    assert tiny.pods["web-1"].spec == running().pods["web-1"].spec


def test_volumes_that_lead_to_a_wrong_claim_are_repaired_and_the_others_kept() -> None:
    """Rule 18; the claims that the pod should have had are made with it."""
    tiny = running()
    before = tiny.pods["web-1"].spec
    assert before is not None and before.volumes is not None
    source = core_v1.PersistentVolumeClaimVolumeSource(claimName="data-web-2")
    wrong = core_v1.Volume(name="data", persistentVolumeClaim=source)
    spec = msgspec.structs.replace(before, volumes=[core_v1.Volume(name="tmp"), wrong])
    tiny.pods["web-1"] = msgspec.structs.replace(tiny.pods["web-1"], spec=spec)
    del tiny.claims["data-web-1"]
    assert steps(tiny.look()) == ["create claim data-web-1", "repair pod web-1"]
    after = tiny.pods["web-1"].spec
    assert after is not None
    assert after.volumes == [before.volumes[0], core_v1.Volume(name="tmp")]
    assert after.containers == before.containers
    assert steps(tiny.look()) == []


def test_a_pod_without_the_label_is_of_no_revision() -> None:
    assert revision_of(core_v1.Pod(metadata=meta_v1.ObjectMeta(name="web-0"))) == ""


def test_the_repair_of_labels_leaves_right_volumes_in_their_order() -> None:
    """Rule 18: a pod's volumes cannot change, so they are not even written in another order."""
    tiny = running()
    before = tiny.pods["web-1"].spec
    assert before is not None and before.volumes is not None
    spec = msgspec.structs.replace(before, volumes=[core_v1.Volume(name="tmp"), *before.volumes])
    tiny.pods["web-1"] = msgspec.structs.replace(tiny.pods["web-1"], spec=spec)
    labels = {**(meta(tiny.pods["web-1"]).labels or {}), "statefulset.kubernetes.io/pod-name": "other"}
    tiny.edit("web-1", labels=labels)
    assert steps(tiny.look()) == ["repair pod web-1"]
    assert tiny.pods["web-1"].spec == spec


@pytest.mark.parametrize(("length", "label"), [(52, "w" * 52 + "-1234567890"), (53, "1234567890")])
def test_a_revision_is_named_in_full_up_to_63_characters(length: int, label: str) -> None:
    """Rule 19."""
    name = "w" * length
    assert revision_label(name, f"{name}-1234567890") == label


@pytest.mark.parametrize(("replicas", "wanted"), [(None, 1), (0, 0), (3, 3)])
def test_a_set_that_says_no_number_wants_one(replicas: int | None, wanted: int) -> None:
    """Rule 4, of a set that came by without its defaults."""
    assert wanted_replicas(make_set(replicas=replicas)) == wanted
