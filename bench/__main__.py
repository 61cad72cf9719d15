"""`./dev bench [figures|growth] [--runs N]`: measure it all and print the table."""

import argparse
import os
import platform
from datetime import UTC, datetime


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    what = "figures: one machine with real containers (the default); growth: sets of up to 10,000 simulated pods"
    parser.add_argument("what", nargs="?", choices=("figures", "growth"), default="figures", help=what)
    parser.add_argument("--runs", type=int, default=5, help="how often each figure is taken (default: 5)")
    parser.add_argument("--only", default="", help="only the growth figures whose name contains this")
    options = parser.parse_args()
    print(_growth(options.runs, options.only) if options.what == "growth" else _figures(options.runs))
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, CPython {platform.python_version()}"
    chosen = " growth" if options.what == "growth" else ""
    print(f"\nMedians of {options.runs} runs on {machine}, {datetime.now(UTC):%Y-%m-%d}; `./dev bench{chosen}`.")


def _figures(runs: int) -> str:
    """On a network of its own, as the tests with real containers: the machine's own stays as it is."""
    from isolation import own_machine

    from bench import figures

    with own_machine():
        return figures.table(runs)


def _growth(runs: int, only: str) -> str:
    from bench import growth

    return f"{growth.table(runs, only)}\n\nThe machine's load at the end: {growth.loaded()}."


if __name__ == "__main__":
    main()
