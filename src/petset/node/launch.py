"""Brings together what a sandbox or a container is started from: the pod, the objects it names, the node."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from petset.api import quantity
from petset.api.models import core_v1
from petset.api.objects import namespace_of, replace, uid_of
from petset.node import references
from petset.node.environment import Surroundings, environment
from petset.node.failures import ConfigError, VolumeFailure
from petset.node.machine import Machine, NodeSettings
from petset.node.memory import PodMemory
from petset.node.pods.model import is_running
from petset.node.reader import Reader
from petset.node.runtime import Container, Mount, RuntimeFailure, Sandbox
from petset.node.spec import NodeNames, container_spec, mount, mount_paths, sandbox_spec
from petset.node.tokens import fresh
from petset.node.volumes.render import render


class Links(Protocol):
    """The variables of a namespace's services, or of the one of this name."""

    def __call__(self, namespace: str, name: str = "") -> Mapping[str, str]: ...


class Launcher:
    """Starts what a plan says; failures are the runtime's, `ConfigError` and `VolumeFailure`."""

    def __init__(self, machine: Machine, settings: NodeSettings, reader: Reader, links: Links) -> None:
        self.machine = machine
        self._reader = reader
        self._links = links
        facts = machine.facts
        self._memory_bytes = quantity.to_bytes(facts.capacity.get("memory", "0"))
        self._names = NodeNames(settings.name, settings.cluster_domain, facts.dns_servers, facts.dns_search)

    async def mount(self, memory: PodMemory, now: datetime) -> Mapping[str, Path]:
        """Make the pod's volumes ready, with tokens that are good; where each of them is."""
        pod = memory.pod
        assert pod.spec is not None
        volumes = pod.spec.volumes or []
        if not volumes:
            return {}
        objects = await self._reader.fetch(namespace_of(pod), references.of_volumes(pod))
        memory.tokens = await fresh(self.machine.tokens, pod, memory.tokens, now)
        around = Surroundings(
            host_ip=self.machine.facts.host_ip,
            objects=objects,
            allocatable=self.machine.facts.capacity,
            tokens={wish: token.text for wish, token in memory.tokens.items()},
        )
        contents = {volume.name: render(pod, volume, around) for volume in volumes}
        group = pod.spec.securityContext.fsGroup if pod.spec.securityContext else None
        return await self.machine.volumes.prepare(uid_of(pod), contents, group)

    async def start_sandbox(self, pod: core_v1.Pod) -> Sandbox:
        """The pod's surroundings. RuntimeFailure where its class asks for what this node does not have."""
        if pod.spec is not None and pod.spec.runtimeClassName:
            await self._check_handler(pod.spec.runtimeClassName)
        return await self.machine.runtime.start_sandbox(sandbox_spec(pod, self._names))

    async def _check_handler(self, runtime_class: str) -> None:
        wanted, here = await self._reader.handler(runtime_class), self.machine.runtime.handlers
        if wanted not in here:
            why = f'failed to get sandbox runtime: no runtime for "{wanted}" is configured'
            has = f"; RuntimeClass {runtime_class} asks for it, and this node has {', '.join(here)}"
            raise RuntimeFailure("FailedCreatePodSandBox", why + has)

    async def start(self, memory: PodMemory, container: core_v1.Container, attempt: int) -> Container:
        """The container's next attempt."""
        pod = memory.pod
        named = references.of_environment(container)
        objects = await self._reader.fetch(namespace_of(pod), dict.fromkeys(named)) if named else {}
        around = self._around(memory, objects)
        variables = environment(pod, container, around)
        mounts = [
            await self._mount(memory, container, wish, sub) for wish, sub in mount_paths(container, variables)
        ]
        spec = container_spec(pod, container, attempt, variables, mounts, self._memory_bytes)
        if target := _target_id(memory, container.name):
            spec = replace(spec, target_container_id=target)
        return await self.machine.runtime.start_container(memory.uid, spec)

    async def _mount(
        self, memory: PodMemory, container: core_v1.Container, wish: core_v1.VolumeMount, sub_path: str
    ) -> Mount:
        root = memory.volume_paths.get(wish.name)
        if root is None:
            raise ConfigError(f'cannot find volume "{wish.name}" to mount into container "{container.name}"')
        if not sub_path:
            return mount(wish, root)
        try:
            return mount(wish, await self.machine.volumes.sub_path(root, sub_path))
        except (VolumeFailure, OSError) as error:
            raise ConfigError(
                f'failed to prepare subPath for volumeMount "{wish.name}" of container "{container.name}": {error}'
            ) from error

    def _around(self, memory: PodMemory, objects: references.Objects) -> Surroundings:
        facts, sandbox = self.machine.facts, memory.sandbox
        ip = (sandbox.ip or facts.host_ip) if sandbox else ""
        return Surroundings(
            host_ip=facts.host_ip,
            pod_ips=(ip,) if ip else (),
            objects=objects,
            links=self._links_of(memory.pod),
            allocatable=facts.capacity,
        )

    def _links_of(self, pod: core_v1.Pod) -> Mapping[str, str]:
        """The variables of the services that the pod is linked with; of the API's own always."""
        namespace = namespace_of(pod)
        if pod.spec is None or pod.spec.enableServiceLinks is False:
            return self._links("default", "kubernetes")
        if namespace == "default":
            return self._links(namespace)  # the API's own is among them
        return {**self._links("default", "kubernetes"), **self._links(namespace)}


def _target_id(memory: PodMemory, name: str) -> str:
    """Whose processes an ephemeral container is to see; empty where it names nobody. Raises ConfigError."""
    ephemeral = memory.pod.spec.ephemeralContainers if memory.pod.spec else None
    if not ephemeral:
        return ""
    target = next((each.targetContainerName for each in ephemeral if each.name == name), None)
    if not target:
        return ""
    attempts = memory.attempts.get(target, ())
    if not attempts or not is_running(attempts[-1]):
        raise ConfigError(f"unable to find target container {target}: it does not run")
    return attempts[-1].id
