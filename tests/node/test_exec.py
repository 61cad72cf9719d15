"""Commands in containers, as `kubectl exec` asks for them."""

import pytest
from node.world import a_container, a_pod, node_world

from petset.api.errors import BadRequest, NotFound
from petset.node.runtime import ExecResult
from petset.testing.loop import run


def test_a_command_runs_in_the_container_that_is_named() -> None:
    async def story() -> None:
        async with node_world(start=False) as world:
            streams = world.start_agent().streams
            await world.create(a_pod(containers=[a_container(), a_container("other")]))
            await world.ready()
            world.runtime.answer = lambda container, command: ExecResult(
                7, f"{container.name}: {' '.join(command)}"
            )
            running = await streams.exec("default", "web-0", "other", ["ls", "-l"], stdin=False, tty=False)
            assert [chunk async for chunk in running.output()] == [(1, b"other: ls -l")]
            assert await running.wait() == 7

    run(story())


def test_no_command_runs_where_no_container_does() -> None:
    async def story() -> None:
        async with node_world(start=False) as world:
            streams = world.start_agent().streams
            await world.create(a_pod(restartPolicy="Never"))
            await world.ready()
            world.runtime.exit("web-0", "app")
            await world.sleep(1)
            with pytest.raises(BadRequest, match="container not found"):
                await streams.exec("default", "web-0", "app", ["ls"], stdin=False, tty=False)
            with pytest.raises(NotFound):
                await streams.exec("default", "web-1", "app", ["ls"], stdin=False, tty=False)

    run(story())
