"""``gm trust verify --all`` against one ``git verify-commit`` over the same commits, in the same run."""

import json
import os
import shutil
from pathlib import Path
from statistics import median

from benchmarks.measure import Compared, beyond, run, wall
from benchmarks.mixed import mixed, strangers

COLD, WARM = 1 / 15, 1 / 200


def signatures(folder, gm, env, *, commits, runs):
    """Cold by the clock, then again with the verdicts kept, beyond what the same command costs on one commit."""
    made, one = mixed(folder / "mixed" / "r.git", commits=commits), mixed(folder / "one" / "r.git", commits=1)
    cache = folder / "cache"
    env = {**env, "XDG_CACHE_HOME": str(cache)}
    ours, start = (_verify(gm, each) for each in (made, one))
    git = ["git", f"--git-dir={made.path}", "-c", f"gpg.ssh.allowedSignersFile={made.signers}", "verify-commit"]
    _same_answer(gm, git, made, env)

    def forget():
        shutil.rmtree(cache, ignore_errors=True)

    peer = wall([*git, *made.commits], {**os.environ, **env})
    cold = []
    for _ in range(runs):
        forget()
        cold.append(wall(ours, env))
    run(start, env)
    warm = beyond(ours, start, prepare=lambda: None, runs=runs, env=env, take=wall)
    what = f"gm trust verify --all, {commits} commits by 8 kinds of SSH key"
    name = "one git verify-commit over the same commits (wall)"
    return [
        Compared(f"{what}, nothing kept (wall)", median(cold), name, peer, COLD),
        Compared(f"{what}, again, beyond the same on 1 commit (wall)", warm, name, peer, WARM),
    ]


def _verify(gm, made):
    return [*gm, "-C", str(made.path), "trust", "verify", "--all", "--json", "--allowed-signers", str(made.signers)]


def _same_answer(gm, git, made, env):
    """Both must call every commit good, and neither one by a stranger, whatever the kind of key."""
    lines = [json.loads(line) for line in run(_verify(gm, made), env).splitlines()]
    assert [line["oid"] for line in lines] == made.commits
    assert {line["verdict"] for line in lines} == {"good"}
    run([*git, *made.commits[:16]], env)
    for oid in strangers(Path(made.path)):
        run([*git, oid], env, fine=(1,))
        ask = [*gm, "-C", str(made.path), "trust", "verify", oid, "--allowed-signers", str(made.signers)]
        run(ask, env, fine=(5,))
