"""``gm check`` of one promotion: the same however many versions there are, in one model or in a hundred."""

import time
from statistics import median

from benchmarks.generate import generate, named, propose
from benchmarks.measure import Compared, cpu, run, wall
from gitops_models.workflows.review import check, find_proposal
from gitops_models.workflows.session import open_session

SIZES = (100, 1000, 10_000)
STEPS = 50
FLAT = 1.2
WHOLE, JUDGED = 0.6, 0.050
LEAST_RUNS = 5


def judging(folder, gm, env, *, runs):
    """Of the whole command and in process, with all versions in one model and in a hundred."""
    return [row for most in (1, 100) for row in _of(folder, gm, env, models=most, runs=max(runs, LEAST_RUNS))]


def _of(folder, gm, env, *, models, runs):
    made = [_made(folder / f"judged-{models}-{size}.git", size, models) for size in SIZES]
    asked = [[*gm, "-C", str(path), "check", name] for path, name in made]
    for one in asked:
        run(one, env)
    spent = [median(figures) for figures in zip(*[[cpu(one, env) for one in asked] for _ in range(runs)], strict=True)]
    whole = median(wall(asked[-1], env) for _ in range(runs))
    where = "one model" if models == 1 else f"{models} models"
    what = f"gm check of a promotion, {SIZES[-1]} versions in {where}"
    flat = [
        Compared(what, spent[-1], f"the same, {size} versions", before, FLAT)
        for size, before in zip(SIZES[:-1], spent[:-1], strict=True)
    ]
    judged = Compared(f"{what}: opened and judged in process", _judged(*made[-1], runs), "the limit", JUDGED, 1)
    return [Compared(f"{what} (wall)", whole, "the limit", WHOLE, 1), *flat, judged]


def _made(path, versions, models):
    """A registry most of whose versions its pin brought, and a proposal to promote the last that is nowhere."""
    models = min(models, versions // 10)
    made = generate(path, versions=versions, models=models, at_pin=versions - STEPS)
    return made.path, propose(made, *named(versions - 1, models))


def _judged(path, name, runs):
    """Seconds of this process's CPU to open the repository and judge the proposal, once all is imported."""
    found = []
    for _ in range(runs + 1):
        before = time.process_time()
        session = open_session(path)
        if not check(session, find_proposal(session, name)).verdict.allowed:
            raise SystemExit(f"{path}: {name} is denied")
        found.append(time.process_time() - before)
    return median(found[1:])
