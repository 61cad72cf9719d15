"""The agent at work: pods bound to its node run, restart, report and end as on a Kubernetes node."""

from typing import Any

import pytest
from node.world import NodeWorld, a_container, a_pod, condition, is_ready, node_world

from petset.api.models import coordination_v1, core_v1, meta_v1, node_v1
from petset.api.objects import copy
from petset.node.runtime import ExecResult
from petset.testing.faults import LateWatches
from petset.testing.loop import run


def state(pod: core_v1.Pod, index: int = 0) -> core_v1.ContainerState:
    return pod.status.containerStatuses[index].state


def waits_for(reason: str) -> Any:
    def claim(pod: core_v1.Pod) -> bool:
        statuses = pod.status.containerStatuses or []
        return bool(statuses) and bool(statuses[0].state.waiting) and statuses[0].state.waiting.reason == reason

    return claim


def signals(world: NodeWorld) -> list[str]:
    return [line for line in world.runtime.history if line.startswith("signal")]


async def versions_of(world: NodeWorld, name: str = "web-0") -> list[core_v1.Pod]:
    """Every version of a pod from its binding on, by a watch."""
    listing = await world.client.list(core_v1.Pod, "default")
    watch = world.client.watch(core_v1.Pod, "default", resource_version=listing.resource_version)
    seen: list[core_v1.Pod] = []

    async def follow() -> None:
        while True:
            seen.extend(event.object for event in await watch.next() if event.object.metadata.name == name)

    world.tasks.start("watch", follow())
    return seen


def test_a_bound_pod_becomes_ready_with_at_most_two_status_writes() -> None:
    async def story() -> None:
        async with node_world() as world:
            seen = await versions_of(world)
            await world.create(a_pod())
            pod = await world.ready()
            await world.sleep(1)
            created_and_bound = 2
            assert len(seen) <= created_and_bound + 2
            assert pod.status.phase == "Running"
            assert pod.status.podIP.startswith("10.244.")
            assert pod.status.hostIP == "192.168.0.1"
            assert pod.status.containerStatuses[0].containerID.startswith("petset://")
            assert [c.type for c in pod.status.conditions] == [
                "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
            ]  # fmt: skip

    run(story())


def test_a_pod_that_ends_at_once_goes_with_one_status_write() -> None:
    async def story(seed: int) -> None:
        async with node_world(seed) as world:
            await world.create(a_pod())
            await world.ready()
            await world.sleep(1)
            seen = await versions_of(world)
            await world.delete()
            await world.until_gone()
            await world.sleep(1)
            marked, reported, gone = seen
            assert (marked.status.phase, reported.status.phase, gone.status.phase) == (
                "Running", "Succeeded", "Succeeded",
            )  # fmt: skip

    for seed in range(5):
        run(story(seed), seed=seed)


def test_a_container_that_dies_is_restarted_in_place_and_counted() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            before = await world.ready()
            world.runtime.exit("web-0", "app", 1, "out of luck")
            pod = await world.until(lambda p: p.status.containerStatuses[0].restartCount == 1)
            after = pod.status.containerStatuses[0]
            assert after.lastState.terminated.exitCode == 1
            assert after.lastState.terminated.reason == "Error"
            assert after.lastState.terminated.message == "out of luck"
            assert after.containerID != before.status.containerStatuses[0].containerID
            assert pod.status.podIP == before.status.podIP

    run(story())


def test_the_second_crash_within_ten_minutes_waits_in_crash_loop_back_off() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            await world.ready()
            world.runtime.exit("web-0", "app", 1)
            await world.until(lambda p: p.status.containerStatuses[0].restartCount == 1 and is_ready(p))
            world.runtime.exit("web-0", "app", 1)
            pod = await world.until(waits_for("CrashLoopBackOff"))
            uid = pod.metadata.uid
            message = f"back-off 10s restarting failed container=app pod=web-0_default({uid})"
            assert state(pod).waiting.message == message
            assert not is_ready(pod)
            await world.sleep(9)
            assert world.runtime.running() == []
            await world.sleep(1.1)
            assert len(world.runtime.running()) == 1
            back_off = f"Back-off restarting failed container app in pod web-0_default({uid})"
            assert ("BackOff", back_off) in await world.events()

    run(story())


