"""Mutation testing of the judge: ``python -m tests.mutation`` changes code of ``policy/`` and counts what tests notice.

mutmut (https://mutmut.readthedocs.io) makes the mutants, and the switch by which one of them takes the place of its
function. ``trying.py`` runs the tests: mutmut would start pytest anew for each mutant, with up to 1,400 names of tests
in no order, which takes longer than the tests. All works in a copy of the tracked files under ``.cache/mutation``, and
mutmut is installed beside it, never into the environment of the project. A mutant that no test reaches counts as a
survivor. Left out is only what ``equivalent.py`` finds.
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

from tests.mutation.equivalent import of_casts

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / ".cache" / "mutation"
TREE = PLACE / "tree"
TOOL = PLACE / "mutmut"
GOAL = 0.9
SURVIVED, LATE, UNREACHED = "survived", "late", "unreached"
TESTS = (
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-o",
    "addopts=",
    "-p",
    "tests.mutation.trying",
)
CONFIGURATION = """
[tool.mutmut]
source_paths = ["gitops_models"]
only_mutate = ["gitops_models/policy/*"]
also_copy = ["benchmarks", "docs", "examples", "models", "policies", "schemas", "Makefile", "README.md", "gm.yaml"]
"""


def main() -> int:
    """Run the mutants that are asked for; ends with 1 below the goal."""
    asked = _arguments()
    _copy()
    known = _mutants()
    counted = known - of_casts(TREE / "mutants")
    chosen = sorted(counted)[asked.shard - 1 :: asked.shards]
    if asked.sample:
        chosen = sorted(random.Random(asked.seed).sample(chosen, min(asked.sample, len(chosen))))
    return _report(_tried(chosen, asked), asked, f"{len(counted):,} that count, of {len(known):,}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, help="that many mutants instead of all")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--shard", type=int, default=1, help="the n-th part of --shards")
    parser.add_argument("--shards", type=int, default=1, help="how many parts there are")
    parser.add_argument("--children", type=int, default=os.cpu_count() or 1, help="mutants at a time")
    parser.add_argument("--goal", type=float, default=GOAL, help="the part that has to be killed")
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
    """The name of every mutant that mutmut makes."""
    _run("-m", "tests.mutation.making", place=TREE, quiet=True)
    kept = [json.loads(path.read_text("utf-8")) for path in (TREE / "mutants").rglob("*.py.meta")]
    return frozenset(name for one in kept for name in one["exit_code_by_key"])


def _tried(names: list[str], asked: argparse.Namespace) -> dict[str, str]:
    """What became of each mutant."""
    place = TREE / "mutants"
    (place / "plan.json").write_text(json.dumps({"mutants": names, "children": asked.children}), "utf-8")
    _run(*TESTS, "tests/unit/policy", place=place, quiet=asked.quiet)
    results: dict[str, str] = json.loads((place / "results.json").read_text("utf-8"))
    return results


def _run(*command: str, place: Path, quiet: bool) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{place}:{TOOL}", "MUTANT_UNDER_TEST": ""}
    output = subprocess.DEVNULL if quiet else None
    done = subprocess.run(
        [sys.executable, *command], cwd=place, env=environment, stdout=output, stderr=output, check=False
    )
    if done.returncode:
        raise SystemExit(f"python {' '.join(command)} ended with {done.returncode} in {place}")


def _report(results: dict[str, str], asked: argparse.Namespace, there: str) -> int:
    ends = Counter(results.values())
    survivors = sorted(name for name, end in results.items() if end in (SURVIVED, UNREACHED))
    killed = len(results) - len(survivors)
    print("\n".join(survivors))  # noqa: T201 - the figures are what it is for
    print(  # noqa: T201 - as above
        f"{killed} of {len(results)} mutants killed ({killed / len(results):.1%}; {ends[LATE]} by the time limit, "
        f"{ends[UNREACHED]} reached by no test); there are {there}; goal {asked.goal:.0%}"
    )
    return 0 if killed >= asked.goal * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
