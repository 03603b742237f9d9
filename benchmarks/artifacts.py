"""1 GiB from an artifact remote to a serving directory: fetched, verified, copied, switched to, hashed as served.

The peer does the least that anybody could call that: ``sha256sum`` of the object in the remote, then ``cp`` of it. Both
by the clock on the wall, in turn, from a warm page cache. coreutils computes sha256 without the processor's own
instructions where it is built without OpenSSL; ``openssl`` uses them, so it stands beside as a second peer.
"""

import json
import os
import shutil
import statistics
import subprocess

from benchmarks.measure import Compared, run, wall

SIZE = 1 << 30
_CHUNK = 1 << 24
# Speed of at least 0.8 of the peer's is time of at most 1.25 times its.
GOAL = 1 / 0.8


def artifacts(folder, gm, env, *, runs=3):
    """Both rows; the bytes that arrive are compared with those that were registered."""
    place = folder / "artifacts"
    model, repo = _register(place, gm, env)
    stored = max((place / "store").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    served = place / "served"
    ours = [*gm, "-C", str(repo), "--no-input", "reconcile", "--dir", str(served), "--stage", "production", "--once"]
    copy = f'cp "{stored}" "{place / "copy"}"'
    peers = {
        "sha256sum and cp": ["sh", "-c", f'sha256sum "{stored}" && {copy}'],
        "openssl dgst -sha256 and cp": ["sh", "-c", f'openssl dgst -sha256 "{stored}" && {copy}'],
    }
    figures = {name: [] for name in ("ours", *peers)}
    for number in range(runs + 1):
        found = {"ours": _timed(ours, env, served, repo)}
        if not number:
            _same(model, served)
        for name, command in peers.items():
            (place / "copy").unlink(missing_ok=True)
            found[name] = wall(command, env)
        for name, seconds in found.items():
            figures[name] += [seconds] if number else []  # the first is not measured
    medians = {name: statistics.median(each) for name, each in figures.items()}
    work = "gm reconcile of 1 GiB, wall: fetched, verified, deployed, hashed as served"
    goals = {"sha256sum and cp": GOAL}
    return [Compared(work, medians["ours"], name, medians[name], goals.get(name)) for name in peers]


def _register(place, gm, env):
    """A registry with one version of 1 GiB in production and a DVC remote that is a directory."""
    repo, model = place / "registry", place / "weights.safetensors"
    repo.mkdir(parents=True)
    with model.open("wb") as file:
        file.write(_header())
        for _ in range(SIZE // _CHUNK):
            file.write(os.urandom(_CHUNK))
    here, why = [*gm, "-C", str(repo), "--no-input"], ["--merge", "-m", "benchmark"]
    who = ["--name", "Ada", "--email", "ada@example.org"]
    run([*here, "init", "--dvc-remote", str(place / "store"), *who], env)
    run([*here, "register", "fraud", str(model), "--risk", "low", "--code", str(repo), *why], env)
    run([*here, "promote", "fraud@1.0.0", "--through", "production", *why], env)
    return model, repo


def _header():
    """What a safetensors file of one tensor begins with."""
    said = {"weights": {"dtype": "F32", "shape": [SIZE // 4], "data_offsets": [0, SIZE]}}
    data = json.dumps(said).encode()
    return len(data).to_bytes(8, "little") + data


def _timed(command, env, served, repo):
    """Seconds of a reconcile into a fresh directory with nothing fetched before."""
    for left in (served, repo / ".git" / "gm" / "reconcile"):
        subprocess.run(["chmod", "-R", "u+w", left], check=False, capture_output=True)
        shutil.rmtree(left, ignore_errors=True)
    return wall(command, env)


def _same(model, served):
    found = served / "fraud" / "production" / "current" / model.name
    subprocess.run(["cmp", model, found], check=True)
