"""A reconciler: what an idle poll of 1,000 models in two stages costs, what many polls leave behind, and a rollback.

The idle figures come from a process of its own, whose poll, with everything that the reconciler's file can name left
out, is what ``gm reconcile`` does: one ``git ls-remote``, memory, fold, places, records, notices.
"""

import gc
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from benchmarks.generate import BEGIN, EMAIL, FILE, PERSON, STAGES, document, policies
from benchmarks.measure import Compared, run
from gitops_models.artifacts.files import fsync_directory
from gitops_models.artifacts.readers import object_path
from gitops_models.delivery import durable
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.registry import yamls
from gitops_models.registry.snapshot import Entry
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.worktree import init
from gitops_models.store.writer import write_blob, write_commit, write_tree
from gitops_models.workflows.clock import SystemClock
from gitops_models.workflows.deliver import Place, reconciler_for_directory
from tests.support.keys import ed25519_key
from tests.support.killing import Shop

MODELS = 1000
CYCLES = 1000
POLLS = 40
IDLE_CPU, MEMORY_MB, GROWTH = 0.020, 150, 1.05
ROLLBACK, SWITCH = 1.0, 0.001
ROLLBACKS = 5
SWITCHES = 200
LATER = timedelta(hours=1)


def delivering(folder, *, models=MODELS, cycles=CYCLES, rollbacks=ROLLBACKS):
    """Every figure of the reconciler."""
    return [
        *_idle(folder / "many", models, cycles),
        *_rollback(folder / "shop", rollbacks),
        *_switch(folder / "switch"),
    ]


def _idle(folder, models, cycles):
    site(folder, models)
    words = [sys.executable, "-m", "benchmarks.delivering", str(folder), str(cycles)]
    done = subprocess.run(words, check=True, capture_output=True)
    found = json.loads(done.stdout)
    what = f"{models} models x {len(STAGES)} stages"
    return [
        Compared(f"idle poll of {what}, CPU of gm", found["cpu"], "the limit", IDLE_CPU, 1),
        Compared("the same, CPU of the git that asks the remote", found["git"], "the limit", IDLE_CPU, None),
        Compared(f"memory after {cycles} polls of {what} (MB)", found["rss_after"], "the limit", MEMORY_MB, 1),
        Compared("memory then (MB)", found["rss_after"], "before these polls", found["rss_before"], GROWTH),
        Compared("open descriptors then", found["fds_after"], "before these polls", found["fds_before"], 1),
    ]


def site(folder, models):
    """A repository whose pin has every model in every stage, with its bytes in a remote and a reconciler's file."""
    folder.mkdir()
    files, key = policies(ed25519_key(PERSON)), ed25519_key(PERSON)
    for number in range(models):
        files |= _model(folder / "dvc", f"model-{number:04d}")
    store = init(folder / "origin.git", bare=True)
    updates = {path: Entry(FILE, write_blob(store, data)) for path, data in files.items()}
    ident, tree = Ident(PERSON, EMAIL, BEGIN), write_tree(store, None, updates)
    tip = write_commit(store, tree, [], "begin\n", ident, ident, lambda data: key.sign(data, "git"))
    update_refs(store, [RefUpdate("refs/heads/main", new=tip, old=None)], "generated")
    (folder / "gm-reconciler.yaml").write_bytes(
        document(
            "Reconciler",
            urls=["origin.git"],
            pin=tip,
            artifacts={"url": "dvc"},
            targets=[{"id": "many", "path": "srv"}],
            state="state",
        )
    )


def _model(remote, name):
    data = name.encode() * 100
    md5, sha256 = hashlib.md5(data, usedforsecurity=False).hexdigest(), hashlib.sha256(data).hexdigest()
    place = remote / object_path(md5)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    version = f"models/{name}/versions/1.0.0"
    artifact = {"path": "model.onnx", "role": "weights", "sha256": sha256, "size": len(data), "md5": md5}
    created = "2026-11-21T10:00:00Z"
    said = {"model": name, "version": "1.0.0", "created": created, "author": PERSON, "artifacts": [artifact]}
    lineage = document("Lineage", **said)
    pointer = {"outs": [{"md5": md5, "size": len(data), "hash": "md5", "path": "model.onnx"}]}
    digest = hashlib.sha256(lineage).hexdigest()
    state = {"model": name, "version": "1.0.0", "lineage_sha256": digest}
    return {
        f"models/{name}/model.yaml": document("Model", name=name, risk="low"),
        f"{version}/lineage.yaml": lineage,
        f"{version}/model.onnx.dvc": yamls.dump(pointer),
        **{f"models/{name}/stages/{stage}.yaml": document("StageState", stage=stage, **state) for stage in STAGES},
    }


