"""Mutation testing of the judge: ``python -m tests.mutation`` changes code of ``policy/`` and counts what tests notice.

mutmut (https://mutmut.readthedocs.io) makes the mutants and runs the tests that reach each of them. It works in a copy
of the tracked files under ``.cache/mutation`` and is installed beside it, never into the environment of the project.
A mutant that no test reaches counts as a survivor.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".cache" / "mutation"
TREE = PLACE / "tree"
TOOL = PLACE / "mutmut"
GOAL = 0.9
SURVIVED = frozenset((0, 33))  # the tests passed; no test reaches it
TIMED_OUT = frozenset((24, 36, 152, 255))
CONFIGURATION = """
[tool.mutmut]
source_paths = ["gitops_models"]
only_mutate = ["gitops_models/policy/*"]
also_copy = ["benchmarks", "docs", "examples", "models", "policies", "schemas", "Makefile", "README.md", "gm.yaml"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
pytest_add_cli_args_test_selection = ["tests/unit/policy"]
track_dependencies = false
use_git_change_detection = false
"""


def main() -> int:
    """Run the mutants that are asked for; ends with 1 below the goal."""
    asked = _arguments()
    _copy()
    known = _mutants()
    chosen = sorted(known)[asked.shard - 1 :: asked.shards]
    if asked.sample:
        chosen = sorted(random.Random(asked.seed).sample(chosen, min(asked.sample, len(chosen))))
    _mutmut(asked.children, *chosen, quiet=asked.quiet)
    return _report(known, {name: code for name, code in _results().items() if name in set(chosen)})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="that many mutants instead of all")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--shard", type=int, default=1, help="the n-th part of --shards")
    parser.add_argument("--shards", type=int, default=1, help="how many parts there are")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    return parser.parse_args()


def _copy() -> None:
    """The tracked files as they are in the work tree now."""
    shutil.rmtree(TREE, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in listed.stdout.decode().split("\0")[:-1]:
        if (ROOT / name).is_file():
            (TREE / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, TREE / name)
    with (TREE / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(CONFIGURATION)


def _mutants() -> frozenset[str]:
    """Every mutant there is. mutmut ends with an error for a name that fits none, after it has made them."""
    _mutmut(1, "no-such-mutant", quiet=True, fails=True)
    known = frozenset(_results())
    if not known:
        raise SystemExit("mutmut made no mutants; run it by hand in .cache/mutation/tree")
    return known


def _results() -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for path in (TREE / "mutants").rglob("*.py.meta"):
        found |= json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    return found


def _mutmut(children: int, *names: str, quiet: bool, fails: bool = False) -> None:
    environment = {**os.environ, "PYTHONPATH": str(TOOL)}
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children), *names]
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run(command, cwd=TREE, env=environment, stdout=output, stderr=output, check=False)
    if done.returncode and not fails:
        raise SystemExit(f"mutmut ended with {done.returncode}; run it by hand in {TREE}")


def _report(known: frozenset[str], results: dict[str, int | None]) -> int:
    codes = Counter(results.values())
    if codes[None]:
        raise SystemExit(f"{codes[None]} mutants were not tried")
    survivors = sorted(name for name, code in results.items() if code in SURVIVED)
    killed, late = len(results) - len(survivors), sum(codes[code] for code in TIMED_OUT)
    print("\n".join(survivors))  # noqa: T201 - the figures are what it is for
    print(  # noqa: T201 - as above
        f"{killed} of {len(results)} mutants killed ({killed / len(results):.1%}; {late} by the time limit, "
        f"{codes[33]} reached by no test) of {len(known)} that there are; goal {GOAL:.0%}"
    )
    return 0 if killed >= GOAL * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
