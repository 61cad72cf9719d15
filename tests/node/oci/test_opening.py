"""What is found out at the start, and what a person is told where no container can be run."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from isolation import needs_containers
from node.oci.conftest import now
from node.oci.pods import opened

from petset.node.oci import engine, opening, state
from petset.node.oci.engine import Engine, Unusable
from petset.node.oci.opening import Options


def works(candidate: Engine) -> None:
    """Any engine does."""


def fails(candidate: Engine) -> None:
    raise RuntimeError("cgroups are broken")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose PATH has programs of no use: enough to be found."""
    for name in ("conmon", "crun", "runc"):
        (tmp_path / name).write_text("#!/bin/sh\necho version 9.9\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_auto_takes_the_first_engine_that_runs_a_container(programs: Path, tmp_path: Path) -> None:
    def only_runc(candidate: Engine) -> None:
        if candidate.kind == "crun":
            fails(candidate)

    assert engine.pick("auto", tmp_path / "a.json", works).kind == "crun"
    assert engine.pick("auto", tmp_path / "b.json", only_runc).kind == "runc"
    assert engine.pick("runc", tmp_path / "c.json", works).kind == "runc"


def test_an_engine_is_tried_once_and_again_only_when_it_has_changed(programs: Path, tmp_path: Path) -> None:
    first = engine.pick("auto", tmp_path / "e.json", works)
    assert engine.pick("auto", tmp_path / "e.json", fails) == first
    assert state.read(tmp_path / "e.json", Engine) == first
    (programs / "crun").write_text("#!/bin/sh\n# another\n")
    with pytest.raises(Unusable, match=r"crun cannot run a container here: cgroups are broken; .*runc cannot"):
        engine.pick("auto", tmp_path / "e.json", fails)


@pytest.mark.parametrize(
    ("absent", "says"),
    [
        (["conmon"], "apt-get install conmon"),
        (["crun", "runc"], r"crun is not installed \(apt-get install crun\); runc is not installed"),
    ],
)
def test_what_is_not_installed_is_named(programs: Path, tmp_path: Path, absent: list[str], says: str) -> None:
    for name in absent:
        (programs / name).unlink()
    with pytest.raises(Unusable, match=says):
        engine.pick("auto", tmp_path / "e.json", works)


@pytest.mark.containers
@needs_containers
def test_a_path_that_overlay_cannot_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="cannot take the path"):
        opening.assemble(Options(tmp_path / "a:b", now))


@pytest.mark.containers
@needs_containers
def test_an_engine_is_chosen_by_running_a_container_that_leaves_nothing(options: Options) -> None:
    (options.directory / "engine.json").unlink(missing_ok=True)

    async def story() -> None:
        async with opened(replace(options, kind="auto")) as runtime:
            assert runtime.name.split()[0] in ("crun", "runc")
            assert await runtime.list_sandboxes() == []

    asyncio.run(story())
    assert list((options.directory / "sandboxes").iterdir()) == []
