"""The whole product: with simulated nodes, or with real containers on a machine that is the tests' own."""

from collections.abc import Iterator

import pytest
from e2e.harness import Petset
from isolation import missing, own_machine


@pytest.fixture(scope="session")
def own_network() -> Iterator[None]:
    """Everything started from here on has its own bridge, addresses and mounts."""
    if missing():
        pytest.skip(missing())
    with own_machine():
        yield


@pytest.fixture(scope="module")
def unstarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Petset]:
    """Nothing runs yet. Whatever a module starts with it is gone after the module's last test."""
    petset = Petset(tmp_path_factory.mktemp("petset") / "data", tmp_path_factory.mktemp("home"))
    yield petset
    petset.petset("wipe", "--yes")


@pytest.fixture(scope="module")
def petset(unstarted: Petset) -> Petset:
    """A server with two simulated nodes, in every module that does not say otherwise."""
    unstarted.petset("up", "--port", "0", "--runtime", "simulated", "--nodes", "2", "--detach")
    return unstarted
