"""Sections A and B of the StatefulSet contract as a client of the API meets them."""

from typing import Any

import pytest
from apiserver.asgi import MERGE, PODS, SETS, Site, on_a_plane, stateful_set

CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
STRATEGIC = "application/strategic-merge-patch+json"


def with_claims(*names: str, mounts: tuple[str, ...] = ()) -> dict[str, Any]:
    """A set with claim templates, of which its container mounts `mounts`."""
    made = stateful_set("web")
    size = {"requests": {"storage": "1024Mi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": size}
    made["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": name}, "spec": spec} for name in names]
    container = made["spec"]["template"]["spec"]["containers"][0]
    container["volumeMounts"] = [{"name": name, "mountPath": f"/{name}"} for name in mounts]
    return made


@on_a_plane
async def test_a_set_is_served_under_every_name_and_sub_resource(site: Site) -> None:
    """Rule 1."""
    await site.made(SETS, stateful_set("web"))
    for path in ("", "/status", "/scale"):
        assert (await site.ask("GET", f"{SETS}/web{path}")).status == 200
    for path in ("/status", "/scale"):
        found = await site.get(f"{SETS}/web{path}")
        assert (await site.ask("PUT", f"{SETS}/web{path}", found)).status == 200
        assert (await site.ask("PATCH", f"{SETS}/web{path}", {}, content_type=MERGE)).status == 200
    resources = (await site.get("/apis/apps/v1"))["resources"]
    (row,) = [r for r in resources if r["name"] == "statefulsets"]
    assert (row["shortNames"], row["categories"], row["namespaced"]) == (["sts"], ["all"], True)
    assert "deletecollection" in row["verbs"]
    assert (await site.ask("DELETE", SETS)).status == 200
    assert (await site.get(SETS))["items"] == []


@on_a_plane
async def test_the_scale_writes_through_the_sets_own_validation(site: Site) -> None:
    """Rule 3."""
    await site.made(SETS, stateful_set("web"))
    scale = await site.get(f"{SETS}/web/scale")
    assert (scale["apiVersion"], scale["kind"]) == ("autoscaling/v1", "Scale")
    assert (scale["spec"], scale["status"]) == ({"replicas": 3}, {"replicas": 0, "selector": "app=web"})
    refused = await site.ask("PUT", f"{SETS}/web/scale", {**scale, "spec": {"replicas": -1}})
    assert refused.status == 422
    assert (await site.get(f"{SETS}/web"))["metadata"]["generation"] == 1


@on_a_plane
async def test_a_missing_rolling_update_block_stays_missing_through_every_write(site: Site) -> None:
    """Rule 5: a block that a write added by itself would change which template pods come back from (rule 46)."""
    made = stateful_set("web")
    made["spec"]["updateStrategy"] = {"type": "RollingUpdate"}
    stored = await site.made(SETS, made)
    assert stored["spec"]["updateStrategy"] == {"type": "RollingUpdate"}
    put = await site.ask("PUT", f"{SETS}/web", made)
    scaled = await site.ask("PATCH", f"{SETS}/web", {"spec": {"replicas": 5}}, content_type=MERGE)
    labelled = await site.ask("PATCH", f"{SETS}/web", {"metadata": {"labels": {"a": "b"}}}, content_type=STRATEGIC)
    for answer in (put, scaled, labelled):
        assert answer.json["spec"]["updateStrategy"] == {"type": "RollingUpdate"}
    partition = {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}}
    answer = await site.ask("PATCH", f"{SETS}/web", partition, content_type=STRATEGIC)
    block = {"partition": 2, "maxUnavailable": 1}
    assert answer.json["spec"]["updateStrategy"] == {"type": "RollingUpdate", "rollingUpdate": block}


@on_a_plane
async def test_a_strategy_that_is_not_named_gets_the_whole_default(site: Site) -> None:
    """Rule 5."""
    stored = await site.made(SETS, stateful_set("web"))
    default = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}}
    assert stored["spec"]["updateStrategy"] == default


