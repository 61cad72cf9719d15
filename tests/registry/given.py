"""Objects that tests write, and the way they are written: through the real verbs, in simulated time."""

from collections.abc import Awaitable, Callable
from typing import Any

from petset.api import objects
from petset.api.kinds import by_model
from petset.api.models import apps_v1, core_v1, meta_v1
from petset.registry.port import ListOptions, Patch, Watch, WriteOptions
from petset.storage.port import Record
from petset.testing.loop import run
from petset.testing.plane import Plane, plane

PODS = by_model(core_v1.Pod)
SETS = by_model(apps_v1.StatefulSet)
MAPS = by_model(core_v1.ConfigMap)
SERVICES = by_model(core_v1.Service)
NAMESPACES = by_model(core_v1.Namespace)
CLAIMS = by_model(core_v1.PersistentVolumeClaim)
VOLUMES = by_model(core_v1.PersistentVolume)
EVENTS = by_model(core_v1.Event)

PLAIN = WriteOptions()
DRY = WriteOptions(dry_run=True)
ALL = ListOptions()


def play(story: Callable[[Plane], Awaitable[None]], seed: int = 0) -> None:
    """Run a story on a fresh control plane."""

    async def main() -> None:
        async with plane(seed) as p:
            await story(p)

    run(main(), seed=seed)


def meta(name: str = "", **more: Any) -> meta_v1.ObjectMeta:
    return meta_v1.ObjectMeta(name=name or None, **more)


def template(image: str = "redis:7.0", **labels: str) -> core_v1.PodTemplateSpec:
    return core_v1.PodTemplateSpec(
        metadata=meta_v1.ObjectMeta(labels=labels or None),
        spec=core_v1.PodSpec(containers=[core_v1.Container(name="main", image=image)]),
    )


def pod(name: str = "a", *, node: str = "", **more: Any) -> core_v1.Pod:
    spec = template().spec
    assert spec is not None
    spec.nodeName = node or None
    return core_v1.Pod(metadata=meta(name, **more), spec=spec)


def statefulset(name: str = "web", replicas: int | None = 3, image: str = "redis:7.0") -> apps_v1.StatefulSet:
    return apps_v1.StatefulSet(
        metadata=meta(name),
        spec=apps_v1.StatefulSetSpec(
            replicas=replicas,
            selector=meta_v1.LabelSelector(matchLabels={"app": name}),
            serviceName=name,
            template=template(image, app=name),
        ),
    )


def claim(name: str = "data", **more: Any) -> core_v1.PersistentVolumeClaim:
    return core_v1.PersistentVolumeClaim(
        metadata=meta(name),
        spec=core_v1.PersistentVolumeClaimSpec(
            accessModes=["ReadWriteOnce"],
            resources=core_v1.VolumeResourceRequirements(requests={"storage": "1Gi"}),
            **more,
        ),
    )


def config(name: str = "a", value: str = "1", **more: Any) -> core_v1.ConfigMap:
    return core_v1.ConfigMap(metadata=meta(name, **more), data={"value": value})


def service(name: str = "web", **spec: Any) -> core_v1.Service:
    spec.setdefault("ports", [core_v1.ServicePort(port=80)])
    return core_v1.Service(metadata=meta(name), spec=core_v1.ServiceSpec(**spec))


def merge(document: dict[str, Any]) -> Patch:
    return Patch("application/merge-patch+json", document)


async def create(p: Plane, obj: Any, namespace: str = "default") -> Any:
    """Through the registry itself; the typed object."""
    kind = by_model(type(obj))
    record = await p.registry.create(kind, namespace if kind.namespaced else "", objects.copy(obj), PLAIN)
    return p.registry.decode(kind, record)


def names(records: "list[Record] | Any") -> list[str]:
    return [record.key.name for record in records]


async def told(watch: Watch, count: int) -> list[tuple[str, str]]:
    """The next `count` items of a watch, as what happened to whom."""
    seen: list[tuple[str, str]] = []
    while len(seen) < count:
        seen += [(item.type, item.record.key.name) for item in await watch.next()]
    return seen
