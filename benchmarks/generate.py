"""A registry of many signed versions, built in process so that it takes seconds."""

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gitops_models.policy.profiles import profile
from gitops_models.registry import yamls
from gitops_models.registry.snapshot import Entry
from gitops_models.registry.trailers import GM_REASON, commit_message
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.worktree import init
from gitops_models.store.writer import write_blob, write_commit, write_tag, write_tree
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from tests.support.keys import ed25519_key

BEGIN = 1_795_000_000
FILE = 0o100644
PERSON = "ada"
EMAIL = "ada@example.org"
STAGES = ("staging", "production")
EVERY = 10
PROMOTED = 1 + len(STAGES) / EVERY  # steps a version


@dataclass
class Generated:
    """Where the registry is, and every signed commit after the first."""

    path: Path
    commits: list[str]
    versions: int
    pin: str


def generate(path, *, versions, models=20, at_pin=0):
    """A bare repository with ``versions`` registered versions, each a signed commit with a signed tag.

    Every tenth version is promoted through both stages. The first ``at_pin`` versions are there at the pin already.
    Refs are packed, as git's own maintenance leaves them.
    """
    store = init(path, bare=True)
    key = ed25519_key(PERSON)
    there = [_version(*named(number, models), new=number < models) for number in range(at_pin)]
    tip = _commit(store, None, {**policies(key), **{name: data for one in there for name, data in one.items()}}, key, 0)
    pin, commits, refs = tip, [], [_tagged(store, *named(number, models), tip, key) for number in range(at_pin)]
    for number in range(at_pin, versions):
        model, version = named(number, models)
        tip = _commit(store, tip, _version(model, version, new=number < models), key, len(commits) + 1)
        commits.append(tip)
        refs.append(_tagged(store, model, version, tip, key))
        for stage in STAGES if number % EVERY == 0 else ():
            tip = _commit(store, tip, _stage(model, version, stage), key, len(commits) + 1)
            commits.append(tip)
    update_refs(store, [RefUpdate("refs/heads/main", new=tip, old=None), *refs], "generated")
    subprocess.run(["git", f"--git-dir={path}", "pack-refs", "--all"], check=True)
    remember(store, pin)
    allowed = f"{EMAIL} {key.public_key}\n"
    Path(path, "allowed_signers").write_text(allowed)
    return Generated(Path(path), commits, versions, pin)


def named(number, models):
    """Model and version of the version of this number."""
    return f"model-{number % models:03d}", f"1.{number // models}.0"


def propose(made, model, version):
    """Open a proposal that promotes a version to the first stage, and give its id."""
    store, key, stage, name = Store.open(made.path), ed25519_key(PERSON), STAGES[0], "c0ffee00"
    head = _commit(store, made.commits[-1], _stage(model, version, stage), key, len(made.commits) + 1)
    branch = f"refs/heads/gm/promotion/{model}/{version}/{stage}/{name}"
    update_refs(store, [RefUpdate(branch, new=head, old=None)], "proposed")
    return name


def remember(store, pin):
    """Pin the repository, and nothing more."""
    save_memory(memory_path(store.common_dir), Memory(repository="generated", line="main", pin=Pin(commit=pin)))


def document(kind, **fields):
    """The bytes of a document."""
    return yamls.dump({"apiVersion": "gitops-models/v1", "kind": kind, **fields})


def policies(key):
    """What a registry begins with: one person, the solo policy."""
    roles = yamls.load(profile("solo"), "policy.yaml")["roles"]
    keys = [{"type": "ssh", "key": key.public_key}]
    policy = yamls.load(profile("solo"), "policy.yaml") | {
        "lineage": {"require": ["artifacts"], "coverage": ["weights"]}
    }
    return {
        "gm.yaml": document("Repository", id="generated", line="main", models="models"),
        "policies/policy.yaml": yamls.dump(policy),
        "policies/people.yaml": document(
            "People", people=[{"id": PERSON, "emails": [EMAIL], "keys": keys, "roles": roles}]
        ),
        "policies/targets.yaml": document("Targets"),
    }


def _version(model, version, *, new):
    sha256 = hashlib.sha256(f"{model}@{version}".encode()).hexdigest()
    artifact = {"path": "model.onnx", "role": "weights", "sha256": sha256, "size": 1000, "md5": sha256[:32]}
    folder = f"models/{model}/versions/{version}"
    files = {
        f"{folder}/lineage.yaml": document(
            "Lineage",
            model=model,
            version=version,
            created="2026-11-21T10:00:00Z",
            author=PERSON,
            artifacts=[artifact],
            metrics=[{"name": "auc", "value": 0.9}],
        ),
        f"{folder}/model.onnx.dvc": yamls.dump(
            {"outs": [{"md5": sha256[:32], "size": 1000, "hash": "md5", "path": "model.onnx"}]}
        ),
    }
    if new:
        files[f"models/{model}/model.yaml"] = document("Model", name=model, risk="low")
    return files


def _stage(model, version, stage):
    lineage = _version(model, version, new=False)[f"models/{model}/versions/{version}/lineage.yaml"]
    digest = hashlib.sha256(lineage).hexdigest()
    state = document("StageState", model=model, stage=stage, version=version, lineage_sha256=digest)
    return {f"models/{model}/stages/{stage}.yaml": state}


def _commit(store, parent, files, key, number):
    updates = {path: Entry(FILE, write_blob(store, data)) for path, data in files.items()}
    tree = write_tree(store, store.commit(parent).tree if parent else None, updates)
    ident = Ident(PERSON, EMAIL, BEGIN + number)
    message = commit_message(f"step {number}", "", [(GM_REASON, "generated")])
    return write_commit(
        store, tree, [parent] if parent else [], message, ident, ident, lambda data: key.sign(data, "git")
    )


def _tagged(store, model, version, step, key):
    ident = Ident(PERSON, EMAIL, BEGIN)
    name = f"{model}@v{version}"
    tag = write_tag(store, name, step, name, ident, lambda data: key.sign(data, "git"))
    return RefUpdate(f"refs/tags/{name}", new=tag, old=None)