def polls(folder, cycles):
    """Deploy, let everything be hashed once more, then poll ``cycles`` times and print what that cost."""
    now = [datetime.now(UTC)]
    with open_reconciler(read_config(folder / "gm-reconciler.yaml"), clock=lambda: now[0]) as reconciler:

        def poll(seconds=15):
            now[0] += timedelta(seconds=seconds)
            report = reconciler.run()
            if not report.ok or report.records.waiting:
                raise SystemExit(f"{report.first_error} {report.records}")

        poll()
        poll(LATER.total_seconds())  # what was written just now is not glimpsed at yet: this hashes everything again
        for _ in range(POLLS):
            poll()
        gc.collect()
        before = {"rss_before": _memory(), "fds_before": _descriptors()}
        figures = [_cpu(poll) for _ in range(cycles)]
        gc.collect()
        after = {"rss_after": _memory(), "fds_after": _descriptors()}
    ours, theirs = zip(*figures, strict=True)
    print(json.dumps({"cpu": median(ours), "git": median(theirs), **before, **after}))


def _cpu(work):
    """Seconds of CPU of this process, and of the processes that it started."""
    own, children = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    spent, after = time.process_time() - own, resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent, after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime


def _memory():
    """Megabytes that are resident now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def _descriptors():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - what is counted must not open another one


def _rollback(folder, times):
    """From a rollback that is merged at the server to its version served, proved and recorded: what one poll takes."""
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    shop = Shop(folder)
    shop.gm("promote", "fraud@1.0.0", "--through", "production", "--merge", "-m", "go live")
    shop.reconcile()
    shop.gm("promote", "fraud@1.1.0", "--through", "production", "--merge", "-m", "better")
    shop.reconcile()
    shop.keep("before")
    shop.gm("rollback", "fraud", "--stage", "production", "--merge", "-m", "worse")
    shop.keep("after")
    merged = shop.root / "after" / "server.git"
    figures = [_way_back(shop, merged) for _ in range(times + 1)][1:]
    what = "merged rollback to validated serving of a version at hand (wall, poll excluded)"
    return [Compared(what, median(figures), "the limit", ROLLBACK, 1)]


def _way_back(shop, merged):
    """A reconciler that polled before the merge, and its next poll."""
    shop.back_to("before")
    place = Place(shop.served_root)
    with reconciler_for_directory(shop.clone, place, SystemClock()) as opened:
        noting = Noting(opened.recorder)
        reconciler = replace(opened, recorder=noting)
        served = {str(one.at): one.live for one in reconciler.run().results}
        run(["git", "-C", str(shop.server), "fetch", "--quiet", str(merged), "+refs/*:refs/*"])
        begun = time.perf_counter()
        report = reconciler.run()
        spent = noting.at - begun
    now = {str(one.at): one.live for one in report.results if one.ok}
    if (served["fraud#production"], now["fraud#production"]) != ("1.1.0", "1.0.0"):
        raise SystemExit(f"{served} became {now}: {report.first_error}")
    return spent


class Noting:
    """A recorder that notes when it is told of a deployment: by then it is served and was proved."""

    def __init__(self, recorder):
        self._recorder, self.at = recorder, 0.0

    def put(self, record):
        """Note the time, then record."""
        self.at = time.perf_counter()
        self._recorder.put(record)

    def flush(self):
        """As the real one."""
        return self._recorder.flush()


def _switch(folder):
    """The moment itself, as readers see it: the new link made and renamed over the old one."""
    folder.mkdir()
    for name in "ab":
        (folder / name).mkdir()
    link, figures, flushed = folder / "current", [], []
    for turn in range(SWITCHES):
        begun = time.perf_counter()
        durable.swing(link, "ab"[turn % 2])
        moved = time.perf_counter()
        fsync_directory(folder)
        figures.append(moved - begun)
        flushed.append(time.perf_counter() - begun)
    return [
        Compared("the switch of a directory target (wall)", median(figures), "the limit", SWITCH, 1),
        Compared("the same, flushed to disk (wall)", median(flushed), "without the flush", median(figures), None),
    ]


if __name__ == "__main__":
    polls(Path(sys.argv[1]), int(sys.argv[2]))
