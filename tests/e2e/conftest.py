"""The whole product on a machine of its own: network, mounts and /run are the test's."""

from collections.abc import Iterator

import pytest
from isolation import missing, own_machine


@pytest.fixture(scope="session")
def own_network() -> Iterator[None]:
    """Everything started from here on has its own bridge, addresses and mounts."""
    if missing():
        pytest.skip(missing())
    with own_machine():
        yield
