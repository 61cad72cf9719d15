"""A server for each client's module, with real containers on two logical nodes; a namespace for each test."""

import itertools
from collections.abc import Iterator

import pytest
from e2e.harness import Petset
from isolation import missing, own_machine


@pytest.fixture(scope="module")
def petset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Petset]:
    """Programs and threads that a test starts see the server and its pods."""
    if missing():
        pytest.skip(missing())
    with own_machine():
        petset = Petset(tmp_path_factory.mktemp("petset") / "data", tmp_path_factory.mktemp("home"))
        try:
            petset.petset("up", "--port", "0", "--nodes", "2", "--detach")
            yield petset
        finally:
            petset.try_petset("wipe", "--yes")


_numbers = itertools.count(1)


@pytest.fixture
def namespace(petset: Petset) -> str:
    name = f"test-{next(_numbers)}"
    petset.kubectl("create", "namespace", name)
    return name
