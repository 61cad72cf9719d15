"""The node's own object: made when the agent starts, kept alive by a Lease, its status told now and then.

A Lease renewed every ten seconds is what says that the node lives; the larger status is written when it changes and
every five minutes. Each logical node reports the whole machine: how its parts share it is the scheduler's matter.
"""

import logging
from collections.abc import Mapping
from datetime import datetime

import petset
from petset.aio.clock import Clock
from petset.api.errors import AlreadyExists, ApiError, Conflict, NotFound
from petset.api.models import coordination_v1, core_v1, meta_v1
from petset.api.objects import copy
from petset.client.port import Client
from petset.node.machine import Machine, NodeSettings

LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40
RENEW_SECONDS = 10.0
STATUS_SECONDS = 300.0
KUBELET_VERSION = f"v1.37.0-petset.{petset.__version__}"

_log = logging.getLogger(__name__)


def node_object(settings: NodeSettings, machine: Machine, now: datetime) -> core_v1.Node:
    """The Node as it is first created."""
    labels = {
        "kubernetes.io/hostname": settings.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": machine.facts.architecture,
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": machine.facts.architecture,
    }
    return core_v1.Node(
        apiVersion="v1",
        kind="Node",
        metadata=meta_v1.ObjectMeta(name=settings.name, labels={**labels, **settings.labels}),
        spec=core_v1.NodeSpec(
            podCIDR=settings.pod_cidr or None, podCIDRs=[settings.pod_cidr] if settings.pod_cidr else None
        ),
        status=node_status(settings, machine, now, ()),
    )


def node_status(
    settings: NodeSettings, machine: Machine, now: datetime, old: "tuple[core_v1.NodeCondition, ...]"
) -> core_v1.NodeStatus:
    """What the node says of itself; conditions keep the time of their last change."""
    facts = machine.facts
    return core_v1.NodeStatus(
        capacity=dict(facts.capacity),
        allocatable=dict(facts.capacity),
        addresses=[
            core_v1.NodeAddress(type="InternalIP", address=facts.host_ip),
            core_v1.NodeAddress(type="Hostname", address=settings.name),
        ],
        conditions=[_condition(type_, row, now, old) for type_, row in _CONDITIONS.items()],
        daemonEndpoints=core_v1.NodeDaemonEndpoints(kubeletEndpoint=core_v1.DaemonEndpoint(Port=0)),
        runtimeHandlers=[core_v1.NodeRuntimeHandler(name=name) for name in ("", *machine.runtime.handlers)],
        nodeInfo=core_v1.NodeSystemInfo(
            architecture=facts.architecture,
            bootID=facts.boot_id,
            containerRuntimeVersion=_runtime_version(machine.runtime.name),
            kernelVersion=facts.kernel_version,
            kubeProxyVersion="",
            kubeletVersion=KUBELET_VERSION,
            machineID=facts.machine_id,
            operatingSystem="linux",
            osImage=facts.os_image,
            systemUUID=facts.system_uuid,
        ),
    )


_CONDITIONS: Mapping[str, tuple[str, str, str]] = {
    "MemoryPressure": ("False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    "DiskPressure": ("False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    "PIDPressure": ("False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    "Ready": ("True", "KubeletReady", "kubelet is posting ready status"),
}


def _condition(
    kind: str, row: tuple[str, str, str], now: datetime, old: "tuple[core_v1.NodeCondition, ...]"
) -> core_v1.NodeCondition:
    status, reason, message = row
    before = next((c for c in old if c.type == kind and c.status == status), None)
    moment = now.replace(microsecond=0)
    return core_v1.NodeCondition(
        type=kind,
        status=status,
        reason=reason,
        message=message,
        lastHeartbeatTime=moment,
        lastTransitionTime=(before and before.lastTransitionTime) or moment,
    )


def _runtime_version(name: str) -> str:
    """`crun 1.8` as `crun://1.8`."""
    return name if "://" in name else name.replace(" ", "://", 1)


class Registration:
    """Keeps the Node and its Lease; what the API refuses is tried again with the next heartbeat."""

    def __init__(self, client: Client, machine: Machine, settings: NodeSettings, clock: Clock) -> None:
        self._client = client
        self._machine = machine
        self._settings = settings
        self._clock = clock

    async def run(self) -> None:
        """Register, then keep alive until cancelled."""
        tell_at = self._clock.monotonic()
        while True:
            try:
                await self._renew()
                if self._clock.monotonic() >= tell_at or await self._is_contradicted():
                    await self._tell()
                    tell_at = self._clock.monotonic() + STATUS_SECONDS
            except ApiError as error:
                tell_at = self._clock.monotonic()
                _log.warning("node %s could not report: %s", self._settings.name, error)
            await self._clock.sleep(RENEW_SECONDS)

    async def _is_contradicted(self) -> bool:
        """The API says otherwise: that nothing was heard of this node, say, or that there is none."""
        try:
            node = await self._client.get(core_v1.Node, self._settings.name)
        except NotFound:
            return True
        told = {c.type: c.status for c in (node.status and node.status.conditions) or ()}
        return any(told.get(kind) != status for kind, (status, _, _) in _CONDITIONS.items())

    async def _tell(self) -> None:
        try:
            node = await self._client.get(core_v1.Node, self._settings.name)
        except NotFound:
            node = await self._create()
        fresh = node_object(self._settings, self._machine, self._clock.now())
        old = tuple((node.status and node.status.conditions) or ())
        mine = node_status(self._settings, self._machine, self._clock.now(), old)
        known = {c.type for c in mine.conditions or ()}
        mine.conditions = [*(mine.conditions or ()), *(c for c in old if c.type not in known)]
        assert node.metadata is not None
        assert fresh.metadata is not None
        wanted = {**(node.metadata.labels or {}), **(fresh.metadata.labels or {})}
        if wanted != node.metadata.labels:
            node = copy(node)
            assert node.metadata is not None
            node.metadata.labels = wanted
            node = await self._client.update(node)
        await self._client.update(
            core_v1.Node(apiVersion="v1", kind="Node", metadata=node.metadata, spec=node.spec, status=mine),
            "status",
        )

    async def _create(self) -> core_v1.Node:
        try:
            return await self._client.create(node_object(self._settings, self._machine, self._clock.now()))
        except AlreadyExists:
            return await self._client.get(core_v1.Node, self._settings.name)

    async def _renew(self) -> None:
        name, now = self._settings.name, self._clock.now()
        spec = coordination_v1.LeaseSpec(holderIdentity=name, leaseDurationSeconds=LEASE_SECONDS, renewTime=now)
        try:
            lease = copy(await self._client.get(coordination_v1.Lease, name, LEASE_NAMESPACE))
            lease.spec = spec
            await self._client.update(lease)
        except NotFound:
            meta = meta_v1.ObjectMeta(name=name, namespace=LEASE_NAMESPACE)
            lease = coordination_v1.Lease(
                apiVersion="coordination.k8s.io/v1", kind="Lease", metadata=meta, spec=spec
            )
            await self._client.create(lease)
        except Conflict:
            _log.debug("the lease of %s was written by somebody else", name)
