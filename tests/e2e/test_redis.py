"""The Redis example from first start to last replica, on real containers. The tests tell one story in order."""

import json
import os
import signal
from pathlib import Path

import kubernetes
import kubernetes.stream
import pytest
from dnslib import DNSRecord
from e2e.harness import ROOT, Petset, eventually

pytestmark = [pytest.mark.containers, pytest.mark.timeout(180)]
EXAMPLE = str(ROOT / "examples" / "redis")


@pytest.fixture(scope="module")
def redis(unstarted: Petset, own_network: None) -> Petset:
    unstarted.up_output = unstarted.petset("up", "-f", EXAMPLE, "--port", "0", "--wait", "--timeout", "60")  # type: ignore[attr-defined]
    return unstarted


def ready(petset: Petset, replicas: int) -> bool:
    status = petset.get("statefulset", "redis")["status"]
    return (status.get("readyReplicas"), status.get("replicas")) == (replicas, replicas)


def created_at(petset: Petset, pod: str) -> str:
    return str(petset.pod(pod)["metadata"]["creationTimestamp"])


def became_ready(petset: Petset, pod: str) -> str:
    conditions = petset.pod(pod)["status"]["conditions"]
    return str(next(c["lastTransitionTime"] for c in conditions if c["type"] == "Ready"))


def test_up_shows_every_ordinal_and_waits_until_all_are_ready(redis: Petset) -> None:
    output: str = redis.up_output  # type: ignore[attr-defined]
    for ordinal in range(3):
        assert f"redis-{ordinal}  Running  ready  on " in output
    assert "statefulset.apps/redis created" in output
    assert redis.pods() == ["redis-0", "redis-1", "redis-2"]


def test_replicas_come_up_one_after_the_other(redis: Petset) -> None:
    for earlier, later in (("redis-0", "redis-1"), ("redis-1", "redis-2")):
        assert became_ready(redis, earlier) <= created_at(redis, later)


def test_the_followers_follow_the_first_by_its_name(redis: Petset) -> None:
    eventually("two followers", lambda: "connected_slaves:2" in redis.exec("redis-0", "redis-cli", "info"))
    assert redis.exec("redis-0", "redis-cli", "set", "fruit", "quince") == "OK"
    eventually("the write arrives", lambda: redis.exec("redis-2", "redis-cli", "get", "fruit") == "quince")


def test_every_replica_has_a_claim_and_a_volume_of_its_own(redis: Petset) -> None:
    claims = {c["metadata"]["name"]: c for c in redis.get("pvc")["items"]}
    assert sorted(claims) == ["data-redis-0", "data-redis-1", "data-redis-2"]
    assert all(c["status"]["phase"] == "Bound" for c in claims.values())
    assert len({c["spec"]["volumeName"] for c in claims.values()}) == 3


def test_names_resolve_inside_a_pod(redis: Petset) -> None:
    address = redis.pod("redis-0")["status"]["podIP"]
    for name in ("redis-0.redis", "redis-0.redis.default.svc.cluster.local"):
        assert redis.exec("redis-2", "getent", "hosts", name).split()[0] == address
    everyone = {redis.pod(p)["status"]["podIP"] for p in redis.pods()}

    def found() -> set[str]:
        answers = redis.try_kubectl("exec", "redis-1", "--", "getent", "ahostsv4", "redis").stdout
        return {line.split()[0] for line in answers.splitlines()}

    eventually("the set's name means every ready replica", lambda: found() == everyone)
    assert redis.exec("redis-1", "hostname") == "redis-1"
    assert redis.exec("redis-1", "hostname", "-f") == "redis-1.redis.default.svc.cluster.local"


def test_named_ports_have_srv_records(redis: Petset) -> None:
    server = redis.exec("redis-0", "cat", "/etc/resolv.conf").split("nameserver ")[1].split()[0]
    question = DNSRecord.question("_redis._tcp.redis.default.svc.cluster.local", "SRV")
    answer = DNSRecord.parse(question.send(server, 53, timeout=5))
    targets = {(str(record.rdata.target), record.rdata.port) for record in answer.rr}
    assert targets == {(f"redis-{n}.redis.default.svc.cluster.local.", 6379) for n in range(3)}


