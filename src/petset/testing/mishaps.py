"""What pods and nodes, processes and the disk may do on their own, drawn at random."""

from collections.abc import Awaitable, Callable
from random import Random  # noqa: TID251 - the type of an argument

from petset.api.errors import ApiError
from petset.api.models import core_v1
from petset.api.objects import name_of, uid_of
from petset.testing.edits import put_out
from petset.testing.manifests import EDITION, IMAGES
from petset.testing.operations import NAMESPACE
from petset.testing.world import CONTROLLERS, World

FULL = "no space left on device"


class Fate:
    """Every method does one thing and returns what happened, for the story."""

    def __init__(self, world: World, source: Random, edition: int = EDITION) -> None:
        self._world = world
        self._random = source
        self._edition = edition
        self._mishaps: tuple[tuple[int, Callable[[], Awaitable[str]]], ...] = (
            (5, self.crash_container), (4, self.turn_unready), (5, self.turn_ready), (2, self.fail_pod),
            (2, self.slow_machine), (2, self.lose_image), (3, self.find_images), (2, self.deafen),
            (6, self.crash_controllers), (3, self.crash_agent), (2, self.silence_node), (1, self.lose_power),
            (4, self.wake_nodes), (2, self.fill_disk), (4, self.free_disk), (3, self.change_weather),
        )  # fmt: skip

    async def strike(self) -> str:
        """One mishap."""
        weights = [weight for weight, _ in self._mishaps]
        (mishap,) = self._random.choices([mishap for _, mishap in self._mishaps], weights)
        try:
            return await mishap()
        except ApiError as error:
            return f"{mishap.__name__} is refused: {error}"

    # -- containers

    async def crash_container(self) -> str:
        running = self._world.runtime.running()
        if not running:
            return "no container is there to crash"
        container, code = self._random.choice(running), self._random.choice([0, 1])
        self._world.runtime.end(container.id, code)
        return f"a container of {container.sandbox_uid} ends with {code}"

    async def turn_unready(self) -> str:
        pods = self._world.every(core_v1.Pod)
        if not pods:
            return "no pod is there to turn unready"
        pod = self._random.choice(pods)
        self._world.not_ready.add(uid_of(pod))
        return f"the probes of {name_of(pod)} fail"

    async def turn_ready(self) -> str:
        self._world.not_ready.clear()
        return "all probes succeed"

    async def fail_pod(self) -> str:
        """Its node puts a pod out (rule 47)."""
        pods = [pod for pod in self._world.every(core_v1.Pod) if pod.spec and pod.spec.nodeName]
        if not pods:
            return "no pod is there to be put out"
        pod, phase = self._random.choice(pods), self._random.choice(["Failed", "Failed", "Succeeded"])
        await put_out(self._world, pod, phase)
        return f"{name_of(pod)} is {phase}"

    async def deafen(self) -> str:
        pods = self._world.every(core_v1.Pod, NAMESPACE)
        if not pods:
            return "no pod is there to go deaf"
        pod = self._random.choice(pods)
        self._world.runtime.ignore_signals(name_of(pod), "db")
        return f"{name_of(pod)} ignores signals"

    # -- machines

    async def slow_machine(self) -> str:
        runtime, source = self._world.runtime, self._random
        runtime.pull_seconds = source.choice([0, 0.2, 20])
        runtime.start_seconds = source.choice([0, 0.05, 3])
        runtime.stop_seconds = source.choice([0, 0.05, 3])
        return (
            f"pulls take {runtime.pull_seconds} s, starts {runtime.start_seconds} s, stops {runtime.stop_seconds} s"
        )

    async def lose_image(self) -> str:
        image = self._random.choice(IMAGES[:3])
        self._world.runtime.refuse_image(image, "ErrImagePull", "not found")
        return f"{image} cannot be pulled"

    async def find_images(self) -> str:
        forget_refusals(self._world)
        return "all images but the bad one can be pulled"

    async def silence_node(self) -> str:
        node = self._random.choice(self._world.nodes)
        await self._world.stop(node)
        return f"the agent of {node} stops"

    async def lose_power(self) -> str:
        node = self._random.choice(self._world.nodes)
        await self._world.stop(node)
        self._world.runtime.lose_everything(node)
        return f"{node} loses its power"

    async def wake_nodes(self) -> str:
        for node in self._world.nodes:
            self._world.start(node)
        return "all nodes are back"

    # -- processes and the disk

    async def crash_controllers(self) -> str:
        return self._crash(CONTROLLERS)

    async def crash_agent(self) -> str:
        return self._crash(self._random.choice(self._world.nodes))

    def _crash(self, process: str) -> str:
        writes, down_seconds = self._random.randint(1, 12), self._random.choice([0, 0, 1, 30])
        self._world.crash_after(process, writes, down_seconds)
        return f"{process} will crash after {writes} writes, for {down_seconds} s"

    async def fill_disk(self) -> str:
        self._world.plane.store.fail_writes(FULL)
        return "the disk is full"

    async def free_disk(self) -> str:
        self._world.plane.store.fail_writes("")
        return "the disk has room"

    async def change_weather(self) -> str:
        weather, source = self._world.weather, self._random
        weather.conflict_rate = source.choice([0, 0, 0.05, 0.3])
        weather.lost_answer_rate = source.choice([0, 0, 0.05, 0.3])
        weather.cut_rate = source.choice([0, 0, 0.05, 0.3])
        weather.repeat_rate = source.choice([0, 0, 0.05, 0.3]) if self._edition >= 2 else 0
        return (
            f"conflicts {weather.conflict_rate}, lost answers {weather.lost_answer_rate}, cuts {weather.cut_rate}, "
            f"repeats {weather.repeat_rate}"
        )


def forget_refusals(world: World) -> None:
    """Every image can be had but the one that nobody ever had."""
    world.runtime.allow_everything()
    world.runtime.refuse_image(IMAGES[-1], "ErrImagePull", "not found")
