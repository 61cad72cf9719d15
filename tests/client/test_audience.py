"""Who hears of a change: whom it concerns, all of them, and in their order."""

from typing import Any

import pytest

from petset.api import objects
from petset.api.models import core_v1, meta_v1
from petset.client.audience import CONTENT, EVERYTHING, METADATA, NOTHING, Audience, Parts, comparison

STATUS: Parts = EVERYTHING - METADATA - CONTENT


def pod(owner: str = "", **parts: Any) -> core_v1.Pod:
    """A pod that an owner of this kind manages, each part made anew."""
    reference = meta_v1.OwnerReference(apiVersion="v1", kind=owner, name="o", uid="u", controller=True)
    metadata = meta_v1.ObjectMeta(
        name="p", resourceVersion=parts.get("version"), labels=parts.get("labels"),
        ownerReferences=[reference] if owner else None, finalizers=parts.get("finalizers"),
    )  # fmt: skip
    spec = core_v1.PodSpec(containers=[], nodeName=parts.get("node"))
    return core_v1.Pod(metadata=metadata, spec=spec, status=core_v1.PodStatus(phase=parts.get("phase")))


def hear(old: Any, new: Any, owner: str = "", kind: type[Any] = core_v1.Pod) -> list[str]:
    """Who of those that look at this and that hears of the change."""
    audience: Audience[str] = Audience()
    for name, looks_at in (
        ("all", EVERYTHING), ("metadata", METADATA), ("content", CONTENT), ("status", STATUS), ("none", NOTHING),
    ):  # fmt: skip
        audience.add(name, looks_at, owner)
    change = comparison(kind, audience.owners)(old, new)
    assert audience.minding(change) is audience.minding(change)
    return list(audience.minding(change))


@pytest.mark.parametrize(
    ("old", "new", "who"),
    [
        (None, pod(), ["all", "metadata", "content", "status", "none"]),
        (pod(), None, ["all", "metadata", "content", "status", "none"]),
        (pod(version="1"), pod(version="2"), ["all"]),
        (pod(), pod(labels={"a": "b"}), ["all", "metadata"]),
        (pod(finalizers=["f"]), pod(), ["all", "metadata"]),
        (pod(), pod("Job"), ["all", "metadata"]),
        (pod(), pod(node="n"), ["all", "content"]),
        (pod(phase="Pending"), pod(phase="Running"), ["all", "status"]),
        (pod(), pod(node="n", phase="Running"), ["all", "content", "status"]),
    ],
)
def test_a_part_is_told_of_to_who_looks_at_it(old: Any, new: Any, who: list[str]) -> None:
    assert hear(old, new) == who


def test_a_part_that_a_write_shares_is_the_same() -> None:
    old = pod("StatefulSet", labels={"a": "b"}, node="n")
    new = objects.replace(old, metadata=objects.replace(old.metadata, resourceVersion="2"), status=None)
    assert hear(old, new) == ["all", "status"]


@pytest.mark.parametrize(
    ("old", "new", "heard"),
    [
        (None, pod("Job"), True),
        (None, pod("ReplicaSet"), False),
        (None, pod(), True),
        (pod("ReplicaSet"), None, False),
        (pod("ReplicaSet", phase="Pending"), pod("ReplicaSet"), False),
        (pod("ReplicaSet"), pod("Job"), True),
        (pod("Job"), pod("ReplicaSet"), True),
        (pod("ReplicaSet"), pod(), True),
        (pod(phase="Pending"), pod(), True),
    ],
)
def test_an_owners_controller_hears_of_its_own_and_of_orphans(old: Any, new: Any, *, heard: bool) -> None:
    assert ("all" in hear(old, new, "Job")) is heard


def test_what_has_no_specification_is_all_content() -> None:
    old = core_v1.ConfigMap(metadata=meta_v1.ObjectMeta(name="c"), data={"a": "1"})
    assert hear(old, objects.replace(old, data={"a": "2"}), kind=core_v1.ConfigMap) == ["all", "content", "status"]


def test_who_comes_later_hears_of_what_comes_then() -> None:
    audience: Audience[str] = Audience()
    change = comparison(core_v1.Pod, audience.owners)(None, pod())
    assert audience.minding(change) == []
    audience.add("late")
    assert audience.minding(change) == ["late"]
