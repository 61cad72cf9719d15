"""What several verbs read from their options."""

import argparse
from pathlib import Path

from petset.cli.directory import DataDirectory, default_data_directory
from petset.cli.surroundings import Surroundings


def data_directory(options: argparse.Namespace, surroundings: Surroundings) -> DataDirectory:
    """The directory that `--data-dir` names, or the default one; always absolute."""
    if options.data_dir:
        return DataDirectory(Path(options.data_dir).absolute())
    return DataDirectory(default_data_directory(surroundings.environment, surroundings.home))
