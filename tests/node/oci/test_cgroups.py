"""The limits of a pod as a whole, in a tree like that of either version of cgroups."""

from pathlib import Path

import pytest

from petset.node.oci.cgroups import limit, memory_bytes
from petset.node.runtime import Resources

POD = "/petset-0a1b2c/poduid"
LIMITED = Resources(cpu_millis=1500, cpu_request_millis=250, memory_bytes=64 << 20)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    for controller in ("cpu", "memory", "pids"):
        (tmp_path / controller).mkdir()
    return tmp_path


@pytest.fixture
def second(tmp_path: Path) -> Path:
    (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    return tmp_path


def written(group: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in group.iterdir() if path.is_file()}


def test_in_the_first_version_each_controller_has_a_tree_of_its_own(first: Path) -> None:
    limit(POD, LIMITED, first)
    assert written(first / "cpu/petset-0a1b2c/poduid") == {
        "cpu.shares": "256",
        "cpu.cfs_period_us": "100000",
        "cpu.cfs_quota_us": "150000",
    }
    assert written(first / "memory/petset-0a1b2c/poduid") == {"memory.limit_in_bytes": str(64 << 20)}
    assert not (first / "pids/petset-0a1b2c").exists()
    limit(POD, Resources(), first)
    assert written(first / "cpu/petset-0a1b2c/poduid")["cpu.cfs_quota_us"] == "-1"
    assert written(first / "memory/petset-0a1b2c/poduid") == {"memory.limit_in_bytes": "-1"}


def test_in_the_second_version_controllers_are_handed_down_to_the_pods_group(second: Path) -> None:
    limit(POD, LIMITED, second)
    assert written(second / "petset-0a1b2c/poduid") == {
        "cpu.weight": "10",
        "cpu.max": "150000 100000",
        "memory.max": str(64 << 20),
    }
    assert (second / "cgroup.subtree_control").exists()
    assert (second / "petset-0a1b2c/cgroup.subtree_control").exists()
    limit(POD, Resources(cpu_millis=1), second)
    assert written(second / "petset-0a1b2c/poduid") == {
        "cpu.weight": "1",
        "cpu.max": "1000 100000",
        "memory.max": "max",
    }


def test_on_a_machine_with_both_a_controller_is_found_where_it_is(first: Path) -> None:
    (first / "unified").mkdir()
    (first / "unified/cgroup.controllers").write_text("")
    limit(POD, LIMITED, first)
    assert written(first / "memory/petset-0a1b2c/poduid") == {"memory.limit_in_bytes": str(64 << 20)}


def test_a_limit_that_cannot_be_kept_is_an_error_and_a_share_is_not(tmp_path: Path) -> None:
    limit(POD, Resources(cpu_request_millis=100), tmp_path)
    with pytest.raises(OSError, match="have no memory controller"):
        limit(POD, Resources(memory_bytes=1), tmp_path)


@pytest.mark.parametrize(
    "place", ["memory/petset-x/memory.usage_in_bytes", "petset-x/memory.current", "unified/petset-x/memory.current"]
)
def test_memory_in_use_is_found_in_either_version(tmp_path: Path, place: str) -> None:
    assert memory_bytes("/petset-x", tmp_path) is None
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text("4096\n")
    assert memory_bytes("/petset-x", tmp_path) == 4096