def test_a_pod_that_may_not_restart_ends_as_succeeded_or_failed() -> None:
    async def story() -> None:
        async with node_world() as world:
            for name, code, phase, reason in (
                ("a", 0, "Succeeded", "PodCompleted"),
                ("b", 3, "Failed", "PodFailed"),
            ):
                await world.create(a_pod(name, restartPolicy="Never"))
                await world.ready(name)
                world.runtime.exit(name, "app", code)
                pod = await world.until(lambda p, phase=phase: p.status.phase == phase, name)
                assert state(pod).terminated.exitCode == code
                ready = next(c for c in pod.status.conditions if c.type == "Ready")
                assert (ready.status, ready.reason) == ("False", reason)
            assert world.runtime.running() == []

    run(story())


def test_a_missing_image_is_an_image_pull_back_off_and_comes_right_when_it_is_there() -> None:
    async def story() -> None:
        async with node_world() as world:
            world.runtime.refuse_image("redis:7.0", "ErrImagePull", "no such image: load it or map it")
            await world.create(a_pod())
            pod = await world.until(waits_for("ErrImagePull"))
            assert state(pod).waiting.message == "no such image: load it or map it"
            pod = await world.until(waits_for("ImagePullBackOff"))
            assert state(pod).waiting.message == (
                'Back-off pulling image "redis:7.0": ErrImagePull: no such image: load it or map it'
            )
            assert pod.status.phase == "Pending"
            events = await world.events()
            assert ("Failed", 'Failed to pull image "redis:7.0": no such image: load it or map it') in events
            world.runtime.allow_everything()
            await world.ready()

    run(story())


def test_a_missing_config_map_key_is_a_config_error_until_it_is_there() -> None:
    async def story() -> None:
        async with node_world() as world:
            reference = core_v1.ConfigMapKeySelector(name="settings", key="level")
            env = [core_v1.EnvVar(name="LEVEL", valueFrom=core_v1.EnvVarSource(configMapKeyRef=reference))]
            await world.create(a_pod(containers=[a_container(env=env)]))
            pod = await world.until(waits_for("CreateContainerConfigError"))
            assert state(pod).waiting.message == 'configmap "settings" not found'
            assert ("Failed", 'Error: configmap "settings" not found') in await world.events()
            settings = core_v1.ConfigMap(
                apiVersion="v1",
                kind="ConfigMap",
                metadata=meta_v1.ObjectMeta(name="settings", namespace="default"),
                data={"level": "debug"},
            )
            await world.client.create(settings)
            pod = await world.ready(seconds=1)
            started = world.runtime.spec_of(world.runtime.find("web-0", "app").id)
            assert dict(started.env)["LEVEL"] == "debug"

    run(story())


def test_a_missing_claim_keeps_the_pod_in_container_creating_and_says_so() -> None:
    async def story() -> None:
        async with node_world() as world:
            claim = core_v1.PersistentVolumeClaimVolumeSource(claimName="data-web-0")
            await world.create(a_pod(volumes=[core_v1.Volume(name="data", persistentVolumeClaim=claim)]))
            pod = await world.until(waits_for("ContainerCreating"))
            assert pod.status.phase == "Pending"
            mounts = [message for reason, message in await world.events() if reason == "FailedMount"]
            assert mounts[0].endswith(
                "error processing PVC default/data-web-0: failed to fetch PVC from API server: "
                'persistentvolumeclaims "data-web-0" not found'
            )

    run(story())


def test_a_deleted_pod_gets_its_stop_signal_and_is_gone_once_it_has_exited() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.create(a_pod())
            await world.ready()
            seen = await versions_of(world)
            await world.delete()
            await world.until_gone(seconds=1)
            assert "signal 15 to web-0/app" in world.runtime.history
            assert not await world.runtime.list_sandboxes()
            assert seen[-1].status.phase == "Succeeded"
            assert seen[-1].status.containerStatuses[0].state.terminated.exitCode == 0
            assert ("Killing", "Stopping container app") in await world.events()

    run(story())


def test_a_container_that_ignores_its_signal_is_killed_after_the_grace_period() -> None:
    async def story() -> None:
        async with node_world() as world:
            world.runtime.ignore_signals("web-0", "app")
            await world.create(a_pod(terminationGracePeriodSeconds=7))
            await world.ready()
            await world.delete()
            await world.sleep(6.5)
            assert await world.exists()
            await world.until_gone(seconds=1)
            assert "signal 9 to web-0/app" in world.runtime.history

    run(story())