def test_the_official_python_client_lists_watches_and_patches(redis: Petset) -> None:
    configuration = kubernetes.config.new_client_from_config(str(redis.directory / "kubeconfig"))
    core, apps = kubernetes.client.CoreV1Api(configuration), kubernetes.client.AppsV1Api(configuration)
    assert [pod.metadata.name for pod in core.list_namespaced_pod("default").items] == redis.pods()
    apps.patch_namespaced_stateful_set("redis", "default", {"metadata": {"labels": {"team": "blue"}}})
    found = apps.list_namespaced_stateful_set("default", label_selector="team=blue").items
    assert [item.metadata.name for item in found] == ["redis"]
    events = kubernetes.watch.Watch().stream(core.list_namespaced_pod, "default", timeout_seconds=1)
    assert {event["object"].metadata.name for event in events} == set(redis.pods())
    shell = kubernetes.stream.stream(
        core.connect_get_namespaced_pod_exec,
        "redis-0",
        "default",
        command=["redis-cli", "ping"],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
        _preload_content=False,
    )
    shell.run_forever(timeout=10)
    assert shell.returncode == 0
    assert shell.read_all().strip() == "PONG"
    shell.sock.shutdown()  # its own close() leaves the socket open once the server has closed
    configuration.rest_client.pool_manager.clear()


def test_kubectl_shows_describes_and_reads_logs(redis: Petset) -> None:
    table = redis.kubectl("get", "statefulset,pods", "-o", "wide")
    assert "statefulset.apps/redis   3/3" in table
    assert "pod/redis-2" in table
    described = redis.kubectl("describe", "pod", "redis-1")
    assert "Started" in described
    assert "Ready to accept connections" in redis.kubectl("logs", "redis-0")
    assert "roll out complete: 3 new pods" in redis.kubectl("rollout", "status", "statefulset/redis")
    assert "condition met" in redis.kubectl("wait", "--for=condition=Ready", "pod/redis-0")
    assert "uid=999" in redis.exec("redis-0", "id")


def test_a_pod_is_looked_into_and_files_are_copied(redis: Petset, tmp_path: Path) -> None:
    look = ("--image=redis:7.0", "--target=redis", "--", "sh", "-c", "read word; echo $word; cat /proc/1/comm")
    seen = redis.kubectl("debug", "-i", "redis-0", *look, stdin="quince\n").split()
    assert seen[-2:] == ["quince", "redis-server"]
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_text("medlar\n")
    redis.kubectl("cp", "-c", "redis", str(there), "redis-0:/data/fruit")
    redis.kubectl("cp", "-c", "redis", "redis-0:/data/fruit", str(back))
    assert back.read_text() == "medlar\n"
    once = ("run", "once", "--image=redis:7.0", "-i", "--rm", "--restart=Never", "--")
    redis.kubectl("exec", "redis-0", "-c", "redis", "--", "sh", "-c", "echo late >/proc/1/fd/2")
    errors = redis.kubectl(
        "get", "--raw", "/api/v1/namespaces/default/pods/redis-0/log?container=redis&stream=Stderr"
    )
    assert errors == "late\n"
    assert "said plum" in redis.kubectl(*once, "sh", "-c", "read word; echo said $word", stdin="plum\n")


def test_the_status_verb_and_the_kubeconfig_verb_answer(redis: Petset) -> None:
    assert "default/redis  3/3 ready" in redis.petset("status")
    assert redis.petset("kubeconfig").strip() == str(redis.directory / "kubeconfig")


def test_applying_the_same_again_changes_nothing(redis: Petset) -> None:
    before = redis.get("statefulset", "redis")["metadata"]["resourceVersion"]
    assert "statefulset.apps/redis unchanged" in redis.petset("up", "-f", EXAMPLE, "--detach")
    # kubectl says "configured" of every set with claim templates, here as on a cluster, and changes nothing either.
    redis.kubectl("apply", "-f", EXAMPLE)
    assert redis.get("statefulset", "redis")["metadata"]["resourceVersion"] == before


def test_a_deleted_pod_comes_back_with_its_name_and_data(redis: Petset) -> None:
    uid = redis.pod("redis-1")["metadata"]["uid"]
    redis.exec("redis-1", "sh", "-c", "echo kept > /data/note")
    redis.kubectl("delete", "pod", "redis-1")
    eventually(
        "redis-1 is a new pod", lambda: "redis-1" in redis.pods() and redis.pod("redis-1")["metadata"]["uid"] != uid
    )
    eventually("all ready", lambda: ready(redis, 3))
    assert redis.exec("redis-1", "cat", "/data/note") == "kept"
    address = redis.pod("redis-1")["status"]["podIP"]
    eventually(
        "the name follows", lambda: redis.exec("redis-0", "getent", "hosts", "redis-1.redis").split()[0] == address
    )


