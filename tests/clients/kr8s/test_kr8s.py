"""kr8s, synchronous and asynchronous: objects that know how to wait, scale, run, forward and watch."""

import asyncio
import io
import urllib.request
from pathlib import Path

import kr8s
import kr8s.asyncio
import pytest
from e2e.harness import Petset
from kr8s.asyncio.objects import ConfigMap as AsyncConfigMap
from kr8s.asyncio.objects import Pod as AsyncPod
from kr8s.objects import ConfigMap, Node, Pod, Service, StatefulSet, objects_from_files

# It knows of releases up to 1.35.
pytestmark = pytest.mark.filterwarnings("ignore:Kubernetes version v1.37:UserWarning")

WEB = Path(__file__).parents[1] / "web.yaml"


@pytest.fixture(scope="module")
def api(petset: Petset) -> kr8s.Api:
    """A client of the namespace in which the set runs."""
    petset.kubectl("create", "namespace", "web")
    found = kr8s.api(kubeconfig=petset.environment["KUBECONFIG"], namespace="web")
    for item in objects_from_files(str(WEB), api=found):
        item.create()
    Pod.get("web-0", namespace="web", api=found, timeout=30).wait("condition=Ready", timeout=60)
    return found


def test_the_server_tells_who_one_is_and_what_it_serves(api: kr8s.Api) -> None:
    assert api.version()["gitVersion"].startswith("v1.37.0+petset")
    assert api.whoami() == "kubernetes-admin"
    assert {"pods", "statefulsets"} <= {kind["name"] for kind in api.api_resources()}
    assert "apps/v1" in set(api.api_versions())


def test_a_set_is_scaled_and_its_pods_are_ready(api: kr8s.Api) -> None:
    web = StatefulSet.get("web", namespace="web", api=api)
    web.scale(2)
    pod = Pod.get("web-1", namespace="web", api=api, timeout=30)
    pod.wait("condition=Ready", timeout=60)
    assert pod.ready()
    assert sorted(found.name for found in api.get("pods", namespace="web", label_selector={"app": "web"})) == [
        "web-0",
        "web-1",
    ]
    assert {found.name for found in Service.get("web", namespace="web", api=api).ready_pods()} == {"web-0", "web-1"}
    assert len(list(Node.list(api=api))) == 2


def test_objects_are_made_changed_labelled_and_deleted(api: kr8s.Api) -> None:
    made = ConfigMap({"metadata": {"name": "made", "namespace": "web"}, "data": {"a": "1"}}, api=api)
    made.create()
    made.patch({"data": {"b": "2"}})
    made.label(tier="data")
    made.annotate({"note": "seen"})
    made.refresh()
    assert (dict(made.data), made.labels["tier"], made.annotations["note"]) == (
        {"a": "1", "b": "2"},
        "data",
        "seen",
    )
    made.patch([{"op": "remove", "path": "/data/a"}], type="json")
    assert dict(made.data) == {"b": "2"}
    made.delete()
    made.wait("delete", timeout=30)
    assert not made.exists()


def test_a_command_is_run_and_a_log_is_read(api: kr8s.Api) -> None:
    pod = Pod.get("web-0", namespace="web", api=api)
    heard = io.BytesIO()
    done = pod.exec(["sh", "-c", "hostname; echo oh >&2; exit 3"], stdout=heard, check=False, capture_output=True)
    assert (done.returncode, done.stderr, heard.getvalue()) == (3, b"oh\n", b"web-0\n")
    assert pod.exec(["false"], check=False).returncode == 1
    assert next(iter(pod.logs(follow=True))) == "serving"


def test_ports_of_a_pod_and_of_a_service_are_forwarded(api: kr8s.Api) -> None:
    pod = Pod.get("web-0", namespace="web", api=api)
    with pod.portforward(remote_port=8080, local_port="auto") as port:
        said = urllib.request.urlopen(f"http://127.0.0.1:{port}/x", timeout=10).read()
    assert said == b"web-0 was asked for /x\n"
    with Service.get("web", namespace="web", api=api).portforward(remote_port=8080, local_port="auto") as port:
        assert b"was asked for /y" in urllib.request.urlopen(f"http://127.0.0.1:{port}/y", timeout=10).read()


def test_the_asynchronous_half_watches_and_waits(petset: Petset, api: kr8s.Api) -> None:
    async def story() -> list[str]:
        other = await kr8s.asyncio.api(kubeconfig=petset.environment["KUBECONFIG"], namespace="web")
        pod = await AsyncPod.get("web-0", namespace="web", api=other)
        await pod.wait(["condition=Ready", "jsonpath='{.status.phase}'=Running"], mode="all", timeout=30)
        made = await AsyncConfigMap({"metadata": {"name": "seen", "namespace": "web"}}, api=other)
        await made.create()
        seen = []
        async for event, found in other.watch("configmaps", namespace="web", field_selector="metadata.name=seen"):
            seen.append(f"{event} {found.name}")
            if event == "ADDED":
                await made.delete()
            if event == "DELETED":
                break
        return seen

    assert asyncio.run(story()) == ["ADDED seen", "DELETED seen"]