def test_a_shorter_second_deletion_brings_the_end_forward() -> None:
    async def story() -> None:
        async with node_world() as world:
            world.runtime.ignore_signals("web-0", "app")
            await world.create(a_pod(terminationGracePeriodSeconds=600))
            await world.ready()
            await world.delete()
            await world.sleep(5)
            await world.delete(grace_seconds=6)
            await world.until_gone(seconds=3)

    run(story())


def test_a_force_deleted_pod_is_stopped_too_and_its_successor_waits_for_that() -> None:
    async def story() -> None:
        async with node_world() as world:
            world.runtime.ignore_signals("web-0", "app")
            await world.create(a_pod())
            first = await world.ready()
            await world.delete(grace_seconds=0)
            assert not await world.exists()
            await world.create(a_pod())
            await world.sleep(1)
            assert [c.sandbox_uid for c in world.runtime.running()] == [first.metadata.uid]
            second = await world.ready()
            assert [c.sandbox_uid for c in world.runtime.running()] == [second.metadata.uid]

    run(story())


def test_the_pre_stop_hook_runs_before_the_signal_and_its_time_counts() -> None:
    async def story() -> None:
        async with node_world() as world:
            world.runtime.ignore_signals("web-0", "app")
            nap = core_v1.LifecycleHandler(sleep=core_v1.SleepAction(seconds=4))
            container = a_container(lifecycle=core_v1.Lifecycle(preStop=nap))
            await world.create(a_pod(containers=[container], terminationGracePeriodSeconds=10))
            await world.ready()
            await world.delete()
            await world.sleep(3.9)
            assert not [line for line in world.runtime.history if line.startswith("signal")]
            await world.sleep(0.2)
            assert [line for line in world.runtime.history if line.startswith("signal")] == [
                "signal 15 to web-0/app"
            ]
            await world.sleep(5.7)
            assert await world.exists()
            await world.until_gone(seconds=1)

    run(story())


def test_a_readiness_probe_that_fails_makes_the_pod_unready_and_nothing_else() -> None:
    async def story() -> None:
        async with node_world() as world:
            probe = core_v1.Probe(tcpSocket=core_v1.TCPSocketAction(port="client"), periodSeconds=1)
            port = core_v1.ContainerPort(name="client", containerPort=6379)
            await world.create(a_pod(containers=[a_container(readinessProbe=probe, ports=[port])]))
            await world.ready(seconds=0.5)
            world.network.refused.add(6379)
            pod = await world.until(lambda p: not is_ready(p), seconds=4)
            assert pod.status.phase == "Running"
            assert condition(pod, "ContainersReady") == "False"
            message = next(c.message for c in pod.status.conditions if c.type == "Ready")
            assert message == "containers with unready status: [app]"
            ip = pod.status.podIP
            text = f"Readiness probe failed: dial tcp {ip}:6379: connect: connection refused"
            assert ("Unhealthy", text) in await world.events()
            world.network.refused.clear()
            await world.ready(seconds=2)
            assert world.runtime.find("web-0", "app").attempt == 0

    run(story())


def test_a_liveness_probe_that_fails_restarts_the_container() -> None:
    async def story() -> None:
        async with node_world() as world:
            probe = core_v1.Probe(
                **{"exec": core_v1.ExecAction(command=["check"])}, periodSeconds=1, failureThreshold=2
            )
            await world.create(a_pod(containers=[a_container(livenessProbe=probe)]))
            await world.ready()
            world.runtime.answer = lambda container, command: ExecResult(container.attempt == 0, "sick")
            pod = await world.until(lambda p: p.status.containerStatuses[0].restartCount == 1, seconds=5)
            events = await world.events()
            assert ("Unhealthy", "Liveness probe failed: sick") in events
            assert ("Killing", "Container app failed liveness probe, will be restarted") in events
            assert is_ready(await world.ready())
            assert pod.status.phase == "Running"

    run(story())


def test_a_startup_probe_holds_readiness_back() -> None:
    async def story() -> None:
        async with node_world() as world:
            answers = {"start": 1, "ready": 0}
            world.runtime.answer = lambda container, command: ExecResult(answers[command[0]], "")
            container = a_container(startupProbe=exec_probe("start"), readinessProbe=exec_probe("ready"))
            await world.create(a_pod(containers=[container]))
            await world.sleep(15)
            pod = await world.get()
            assert pod.status.containerStatuses[0].started is False
            assert not is_ready(pod)
            answers["start"] = 0
            pod = await world.ready(seconds=10.5)
            assert pod.status.containerStatuses[0].started is True

    run(story())


