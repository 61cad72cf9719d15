"""What a verb costs through the in-process client, on the memory store: microseconds of CPU for each.

`./dev bench registry [--count N]`; `--profile` shows where the time goes.
"""

import asyncio
import cProfile
import io
import pstats
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import uvloop

from petset.api import objects
from petset.api.models import core_v1, meta_v1
from petset.client.local import LocalClient
from petset.registry.port import Patch
from petset.testing.plane import plane

Verb = Callable[[int], Awaitable[object]]


def pod(name: str) -> core_v1.Pod:
    """A pod as a StatefulSet's controller makes it."""
    owner = meta_v1.OwnerReference(
        apiVersion="apps/v1", kind="StatefulSet", name="web", uid="u", controller=True, blockOwnerDeletion=True
    )
    probe = core_v1.Probe(exec=core_v1.ExecAction(command=["redis-cli", "ping"]), periodSeconds=1)
    container = core_v1.Container(
        name="redis",
        image="redis:7.0",
        command=["redis-server", "/etc/redis/redis.conf"],
        ports=[core_v1.ContainerPort(containerPort=6379, name="redis")],
        readinessProbe=probe,
        env=[core_v1.EnvVar(name="A", value="b")],
        resources=core_v1.ResourceRequirements(requests={"cpu": "100m", "memory": "64Mi"}),
        volumeMounts=[core_v1.VolumeMount(name="data", mountPath="/data")],
    )
    source = core_v1.PersistentVolumeClaimVolumeSource(claimName=f"data-{name}")
    return core_v1.Pod(
        metadata=meta_v1.ObjectMeta(
            name=name,
            namespace="default",
            labels={"app": "web", "statefulset.kubernetes.io/pod-name": name},
            ownerReferences=[owner],
        ),
        spec=core_v1.PodSpec(
            containers=[container],
            volumes=[core_v1.Volume(name="data", persistentVolumeClaim=source)],
            hostname=name,
            subdomain="web",
        ),
    )


def running(obj: core_v1.Pod) -> core_v1.Pod:
    changed = objects.copy(obj)
    changed.status = core_v1.PodStatus(
        phase="Running",
        podIP="10.0.0.1",
        conditions=[core_v1.PodCondition(type=t, status="True") for t in ("Initialized", "Ready", "PodScheduled")],
    )
    return changed


async def measure(title: str, count: int, verb: Verb) -> str:
    begun = time.process_time()
    for number in range(count):
        await verb(number)
    return f"{title:<34} {(time.process_time() - begun) / count * 1e6:6.0f} µs"


async def measure_all(client: LocalClient, count: int) -> AsyncIterator[str]:
    pods = [pod(f"web-{n}") for n in range(count)]
    made: list[core_v1.Pod] = []
    patch = Patch("application/merge-patch+json", {"metadata": {"annotations": {"a": "b"}}})
    strategic = Patch("application/strategic-merge-patch+json", {"metadata": {"annotations": {"a": "c"}}})

    async def create(n: int) -> None:
        made.append(await client.create(pods[n]))

    await client.create(pod("warm-up"))  # what is made once for each type is made now
    yield await measure("create a pod", count, create)
    yield await measure("bind it", count, lambda n: client.bind("default", f"web-{n}", "n1"))
    bound = [running(await client.get(core_v1.Pod, f"web-{n}", "default")) for n in range(count)]
    yield await measure("update its status", count, lambda n: client.update(bound[n], "status"))
    yield await measure("the same again (nothing to write)", count, lambda n: update_again(client, n))
    yield await measure("merge patch", count, lambda n: client.patch(core_v1.Pod, f"web-{n}", "default", patch))
    yield await measure(
        "strategic merge patch", count, lambda n: client.patch(core_v1.Pod, f"web-{n}", "default", strategic)
    )
    yield await measure("get", count, lambda n: client.get(core_v1.Pod, f"web-{n}", "default"))
    yield await measure("list all", 20, lambda n: client.list(core_v1.Pod, "default"))
    force = meta_v1.DeleteOptions(gracePeriodSeconds=0)
    yield await measure("delete", count, lambda n: client.delete(core_v1.Pod, f"web-{n}", "default", force))


async def update_again(client: LocalClient, n: int) -> object:
    return await client.update(await client.get(core_v1.Pod, f"web-{n}", "default"), "status")


async def measured(count: int, profile: bool) -> list[str]:
    async with plane() as p:
        if not profile:
            return [line async for line in measure_all(p.client, count)]
        with cProfile.Profile() as profiler:
            lines = [line async for line in measure_all(p.client, count)]
        text = io.StringIO()
        pstats.Stats(profiler, stream=text).sort_stats("tottime").print_stats(35)
        return [*lines, text.getvalue()]


def table(count: int, profile: bool) -> str:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return "\n".join(runner.run(measured(count, profile)))
