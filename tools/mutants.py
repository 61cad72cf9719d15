"""Shows that the tests of the StatefulSet's deciders can fail: mutmut changes the code, and some test must notice.

`python -m tools.mutants` makes every mutant of the modules named in pyproject.toml (`[tool.mutmut]`), runs the
tests that reach it, and prints what was killed and what survived. It takes half an hour on one core and
runs at the lowest priority; after names of modules, `hashing health`, only those are tried. `--keep` begins with
what the last run found, and tries functions that have changed and mutants that survived once more: minutes, after
tests were added. docs/mutation.md keeps the figures.
"""

import json
import resource
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

WORKPLACE = Path("mutants")
KILLED = {1, 3}  # a test failed, or the mutant could not even be imported
MEMORY_BYTES = 3 << 30
TIMEOUTS = {24, 36, 152, 255, -24, -9}  # it ran for ever: a test that never ends has noticed too


def outcomes() -> dict[str, int | None]:
    """The exit code of the tests by mutant; None for one that was not tried."""
    found: dict[str, int | None] = {}
    for path in sorted(WORKPLACE.rglob("*.meta")):
        found |= json.loads(path.read_text())["exit_code_by_key"]
    return found


def module_of(mutant: str) -> str:
    return mutant.rsplit(".", 2)[1]


def is_killed(code: int | None) -> bool:
    return code in KILLED or code in TIMEOUTS


def show(results: dict[str, int | None]) -> None:
    """A table of the modules, and then each survivor by its name and change."""
    every = Counter(map(module_of, results))
    killed = Counter(module_of(mutant) for mutant, code in results.items() if is_killed(code))
    print("| module | mutants | killed | share |\n|---|---|---|---|")
    for module in sorted(every):
        print(f"| {module}.py | {every[module]} | {killed[module]} | {killed[module] / every[module]:.1%} |")
    total, dead = every.total(), killed.total()
    print(f"| all | {total} | {dead} | {dead / total:.1%} |\n")
    for mutant in (mutant for mutant, code in results.items() if not is_killed(code)):
        print(mutant, *changes_of(mutant), sep="\n    ")


def changes_of(mutant: str) -> list[str]:
    """The lines of its difference from the code."""
    command = [sys.executable, "-m", "mutmut", "show", mutant]
    shown = subprocess.run(command, check=False, capture_output=True, text=True).stdout.splitlines()
    return [line for line in shown if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]


def run(*mutants: str) -> int:
    """Try these mutants, or all that are new or have changed. One that takes all memory ends as one that fails."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    command = ["nice", "-n", "19", sys.executable, "-m", "mutmut", "run", "--max-children", "1", *mutants]
    return subprocess.run(command, check=False).returncode


def main(*arguments: str) -> int:
    modules = [argument for argument in arguments if not argument.startswith("-")]
    if "--keep" not in arguments:
        shutil.rmtree(WORKPLACE, ignore_errors=True)
    code = run(*(f"petset.*.{module}.*" for module in modules))
    survivors = [mutant for mutant, outcome in outcomes().items() if not is_killed(outcome)]
    if "--keep" in arguments and survivors:
        run(*survivors)
    results = {mutant: code for mutant, code in outcomes().items() if not modules or module_of(mutant) in modules}
    if not results:
        print("mutmut made no mutants: see its messages above", file=sys.stderr)
        return code or 1
    show(results)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
