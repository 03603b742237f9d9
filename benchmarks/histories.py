"""``gm verify`` of histories that grow: what a cold replay costs per step, and what ten new steps cost."""

import shutil
from statistics import median

from benchmarks.generate import PROMOTED, generate, remember
from benchmarks.measure import Compared, beyond, cpu, run
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store

LINEAR = 2.3
NEW = 10
LIMIT = 0.150


def histories(folder, gm, env, *, steps, runs):
    """Cold at a quarter, at half and at all of ``steps``; then the last ten after all others were verified."""
    made = [generate(folder / f"{part}.git", versions=int(steps / part / PROMOTED) + 1) for part in (4, 2, 1)]
    least = generate(folder / "least.git", versions=1)
    start = _verify(gm, least)
    run(start, env)
    ours = [
        [cpu([*_verify(gm, one), "--anew"], env) - cpu(start, env) for one in made] for _ in range(max(1, runs // 2))
    ]
    cold = [median(figures) for figures in zip(*ours, strict=True)]
    counts = [len(one.commits) for one in made]
    rows = [
        Compared(
            f"gm verify, {counts[at + 1]} steps, nothing kept, beyond start",
            cold[at + 1],
            f"gm verify, {counts[at]} steps",
            cold[at],
            LINEAR,
        )
        for at in (0, 1)
    ]
    return [*rows, _incremental(gm, env, made[-1], start, runs)]


def _incremental(gm, env, made, start, runs):
    store = Store.open(made.path)
    tip, before = made.commits[-1], made.commits[-1 - NEW]
    main = "refs/heads/main"
    update_refs(store, [RefUpdate(main, new=before, old=tip)], "ten steps back")
    shutil.rmtree(made.path / "gm")  # what remembers the tip
    remember(store, made.pin)
    run(_verify(gm, made), env)
    update_refs(store, [RefUpdate(main, new=tip, old=before)], "and forth")
    kept, own = made.path.parent / "kept", made.path / "gm"
    shutil.copytree(own, kept)

    def back():
        shutil.rmtree(own)
        shutil.copytree(kept, own)

    figure = beyond(_verify(gm, made), start, prepare=back, runs=runs, env=env)
    what = f"gm verify, {NEW} new steps after {len(made.commits) - NEW}, beyond start"
    return Compared(what, figure, "the limit", LIMIT, 1)


def _verify(gm, made):
    return [*gm, "-C", str(made.path), "verify"]