def exec_probe(command: str, **numbers: int) -> core_v1.Probe:
    return core_v1.Probe(**{"exec": core_v1.ExecAction(command=[command])}, **numbers)


def is_running_first(pod: core_v1.Pod) -> bool:
    statuses = pod.status.initContainerStatuses
    return bool(statuses) and statuses[0].state.running is not None


def test_init_containers_run_in_order_and_a_sidecar_runs_on() -> None:
    async def story() -> None:
        async with node_world() as world:
            sidecar = a_container("sidecar", restartPolicy="Always")
            await world.create(a_pod(initContainers=[a_container("first"), sidecar, a_container("second")]))
            pod = await world.until(is_running_first)
            assert pod.status.phase == "Pending"
            assert state(pod).waiting.reason == "PodInitializing"
            assert world.runtime.running() == [world.runtime.find("web-0", "first")]
            world.runtime.exit("web-0", "first", 0)
            await world.sleep(0.1)
            assert sorted(c.name for c in world.runtime.running()) == ["second", "sidecar"]
            world.runtime.exit("web-0", "second", 0)
            pod = await world.ready()
            assert sorted(c.name for c in world.runtime.running()) == ["app", "sidecar"]
            await world.delete()
            await world.until_gone()
            assert signals(world) == ["signal 15 to web-0/app", "signal 15 to web-0/sidecar"]

    run(story())


def test_a_config_map_that_changes_is_written_anew_into_its_volume() -> None:
    async def story() -> None:
        async with node_world() as world:
            config = core_v1.ConfigMap(
                apiVersion="v1",
                kind="ConfigMap",
                metadata=meta_v1.ObjectMeta(name="settings", namespace="default"),
                data={"a": "1"},
            )
            config = await world.client.create(config)
            source = core_v1.ConfigMapVolumeSource(name="settings")
            await world.create(a_pod(volumes=[core_v1.Volume(name="settings", configMap=source)]))
            pod = await world.ready()
            changed = core_v1.ConfigMap(
                apiVersion="v1", kind="ConfigMap", metadata=config.metadata, data={"a": "2"}
            )
            await world.client.update(changed)
            await world.sleep(0.1)
            files = world.volumes.contents[pod.metadata.uid, "settings"].files
            assert [(f.path, f.content) for f in files] == [("a", b"2")]
            assert world.runtime.find("web-0", "app").attempt == 0

    run(story())


def test_a_label_that_the_agent_learns_of_through_a_refused_status_reaches_the_pods_files() -> None:
    """The watch tells of it later, and then it is no news any more."""

    async def story() -> None:
        async with node_world(start=False) as world:
            late = LateWatches(world.client, world.plane.clock, lambda kind: 30.0 if kind is core_v1.Pod else 0.0)
            world.start_agent(late)
            labels = core_v1.ObjectFieldSelector(fieldPath="metadata.labels")
            file = core_v1.DownwardAPIVolumeFile(path="labels", fieldRef=labels)
            source = core_v1.DownwardAPIVolumeSource(items=[file])
            await world.create(a_pod(volumes=[core_v1.Volume(name="info", downwardAPI=source)]))
            pod = copy(await world.ready())
            pod.metadata.labels = {"app": "web", "tier": "front"}
            await world.client.update(pod)
            world.runtime.exit("web-0", "app", 1)
            await world.until(lambda pod: pod.status.containerStatuses[0].restartCount == 1)
            await world.sleep(60)
            (file,) = world.volumes.contents[pod.metadata.uid, "info"].files
            assert b'tier="front"' in file.content

    run(story())


def test_a_container_is_restarted_though_its_config_map_is_gone_meanwhile() -> None:
    async def story() -> None:
        async with node_world() as world:
            config = core_v1.ConfigMap(
                apiVersion="v1",
                kind="ConfigMap",
                metadata=meta_v1.ObjectMeta(name="settings", namespace="default"),
                data={"a": "1"},
            )
            await world.client.create(config)
            source = core_v1.ConfigMapVolumeSource(name="settings")
            await world.create(a_pod(volumes=[core_v1.Volume(name="settings", configMap=source)]))
            await world.ready()
            await world.client.delete(core_v1.ConfigMap, "settings", "default")
            await world.sleep(0.1)
            world.runtime.exit("web-0", "app", 1)
            await world.until(lambda p: is_ready(p) and p.status.containerStatuses[0].restartCount == 1, seconds=1)
            missing = 'MountVolume.SetUp failed for volume "settings" : configmap "settings" not found'
            assert ("FailedMount", missing) in await world.events()

    run(story())


