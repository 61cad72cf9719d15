"""How the server was told to run."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from petset.api.gates import DEFAULT, Gates
from petset.api.gates import parse as parse_gates
from petset.cli.directory import DataDirectory, default_configuration_directory


@dataclass(frozen=True)
class Settings:
    """Everything that differs from one server to another. `ready_fd` is a pipe that hears how the start ended."""

    directory: DataDirectory
    bind: str
    port: int
    nodes: int
    runtime: str
    ready_fd: int | None = None
    gates: Gates = DEFAULT
    configuration: Path = Path("/nonexistent")  # the user's own, where an image map may stand

    @property
    def node_names(self) -> tuple[str, ...]:
        """The logical nodes: `node-1` and so on."""
        return tuple(f"node-{number}" for number in range(1, self.nodes + 1))


def parse(arguments: list[str], environment: Mapping[str, str], home: Path) -> Settings:
    """Settings from the arguments that `petset up` passes on, and the user's configuration by the XDG rules."""
    parser = argparse.ArgumentParser(prog="petset-server", description="The server that 'petset up' starts.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=6443)
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--runtime", default="auto")
    parser.add_argument("--feature-gates", default="")
    parser.add_argument("--ready-fd", type=int)
    options = parser.parse_args(arguments)
    return Settings(
        DataDirectory(options.data_dir.absolute()),
        options.bind,
        options.port,
        options.nodes,
        options.runtime,
        options.ready_fd,
        parse_gates(options.feature_gates),
        default_configuration_directory(environment, home),
    )