@on_a_plane
async def test_a_set_is_created_at_generation_1_without_the_status_that_was_sent(site: Site) -> None:
    """Rule 8."""
    sent = {**stateful_set("web"), "status": {"replicas": 7, "readyReplicas": 7}}
    sent["metadata"]["generation"] = 41
    stored = await site.made(SETS, sent)
    assert stored["metadata"]["generation"] == 1
    assert stored["status"] == {"replicas": 0, "availableReplicas": 0}


@pytest.mark.parametrize(
    ("patch", "generation"),
    [
        ({"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}, 1),
        ({"spec": {"replicas": 3}}, 1),
        ({"spec": {"template": {"spec": {"nodeSelector": {}, "tolerations": []}}}}, 1),
        ({"status": {"replicas": 7}}, 1),
        ({"spec": {"replicas": 4}}, 2),
        ({"spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}, 2),
    ],
    ids=["metadata alone", "the same", "empty for absent", "the status", "replicas", "the template"],
)
@on_a_plane
async def test_the_generation_counts_changes_of_meaning(site: Site, patch: dict[str, Any], generation: int) -> None:
    """Rule 8."""
    await site.made(SETS, stateful_set("web"))
    answer = await site.ask("PATCH", f"{SETS}/web", patch, content_type=MERGE)
    assert answer.status == 200
    assert answer.json["metadata"]["generation"] == generation
    assert answer.json["status"] == {"replicas": 0, "availableReplicas": 0}


@on_a_plane
async def test_a_status_write_leaves_the_spec_alone_and_takes_the_metadata(site: Site) -> None:
    """Rule 8."""
    await site.made(SETS, stateful_set("web"))
    patch = {
        "metadata": {"annotations": {"seen": "yes"}},
        "spec": {"replicas": 9},
        "status": {"replicas": 3, "readyReplicas": 2, "observedGeneration": 1},
    }
    answer = await site.ask("PATCH", f"{SETS}/web/status", patch, content_type=MERGE)
    assert answer.json["spec"]["replicas"] == 3
    assert answer.json["metadata"]["annotations"] == {"seen": "yes"}
    assert answer.json["metadata"]["generation"] == 1
    assert answer.json["status"]["readyReplicas"] == 2


@on_a_plane
async def test_a_set_that_is_not_there_is_not_made_by_an_update(site: Site) -> None:
    """Rule 9."""
    refused = await site.ask("PUT", f"{SETS}/web", stateful_set("web"))
    assert refused.status == 404
    assert refused.json["message"] == 'statefulsets.apps "web" not found'


@on_a_plane
async def test_an_update_that_names_no_version_wins_and_a_stale_one_loses(site: Site) -> None:
    """Rule 9."""
    first = await site.made(SETS, stateful_set("web"))
    assert (await site.ask("PUT", f"{SETS}/web", stateful_set("web", replicas=5))).status == 200
    stale = await site.ask("PUT", f"{SETS}/web", first)
    assert stale.status == 409
    assert (await site.get(f"{SETS}/web"))["spec"]["replicas"] == 5


@pytest.mark.parametrize(
    "write",
    [
        lambda made: made,
        lambda made: made["spec"]["volumeClaimTemplates"][0]["metadata"].update(labels={}),
        lambda made: made["spec"]["volumeClaimTemplates"][0]["spec"].update(volumeMode="Filesystem"),
        lambda made: made["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"].update(storage="1Gi"),
        lambda made: made["spec"]["volumeClaimTemplates"][0].update(apiVersion="v1", kind="PersistentVolumeClaim"),
        lambda made: made["spec"]["volumeClaimTemplates"][0].update(status={}),
        lambda made: made["spec"]["volumeClaimTemplates"][0]["metadata"].update(creationTimestamp=None),
    ],
    ids=["as it was", "no labels", "a default", "another quantity", "its kind", "no status", "kubectl's null"],
)
@on_a_plane
async def test_a_claim_template_that_means_the_same_is_no_change(site: Site, write: Any) -> None:
    """Rule 12."""
    first = await site.made(SETS, with_claims("data"))
    again = with_claims("data")
    write(again)
    answer = await site.ask("PUT", f"{SETS}/web", again)
    assert answer.status == 200, answer.json["message"]
    assert answer.json["metadata"]["generation"] == first["metadata"]["generation"]


@on_a_plane
async def test_a_claim_template_that_means_something_else_is_refused(site: Site) -> None:
    """Rule 12."""
    await site.made(SETS, with_claims("data"))
    other = with_claims("data")
    other["spec"]["volumeClaimTemplates"][0]["spec"]["accessModes"] = ["ReadWriteMany"]
    refused = await site.ask("PUT", f"{SETS}/web", other)
    assert refused.status == 422
    assert refused.json["message"] == (
        'StatefulSet.apps "web" is invalid: spec: Forbidden: updates to statefulset spec for fields other than '
        "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
        "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
    )


@pytest.mark.parametrize(("mounts", "status"), [(("data",), 201), ((), 201), (("other",), 422)])
@on_a_plane
async def test_a_container_may_mount_a_claim_template_or_not(site: Site, mounts: Any, status: int) -> None:
    """Rules 13 and 14."""
    answer = await site.ask("POST", SETS, with_claims("data", mounts=mounts))
    assert answer.status == status


@on_a_plane
async def test_host_name_and_subdomain_of_the_template_are_kept_and_not_looked_at(site: Site) -> None:
    """Rule 13: the set gives each pod its own."""
    made = stateful_set("web")
    made["spec"]["template"]["spec"] |= {"hostname": "NOT_valid", "subdomain": "Neither!"}
    stored = await site.made(SETS, made)
    assert stored["spec"]["template"]["spec"]["hostname"] == "NOT_valid"


@on_a_plane
async def test_a_name_has_at_most_63_characters(site: Site) -> None:
    """Rule 19 and section B."""
    assert (await site.ask("POST", SETS, stateful_set("w" * 63))).status == 201
    refused = await site.ask("POST", SETS, stateful_set("w" * 64))
    assert refused.status == 422
    assert "must be no more than 63 characters" in refused.json["message"]


@on_a_plane
async def test_quantities_and_the_template_are_stored_in_their_one_form(site: Site) -> None:
    """Rule 7."""
    made = with_claims("data")
    container = made["spec"]["template"]["spec"]["containers"][0]
    container["resources"] = {"requests": {"cpu": "0.5", "memory": "1024Mi"}}
    container["readinessProbe"] = {"tcpSocket": {"port": 6379}}
    spec = (await site.made(SETS, made))["spec"]
    pod, claim = spec["template"]["spec"], spec["volumeClaimTemplates"][0]
    assert pod["containers"][0]["resources"] == {"requests": {"cpu": "500m", "memory": "1Gi"}}
    assert pod["containers"][0]["readinessProbe"] == {
        "tcpSocket": {"port": 6379}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1,
        "failureThreshold": 3,
    }  # fmt: skip
    assert {name: pod[name] for name in ("terminationGracePeriodSeconds", "restartPolicy", "securityContext")} == {
        "terminationGracePeriodSeconds": 30, "restartPolicy": "Always", "securityContext": {},
    }  # fmt: skip
    assert claim["status"] == {"phase": "Pending"}
    assert (claim["apiVersion"], claim["kind"]) == ("v1", "PersistentVolumeClaim")


@on_a_plane
async def test_deleting_a_set_without_a_policy_leaves_its_pods_to_the_garbage_collector(site: Site) -> None:
    """Rule 11: in the background, so the set goes at once and is held by no finalizer."""
    await site.made(SETS, stateful_set("web"))
    assert (await site.ask("DELETE", f"{SETS}/web")).status == 200
    assert (await site.ask("GET", f"{SETS}/web")).status == 404
    assert (await site.get(PODS))["items"] == []
