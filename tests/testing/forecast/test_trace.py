"""What was written in a forecast reads as steps: only those of the set in question, each in plain words."""

from typing import Any

import pytest

from petset.testing.forecast.trace import Change, steps

OWNER = {"metadata": {"name": "web", "namespace": "n"}, "spec": {
    "replicas": 2, "minReadySeconds": 5, "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
}}  # fmt: skip
SET = {"kind": "StatefulSet", "name": "web"}
READY = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
GOING = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


def made(name: str, *owners: dict[str, str], rest: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    owned = {"ownerReferences": list(owners)} if owners else {}
    return {"metadata": {"name": name, "namespace": "n", **owned, **meta}, **(rest or {})}


def volume(claim: str) -> dict[str, Any]:
    return {"metadata": {"name": "pvc-1"}, "spec": {"claimRef": {"namespace": "n", "name": claim}}}


POD, CLAIM = made("web-1", SET), made("data-web-1")
REVISION = made("web-abc", SET, rest={"revision": 1})
TABLE: dict[str, tuple[str, dict[str, Any] | None, dict[str, Any] | None, list[str]]] = {
    "a new pod": (
        "Pod", None, made("web-1", SET, labels={"controller-revision-hash": "web-abc"}),
        ["create pod web-1 (revision web-abc)"],
    ),
    "a pod that is replaced": ("Pod", POD, made("web-1", SET, **GOING), ["delete pod web-1 (update)"]),
    "a pod that is one too many": ("Pod", made("web-2", SET), None, ["delete pod web-2 (scale-down)"]),
    "a pod that has ended": (
        "Pod", made("web-1", SET, rest={"status": {"phase": "Failed"}}), None, ["delete pod web-1 (it has ended)"],
    ),
    "a pod that goes": ("Pod", made("web-1", SET, **GOING), None, ["wait until web-1 is gone"]),
    "a pod that is Ready": (
        "Pod", POD, made("web-1", SET, rest=READY), ["wait until web-1 is Ready and has stayed so for 5 s"],
    ),
    "a pod that is taken in": ("Pod", made("web-1"), POD, ["adopt pod web-1"]),
    "a pod that is let go": (
        "Pod", POD, made("web-1"), ["release pod web-1: its labels do not match any more"],
    ),
    "another's pod": ("Pod", None, made("db-0", {"kind": "StatefulSet", "name": "db"}), []),
    "a change of a pod that says nothing": ("Pod", POD, made("web-1", SET, labels={"a": "b"}), []),
    "a new claim": ("PersistentVolumeClaim", None, CLAIM, ["create claim data-web-1"]),
    "a claim that gets an owner": (
        "PersistentVolumeClaim", CLAIM, made("data-web-1", {"kind": "Pod", "name": "web-1"}),
        ["claim data-web-1 is to go with pod web-1"],
    ),
    "a claim that loses it": (
        "PersistentVolumeClaim", made("data-web-1", SET), CLAIM, ["claim data-web-1 is to stay"],
    ),
    "a claim that goes": (
        "PersistentVolumeClaim", CLAIM, made("data-web-1", **GOING),
        ["delete claim data-web-1, as its retention policy says"],
    ),
    "a claim that went at once": ("PersistentVolumeClaim", CLAIM, None, ["delete claim data-web-1"]),
    "another's claim": ("PersistentVolumeClaim", None, made("data-web-x"), []),
    "a volume": ("PersistentVolume", None, volume("data-web-1"), ["create a volume for claim data-web-1"]),
    "a volume that goes": (
        "PersistentVolume", volume("data-web-1"), None, ["delete the volume of claim data-web-1 and its data"],
    ),
    "another's volume": ("PersistentVolume", None, volume("data-db-1"), []),
    "a revision": ("ControllerRevision", None, REVISION, ["keep the new template as revision web-abc"]),
    "a rollback": (
        "ControllerRevision", REVISION, made("web-abc", SET, rest={"revision": 3}), ["go back to revision web-abc"],
    ),
    "a revision beyond the limit": ("ControllerRevision", REVISION, None, ["forget revision web-abc"]),
    "the set's own status": ("StatefulSet", OWNER, OWNER, []),
}  # fmt: skip


@pytest.mark.parametrize("story", TABLE)
def test_a_change_reads_as(story: str) -> None:
    kind, old, new, texts = TABLE[story]
    assert [step.text for step in steps(OWNER, [Change(0.0, kind, old, new)])] == texts


def test_waits_for_the_same_thing_in_a_row_are_one() -> None:
    gone = [Change(1.0, "Pod", made(name, SET, **GOING), None) for name in ("web-10", "web-9")]
    [step] = steps(OWNER, gone)
    assert (step.text, step.names) == ("wait until web-9 and web-10 are gone", ("web-9", "web-10"))


def test_of_many_names_only_the_ends_are_written() -> None:
    gone = [Change(1.0, "Pod", made(f"web-{n}", SET, **GOING), None) for n in range(20)]
    [step] = steps(OWNER, gone)
    assert step.text == "wait until web-0, web-1, … and web-19 (20 of them) are gone"
    assert len(step.names) == 20
