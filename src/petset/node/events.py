"""What the agent tells people about their pods, in a kubelet's words: the one place that holds the texts."""

from petset.api.models import core_v1
from petset.client.events import EventRecorder
from petset.node.memory import PodMemory
from petset.node.pods import resizing
from petset.node.pods.model import Pending, Waiting
from petset.node.probes.prober import ProbeNews


class PodEvents:
    """Events about pods and their containers."""

    def __init__(self, recorder: EventRecorder) -> None:
        self._recorder = recorder

    def pulled(self, memory: PodMemory, container: core_v1.Container) -> None:
        text = f'Container image "{container.image}" already present on machine and can be accessed by the pod'
        self._container(memory, container.name, "Normal", "Pulled", text)

    def pull_failed(self, memory: PodMemory, container: core_v1.Container, reason: str, message: str) -> None:
        self._container(
            memory, container.name, "Warning", "Failed", f'Failed to pull image "{container.image}": {message}'
        )
        self._container(memory, container.name, "Warning", "Failed", f"Error: {reason}")

    def created(self, memory: PodMemory, container: str) -> None:
        self._container(memory, container, "Normal", "Created", "Container created")

    def started(self, memory: PodMemory, container: str) -> None:
        self._container(memory, container, "Normal", "Started", "Container started")

    def start_failed(self, memory: PodMemory, container: str, message: str) -> None:
        self._container(memory, container, "Warning", "Failed", f"Error: {message}")

    def killing(self, memory: PodMemory, container: str, message: str) -> None:
        self._container(memory, container, "Normal", "Killing", message)

    def hook_failed(self, memory: PodMemory, container: str, hook: str) -> None:
        self._container(memory, container, "Warning", f"Failed{hook}Hook", f"{hook}Hook failed")

    def sandbox_failed(self, memory: PodMemory, message: str) -> None:
        self._pod(memory, "Warning", "FailedCreatePodSandBox", f"Failed to create pod sandbox: {message}")

    def stop_failed(self, memory: PodMemory, message: str) -> None:
        self._pod(memory, "Warning", "FailedKillPod", f"error killing pod: {message}")

    def mount_failed(self, memory: PodMemory, message: str) -> None:
        self._pod(memory, "Warning", "FailedMount", message)

    def resize_waits(self, memory: PodMemory, pending: Pending) -> None:
        assert memory.asked is not None
        text = f"Pod resize {pending.reason}: {resizing.summary(memory.asked, pending.message)}"
        self._pod(memory, "Warning", f"Resize{pending.reason}", text)

    def resize_started(self, memory: PodMemory) -> None:
        self._pod(memory, "Normal", "ResizeStarted", f"Pod resize started: {resizing.summary(memory.pod)}")

    def resize_completed(self, memory: PodMemory) -> None:
        self._pod(memory, "Normal", "ResizeCompleted", f"Pod resize completed: {resizing.summary(memory.pod)}")

    def resize_failed(self, memory: PodMemory, message: str) -> None:
        self._pod(memory, "Warning", "ResizeError", f"Pod resize error: {resizing.summary(memory.pod, message)}")

    def unhealthy(self, memory: PodMemory, news: ProbeNews) -> None:
        text = f"{news.kind} probe failed: {news.failure or ''}"
        self._container(memory, news.container, "Warning", "Unhealthy", text)

    def waits(self, memory: PodMemory, waiting: Waiting) -> None:
        """A back-off has begun."""
        if waiting.reason == "CrashLoopBackOff":
            namespace, name = memory.key
            pod = f"{name}_{namespace}({memory.uid})"
            text = f"Back-off restarting failed container {waiting.container} in pod {pod}"
            self._container(memory, waiting.container, "Warning", "BackOff", text)
        elif waiting.reason == "ImagePullBackOff":
            self._container(memory, waiting.container, "Normal", "BackOff", waiting.message)
            self._container(memory, waiting.container, "Warning", "Failed", "Error: ImagePullBackOff")

    def _pod(self, memory: PodMemory, kind: str, reason: str, message: str) -> None:
        self._write(memory, kind, reason, message, "")

    def _container(self, memory: PodMemory, container: str, kind: str, reason: str, message: str) -> None:
        self._write(memory, kind, reason, message, f"spec.{_part_of(memory.pod, container)}{{{container}}}")

    def _write(self, memory: PodMemory, kind: str, reason: str, message: str, path: str) -> None:
        if memory.gone:
            return  # the API would refuse to keep an event in a namespace that may be gone, too
        self._recorder.event(memory.pod, "Normal" if kind == "Normal" else "Warning", reason, message, path)


def _part_of(pod: core_v1.Pod, name: str) -> str:
    """The list of the pod's spec that has the container."""
    spec = pod.spec
    if spec is None or not (spec.initContainers or spec.ephemeralContainers):
        return "containers"  # as with most pods
    if any(container.name == name for container in spec.initContainers or ()):
        return "initContainers"
    return "ephemeralContainers" if any(c.name == name for c in spec.ephemeralContainers or ()) else "containers"
