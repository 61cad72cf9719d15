"""The rows say how far each ordinal is, and why the next one waits."""

from datetime import UTC, datetime
from typing import Any

from petset.cli.documents import Observed
from petset.cli.progress import age, line
from petset.cli.view import SetView, views

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def stateful_set(replicas: int = 2, updated: int = 2, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "n", "name": "db", "uid": "u", "generation": 3},
        "spec": {"replicas": replicas, **spec},
        "status": {"observedGeneration": 3, "updatedReplicas": updated},
    }


def pod(ordinal: int, *, ready: bool = True, **status: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    return {
        "metadata": {
            "namespace": "n",
            "name": f"db-{ordinal}",
            "uid": f"p{ordinal}",
            "creationTimestamp": "2026-05-04T11:59:30Z",
            "ownerReferences": [{"uid": "u"}],
        },
        "spec": {
            "nodeName": "node-1",
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": f"data-db-{ordinal}"}}],
        },
        "status": {"phase": "Running", "conditions": conditions, **status},
    }


def claim(ordinal: int, phase: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "n", "name": f"data-db-{ordinal}"}, "status": {"phase": phase}}


def view(*pods: dict[str, Any], document: dict[str, Any] | None = None, **rest: Any) -> SetView:
    [found] = views(Observed([document or stateful_set()], pods, **rest), NOW)
    return found


def test_a_set_is_reached_when_every_replica_is_ready_and_new() -> None:
    assert view(pod(0), pod(1)).is_reached
    assert not view(pod(0)).is_reached
    assert not view(pod(0), pod(1, ready=False)).is_reached
    assert not view(pod(0), pod(1), document=stateful_set(updated=1)).is_reached


def test_what_a_partition_or_on_delete_holds_back_is_not_waited_for() -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    assert view(pod(0), pod(1), document=stateful_set(updated=1, updateStrategy=rolling)).is_reached
    assert not view(pod(0), pod(1), document=stateful_set(updated=0, updateStrategy=rolling)).is_reached
    on_delete = {"type": "OnDelete"}
    assert view(pod(0), pod(1), document=stateful_set(updated=0, updateStrategy=on_delete)).is_reached


def test_a_replica_too_many_means_the_set_is_not_reached() -> None:
    assert not view(pod(0), pod(1), pod(2)).is_reached


def test_a_row_shows_node_volume_restarts_and_age() -> None:
    containers = [{"name": "a", "restartCount": 2, "state": {"running": {}}}]
    shown = view(pod(0, containerStatuses=containers), pod(1), claims=[claim(0, "Bound")])
    assert line(shown.rows[0]) == "db-0  Running  ready  on node-1  volume data-db-0  restarts 2  age 30s"


def test_a_claim_that_is_not_bound_says_so() -> None:
    shown = view(pod(0), pod(1), claims=[claim(0, "Pending")])
    assert [row.volume for row in shown.rows] == ["data-db-0 (Pending)", "data-db-1 (missing)"]


def test_a_replica_that_is_not_there_yet_says_whom_it_waits_for() -> None:
    waits = [{"namespace": "n", "name": "db", "pod": "db-1", "message": "db-1 waits: db-0 is not Ready"}]
    shown = view(pod(0, ready=False), waiting=waits)
    assert (shown.rows[1].phase, shown.rows[1].why) == ("Waiting", "db-1 waits: db-0 is not Ready")
    waits[0]["blocker"] = "db-0"
    assert view(pod(0, ready=False), waiting=waits).rows[1].why == "waits for db-0"


def test_the_newest_warning_tells_why_a_pod_is_not_ready() -> None:
    def warning(text: str, at: str) -> dict[str, Any]:
        return {"metadata": {}, "involvedObject": {"uid": "p0"}, "message": text, "lastTimestamp": at}

    warnings = [warning("newer", "2026-05-04T11:59:59Z"), warning("older", "2026-05-04T11:59:58Z")]
    assert view(pod(0, ready=False), warnings=warnings).rows[0].why == "newer"
    assert view(pod(0), warnings=warnings).rows[0].why == ""


def test_a_container_that_waits_shows_its_reason_instead_of_the_phase() -> None:
    waiting = [{"name": "a", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]
    row = view(pod(0, ready=False, containerStatuses=waiting)).rows[0]
    assert (row.phase, row.why) == ("ErrImagePull", "container a has no image: no such image")


def test_ordinals_may_start_anywhere_and_stand_in_order_of_number() -> None:
    document = stateful_set(replicas=2, ordinals={"start": 9})
    assert [row.name for row in view(pod(10), document=document).rows] == ["db-9", "db-10"]


def test_pods_of_others_with_a_like_name_are_not_shown() -> None:
    stranger = pod(0)
    stranger["metadata"]["ownerReferences"] = []
    assert view(stranger).rows[0].phase == "Waiting"


def test_ages_are_short() -> None:
    assert [age(s) for s in (None, 5, 119, 300, 7200, 200000)] == ["", "5s", "119s", "5m", "2h", "2d"]
