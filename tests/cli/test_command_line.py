"""What can be typed, and what comes back: 0 done, 1 not reached, 2 wrong use."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from petset import __version__
from petset.cli.main import main
from petset.cli.surroundings import Surroundings

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str, stdin: str = "", user_id: int = 1000) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        surroundings = Surroundings(
            now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
            monotonic=lambda: 0.0,
            sleep=lambda _: None,
            stdin=io.StringIO(stdin),
            stdout=out,
            stderr=err,
            environment={},
            home=tmp_path,
            user_id=user_id,
            server_command=["false"],
            stop_command=["false"],
        )
        code = main(list(arguments), surroundings)
        printed = capsys.readouterr()
        return code, out.getvalue() + printed.out, err.getvalue() + printed.err

    return call


def test_the_version_and_every_help_text_are_printed(run: Run) -> None:
    assert run("--version")[:2] == (0, f"petset {__version__}\n")
    for verb in ("up", "status", "plan", "why", "down", "wipe", "kubeconfig"):
        code, out, _ = run(verb, "--help")
        assert code == 0
        assert "exit codes: 0 done, 1 not reached, 2 wrong use" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "VERB"),
        (["sing"], "invalid choice"),
        (["up", "--port", "70000"], "give a number from 0 to 65535"),
        (["up", "--nodes", "-1"], "--nodes"),
        (["up", "--runtime", "docker"], "invalid choice: 'docker'"),
        (["up", "--feature-gates", "Warp=true"], "unrecognized feature gate: Warp; known are: "),
        (["up", "--feature-gates", "AllAlpha=perhaps"], "'perhaps' is neither true nor false"),
        (["plan"], "-f/--filename"),
        (["why"], "NAME"),
        (["up", "--timeout", "soon"], "'soon' is not a number of seconds"),
    ],
)
def test_wrong_use_is_told_and_ends_with_two(run: Run, arguments: list[str], message: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert message in err


def test_containers_without_root_are_refused_with_the_remedy(run: Run) -> None:
    code, _, err = run("up")
    assert code == 1
    assert "containers need root: run 'sudo petset up" in err


def test_a_bad_manifest_starts_nothing(run: Run, tmp_path: Path) -> None:
    data = tmp_path / "data"
    code, _, err = run("up", "-f", "-", "--data-dir", str(data), stdin="kind: [", user_id=0)
    assert code == 1
    assert err.startswith("petset: standard input:")
    assert not data.exists()


def test_a_server_that_does_not_start_is_told_with_its_log(run: Run, tmp_path: Path) -> None:
    code, _, err = run("up", "--data-dir", str(tmp_path / "d"), user_id=0)
    assert code == 1
    assert "server.log says why" in err


def test_verbs_say_where_they_looked_when_no_server_has_run(run: Run, tmp_path: Path) -> None:
    for verb in ("status", "down", "kubeconfig"):
        code, _, err = run(verb, "--data-dir", str(tmp_path / "none"))
        assert code == 1
        assert str(tmp_path / "none") in err


def test_wipe_removes_only_what_petset_made_and_only_when_told(run: Run, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    assert run("wipe", "--yes", "--data-dir", str(precious))[0] == 1
    assert precious.exists()
    (precious / "petset.pid").write_text("")
    code, _, err = run("wipe", "--data-dir", str(precious))
    assert code == 2
    assert "--yes" in err
    assert run("wipe", "--yes", "--data-dir", str(precious))[0] == 0
    assert not precious.exists()


def test_the_default_directory_follows_the_xdg_rules(tmp_path: Path) -> None:
    from petset.cli.directory import default_data_directory

    assert default_data_directory({}, tmp_path) == tmp_path / ".local/share/petset"
    assert default_data_directory({"XDG_DATA_HOME": "/srv"}, tmp_path) == Path("/srv/petset")
    assert default_data_directory({"XDG_DATA_HOME": "relative"}, tmp_path) == tmp_path / ".local/share/petset"