def test_a_killed_process_is_restarted_in_place(redis: Petset) -> None:
    uid = redis.pod("redis-2")["metadata"]["uid"]
    redis.try_kubectl("exec", "redis-2", "--", "sh", "-c", "kill -9 -1; redis-cli shutdown nosave")

    def restarted() -> bool:
        [status] = redis.pod("redis-2")["status"]["containerStatuses"]
        return bool(status["restartCount"] == 1 and status["ready"])

    eventually("restarted once and ready", restarted)
    assert redis.pod("redis-2")["metadata"]["uid"] == uid


def test_scaling_up_goes_in_order_each_after_its_predecessor_is_ready(redis: Petset) -> None:
    redis.kubectl("scale", "statefulset/redis", "--replicas=5")
    eventually("five ready", lambda: ready(redis, 5))
    assert became_ready(redis, "redis-3") <= created_at(redis, "redis-4")
    redis.exec("redis-4", "sh", "-c", "echo four > /data/note")


def test_scaling_down_goes_from_the_top_and_keeps_the_claims(redis: Petset) -> None:
    redis.kubectl("scale", "statefulset/redis", "--replicas=2")
    eventually("two left", lambda: redis.pods() == ["redis-0", "redis-1"])
    events = redis.get("events")["items"]
    deleted = [
        (int(e["metadata"]["resourceVersion"]), e["message"].split()[2])
        for e in events
        if e["reason"] == "SuccessfulDelete"
    ]
    assert [name for _, name in sorted(deleted)][-3:] == ["redis-4", "redis-3", "redis-2"]
    assert len(redis.get("pvc")["items"]) == 5


def test_scaling_up_again_brings_the_data_back(redis: Petset) -> None:
    redis.kubectl("scale", "statefulset/redis", "--replicas=5")
    eventually("five ready", lambda: ready(redis, 5))
    assert redis.exec("redis-4", "cat", "/data/note") == "four"
    redis.kubectl("scale", "statefulset/redis", "--replicas=3")
    eventually("three left", lambda: len(redis.pods()) == 3)


def test_a_changed_template_replaces_pods_from_the_top_each_after_the_last_is_ready(redis: Petset) -> None:
    patch = {"spec": {"template": {"metadata": {"annotations": {"colour": "blue"}}}}}
    redis.kubectl("patch", "statefulset", "redis", "--type=merge", "-p", json.dumps(patch))
    redis.kubectl("rollout", "status", "statefulset/redis", "--timeout=90s")
    assert all(redis.pod(p)["metadata"]["annotations"]["colour"] == "blue" for p in redis.pods())
    assert became_ready(redis, "redis-2") <= created_at(redis, "redis-1")
    assert became_ready(redis, "redis-1") <= created_at(redis, "redis-0")
    assert redis.kubectl("rollout", "history", "statefulset/redis").count("<none>") == 2


def test_containers_outlive_a_killed_server_and_are_taken_over(redis: Petset) -> None:
    before = {pod: redis.container_id(pod) for pod in redis.pods()}
    restarts = {p: redis.pod(p)["status"]["containerStatuses"][0]["restartCount"] for p in redis.pods()}
    redis.exec("redis-0", "redis-cli", "set", "fruit", "medlar")
    victim = _first_process_of(redis, "redis-2")
    os.kill(redis.server_pid, signal.SIGKILL)
    os.kill(victim, signal.SIGKILL)
    assert "no server runs" in redis.try_petset("status").stderr
    redis.petset("up", "--detach")
    eventually("all ready again", lambda: ready(redis, 3))

    def noticed() -> bool:
        [status] = redis.pod("redis-2")["status"]["containerStatuses"]
        return bool(status["restartCount"] == restarts["redis-2"] + 1 and status["ready"])

    eventually("what died meanwhile was noticed", noticed)
    for pod in ("redis-0", "redis-1"):
        assert redis.container_id(pod) == before[pod]
    assert redis.exec("redis-0", "redis-cli", "get", "fruit") == "medlar"
    redis.kubectl("scale", "statefulset/redis", "--replicas=4")
    eventually("it still scales", lambda: ready(redis, 4))


def test_down_stops_everything_and_up_brings_it_back_with_its_data(redis: Petset) -> None:
    victim = _first_process_of(redis, "redis-0")
    redis.petset("down")
    assert not Path(f"/proc/{victim}").exists()
    redis.petset("up", "--wait", "--timeout", "60")
    assert redis.exec("redis-0", "redis-cli", "get", "fruit") == "medlar"


def _first_process_of(petset: Petset, pod: str) -> int:
    """The process id, on the machine, of a pod's redis: the one whose host name is the pod's."""
    uid = petset.pod(pod)["metadata"]["uid"]
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            mounts = (entry / "mountinfo").read_text()
        except OSError:
            continue
        if b"redis-server" in command and uid in mounts:
            return int(entry.name)
    raise AssertionError(f"no process of {pod}")
