"""`./dev bench [figures|growth|api|store|registry]`: measure, and print the table."""

import argparse
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime

from bench import yardstick


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    meaning = "; ".join(f"{name}: {measure.__doc__}" for name, measure in MEASURES.items())
    parser.add_argument("what", nargs="?", choices=MEASURES, default="figures", help=meaning)
    parser.add_argument("--runs", type=int, default=5, help="how often each figure is taken (default: 5)")
    parser.add_argument("--only", default="", help="only the growth figures whose name contains this")
    parser.add_argument(
        "--seconds", type=int, default=4, help="how long each run of the API's load is (default: 4)"
    )
    parser.add_argument("--directory", default=".", help="on which disk the store is measured (default: here)")
    parser.add_argument("--count", type=int, default=2000, help="how many objects each verb gets (default: 2000)")
    parser.add_argument("--profile", action="store_true", help="show where the time of the verbs goes")
    options = parser.parse_args()
    before = yardstick.milliseconds()
    print(MEASURES[options.what](options))
    after = yardstick.milliseconds()
    machine = f"{os.cpu_count()} cores, Linux {platform.release()}, CPython {platform.python_version()}"
    chosen = "" if options.what == "figures" else f" {options.what}"
    runs = f"Medians of {options.runs} runs" if options.what in ("figures", "growth", "api") else "One run"
    print(f"\n{runs} on {machine}, {datetime.now(UTC):%Y-%m-%d}; `./dev bench{chosen}`.")
    print(f"The yardstick (bench/yardstick.py) took {before:.0f} ms before and {after:.0f} ms after.")


def _figures(options: argparse.Namespace) -> str:
    """one machine with real containers (the default)"""
    # On a network of its own, as the tests with real containers: the machine's own stays as it is.
    from isolation import own_machine

    from bench import figures

    with own_machine():
        return figures.table(options.runs)


def _growth(options: argparse.Namespace) -> str:
    """sets of up to 10,000 simulated pods"""
    from bench import growth

    return f"{growth.table(options.runs, options.only)}\n\nThe machine's load at the end: {growth.loaded()}."


def _api(options: argparse.Namespace) -> str:
    """what the API answers over HTTPS to many clients at once (needs wrk)"""
    from bench.api import figures

    return figures.table(options.runs, options.seconds)


def _store(options: argparse.Namespace) -> str:
    """durable writes a second, their latency, and a restart with 100,000 objects"""
    from bench import store

    return store.table(options.directory)


def _registry(options: argparse.Namespace) -> str:
    """what each verb costs through the in-process client"""
    from bench import registry

    return registry.table(options.count, options.profile)


MEASURES: dict[str, Callable[[argparse.Namespace], str]] = {
    "figures": _figures,
    "growth": _growth,
    "api": _api,
    "store": _store,
    "registry": _registry,
}

if __name__ == "__main__":
    main()
