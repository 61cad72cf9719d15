"""A server for each client's module, with real containers on two logical nodes; a namespace for each test."""

import gc
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.harness import Petset
from isolation import missing, own_machine

LEFT_OPEN = "ignore:unclosed:ResourceWarning"
"""Some client libraries leave sockets to the garbage collector."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.containers)
            item.add_marker(pytest.mark.timeout(120))
            item.add_marker(pytest.mark.filterwarnings(LEFT_OPEN))


@pytest.fixture(scope="module")
def petset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Petset]:
    """Programs and threads that a test starts see the server and its pods."""
    if missing():
        pytest.skip(missing())
    with own_machine():
        petset = Petset(tmp_path_factory.mktemp("petset") / "data", tmp_path_factory.mktemp("home"))
        try:
            petset.petset("up", "--nodes", "2", "--detach")
            yield petset
        finally:
            petset.try_petset("wipe", "--yes")


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_open(petset: Petset) -> Iterator[None]:
    """What a library left behind is collected here, and does not warn in the middle of other tests."""
    yield
    gc.collect()


_numbers = itertools.count(1)


@pytest.fixture
def namespace(petset: Petset) -> str:
    name = f"test-{next(_numbers)}"
    petset.kubectl("create", "namespace", name)
    return name
