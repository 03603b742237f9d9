"""``make bench``: print the table and write docs/reference/benchmarks.md."""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.artifacts import artifacts
from benchmarks.delivering import delivering
from benchmarks.generate import generate
from benchmarks.histories import histories
from benchmarks.judging import judging
from benchmarks.measure import compare, table
from benchmarks.signatures import signatures

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
GM = [sys.executable, "-m", "gitops_models"]
ENV = {"GIT_CONFIG_GLOBAL": os.devnull, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
FORMAT = "%(refname) %(objectname) %(creatordate:unix)"


def main():
    """Measure, print, write."""
    options = argparse.ArgumentParser()
    options.add_argument("--versions", type=int, default=1000)
    options.add_argument("--commits", type=int, default=2000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--no-page", action="store_true")
    options.add_argument("--only", choices=PARTS, action="append", help="these parts, and no page")
    chosen = options.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for part in chosen.only or PARTS:
            rows += PARTS[part](Path(folder), chosen)
    lines = table(rows)
    print("\n".join(lines))
    if not (chosen.no_page or chosen.only):
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(page(lines, chosen.versions, chosen.runs), encoding="utf-8")


def measure(folder, versions, runs):
    """Every comparison, after checking that both sides give the same answer."""
    made = generate(folder / "registry.git", versions=versions)
    here = [*GM, "-C", str(made.path)]
    git = ["git", f"--git-dir={made.path}"]
    signers = ["-c", f"gpg.ssh.allowedSignersFile={made.path}/allowed_signers"]
    env = ENV
    same_answer(here, git, made, env)
    bare = [sys.executable, "-c", "pass"]
    for_each = [*git, "for-each-ref", f"--format={FORMAT}", "refs/tags"]
    return [
        compare("gm --version", [*GM, "--version"], "bare Python", bare, goal=6, runs=runs, env=env),
        compare("gm --help", [*GM, "--help"], "bare Python", bare, goal=12, runs=runs, env=env),
        compare(
            f"gm list, {versions} versions",
            [*here, "list"],
            "git for-each-ref with dates",
            for_each,
            runs=runs,
            env=env,
        ),
        compare(
            f"gm verify, {len(made.commits)} signed steps, whole replay",
            [*here, "verify", "--anew"],
            "one git verify-commit over the same commits",
            [*git, *signers, "verify-commit", *made.commits],
            goal=1 / 15,
            runs=max(1, runs // 2),
            env=env,
        ),
    ]


def same_answer(here, git, made, env):
    """Both sides must know the same versions, and gm must find every step good."""
    environment = {**os.environ, **env}
    listed = json.loads(
        subprocess.run([*here, "list", "--json"], check=True, capture_output=True, env=environment).stdout
    )
    tags = subprocess.run(
        [*git, "for-each-ref", "--format=%(refname:short)", "refs/tags"], check=True, capture_output=True, text=True
    ).stdout.split()
    known = {model["model"]: model["versions"] for model in listed["models"]}
    tagged = Counter(tag.partition("@v")[0] for tag in tags)
    if known != tagged or tagged.total() != made.versions:
        raise SystemExit(f"gm list and the tags differ: {known} and {tagged}")
    subprocess.run([*here, "verify"], check=True, capture_output=True, env=environment)


PARTS = {
    "listings": lambda place, chosen: measure(place, chosen.versions, chosen.runs),
    "signatures": lambda place, chosen: signatures(place, GM, ENV, commits=chosen.commits, runs=chosen.runs),
    "histories": lambda place, chosen: histories(place, GM, ENV, steps=chosen.commits, runs=chosen.runs),
    "artifacts": lambda place, chosen: artifacts(place, GM, ENV, runs=min(chosen.runs, 3)),
    "delivery": lambda place, _chosen: delivering(place),
    "judging": lambda place, chosen: judging(place, GM, ENV, runs=chosen.runs),
}


def page(lines, versions, runs):
    """The generated page."""
    head = [
        "# Benchmarks",
        "",
        f"Written by `make bench`: {versions} versions, medians of {runs} runs in turn, CPU seconds of processes",
        f"unless it says wall, Python {platform.python_version()}, {os.cpu_count()} cores,",
        f"load {os.getloadavg()[0]:.1f} at the end. Ratios are what counts: machines differ.",
        "Goals are bounds on ours/peer. The registries in which one promotion is judged have their versions from the",
        "pin, but for the last 50; the prefix that the clone verified is kept, as after any other command.",
        "",
    ]
    return "\n".join([*head, *lines, ""])


if __name__ == "__main__":
    main()