def test_the_node_registers_itself_and_keeps_its_lease() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.sleep(25)
            node = await world.client.get(core_v1.Node, "node-1")
            assert node.metadata.labels["kubernetes.io/hostname"] == "node-1"
            assert {c.type: c.status for c in node.status.conditions}["Ready"] == "True"
            assert node.status.allocatable["pods"]
            lease = await world.client.get(coordination_v1.Lease, "node-1", "kube-node-lease")
            assert lease.spec.holderIdentity == "node-1"
            assert (world.plane.clock.now() - lease.spec.renewTime).total_seconds() < 10.5

    run(story())


def test_a_node_taken_for_dead_says_within_ten_seconds_that_it_lives() -> None:
    async def story() -> None:
        async with node_world() as world:
            await world.sleep(1)
            node = copy(await world.client.get(core_v1.Node, "node-1"))
            for condition_ in node.status.conditions:
                condition_.status = "Unknown"
            await world.client.update(node, "status")
            await world.sleep(10)
            node = await world.client.get(core_v1.Node, "node-1")
            assert {c.type: c.status for c in node.status.conditions}["Ready"] == "True"
            await world.client.delete(core_v1.Node, "node-1")
            await world.sleep(10)
            assert await world.client.get(core_v1.Node, "node-1")

    run(story())


@pytest.mark.parametrize("seed", range(5))
def test_many_pods_become_ready_in_any_order_of_things(seed: int) -> None:
    async def story() -> None:
        async with node_world(seed) as world:
            for number in range(20):
                await world.create(a_pod(f"web-{number}"))
            for number in range(20):
                await world.ready(f"web-{number}", seconds=1)

    run(story(), seed=seed)


def test_a_pod_whose_runtime_class_asks_for_what_the_node_has_not_waits_and_says_so() -> None:
    async def story() -> None:
        async with node_world() as world:
            for name, handler in (("sandboxed", "kata"), ("plain", "runc")):
                metadata = meta_v1.ObjectMeta(name=name)
                await world.client.create(node_v1.RuntimeClass(metadata=metadata, handler=handler))
            await world.create(a_pod(runtimeClassName="sandboxed"))
            await world.sleep(5)
            why = (
                'Failed to create pod sandbox: failed to get sandbox runtime: no runtime for "kata" is configured; '
                "RuntimeClass sandboxed asks for it, and this node has runc, crun"
            )
            assert ("FailedCreatePodSandBox", why) in await world.events()
            pod = await world.get()
            assert pod.status.phase == "Pending"
            assert pod.status.containerStatuses[0].state.waiting.reason == "ContainerCreating"
            other = a_pod(runtimeClassName="plain")
            assert other.metadata is not None
            other.metadata.name = "web-1"
            await world.create(other)
            await world.ready("web-1")

    run(story())


def test_a_pod_gets_the_variables_of_the_services_that_are_there_when_it_starts() -> None:
    async def story() -> None:
        async with node_world() as world:

            async def port_seen_by(name: str, **spec: Any) -> str | None:
                await world.create(a_pod(name, **spec))
                await world.ready(name)
                environment = dict(world.runtime.spec_of(world.runtime.find(name, "app").id).env)
                return environment.get("REDIS_SERVICE_PORT")

            assert await port_seen_by("web-0") is None
            spec = core_v1.ServiceSpec(clusterIP="10.96.0.9", ports=[core_v1.ServicePort(port=6379)])
            made = await world.client.create(
                core_v1.Service(metadata=meta_v1.ObjectMeta(name="redis", namespace="default"), spec=spec)
            )
            await world.sleep(1)
            assert await port_seen_by("web-1") == "6379"
            assert await port_seen_by("web-2", enableServiceLinks=False) is None
            changed = copy(made)
            changed.spec.ports[0].port = 6380
            await world.client.update(changed)
            await world.sleep(1)
            assert await port_seen_by("web-3") == "6380"

    run(story())
