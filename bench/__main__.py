"""`python -m bench [--runs N]`: measure everything and print the table, with the machine and the date."""

import argparse
import os
import platform
from datetime import UTC, datetime

from bench.figures import table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each figure is taken (default: 5)")
    options = parser.parse_args()
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, CPython {platform.python_version()}"
    print(table(options.runs))
    print(f"\nMedians of {options.runs} runs on {machine}, {datetime.now(UTC):%Y-%m-%d}; `./dev bench`.")


if __name__ == "__main__":
    main()
