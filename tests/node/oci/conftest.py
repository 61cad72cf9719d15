"""Real containers for the tests of this room, each test on a machine of its own (`isolation`)."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from isolation import ENGINES, own_machine
from node.oci.pods import opened

from petset.node.oci.opening import Options


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - real containers live in real time


async def _tear_down(options: Options) -> None:
    async with opened(options) as runtime:
        await runtime.teardown()


@pytest.fixture(scope="session")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For each engine, what is remembered of it once it was seen to work: so that only one test waits for that."""
    return {engine: tmp_path_factory.mktemp(engine) / "engine.json" for engine in ENGINES}


@pytest.fixture(params=ENGINES)
def options(request: pytest.FixtureRequest, tmp_path: Path, checked: dict[str, Path]) -> Iterator[Options]:
    """A runtime's options, with each engine that is installed. Whatever a test leaves behind is taken down."""
    engine = request.param
    if shutil.which(engine) is None:
        pytest.skip(f"needs {engine}")
    directory = tmp_path / "runtime"
    remembered = directory / "engine.json"
    directory.mkdir()
    if checked[engine].exists():
        shutil.copy(checked[engine], remembered)
    options = Options(directory, now, kind=engine, maps=[tmp_path / "images.toml"])
    with own_machine():
        try:
            yield options
        finally:
            asyncio.run(_tear_down(options))
            shutil.copy(remembered, checked[engine])
