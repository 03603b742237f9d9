"""A place to reconcile: a bare repository, a DVC remote, the operator's file and a directory to serve from."""

import hashlib
from datetime import UTC, datetime

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.pointers import make_pointer, render_pointer
from gitops_models.artifacts.readers import object_path
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.resolve import resolve
from gitops_models.trust.records import verify_record
from tests.support.delivery import content_of
from tests.support.git import init_repository, run_git
from tests.support.keys import ed25519_key
from tests.support.policy import document, model_yaml, people_yaml, policy_yaml

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
STATE_PATH = "models/fraud/stages/production.yaml"


class Site:
    """A repository with two versions of one model, its remotes, and a reconciler's file."""

    def __init__(self, root, home):
        self.root, self.home = root, home
        self.origin = root / "origin.git"
        self.remote = root / "dvc"
        self.srv = root / "srv"
        init_repository(self.origin, home, bare=True)
        self.work = init_repository(root / "work", home)
        self.lineage = {version: self.add_version(version) for version in ("1.0.0", "1.1.0")}
        self.pin = self.work.commit(self.beginning(), "Begin")
        self.push()
        ed25519_key("reconciler").write(root / "key")
        self.config = root / "reconciler.yaml"
        self.configure(self.pin)

    def beginning(self):
        return {
            "gm.yaml": document("Repository", id="registry-a"),
            "policies/policy.yaml": policy_yaml("solo"),
            "policies/people.yaml": people_yaml(),
            "models/fraud/model.yaml": model_yaml("fraud"),
            STATE_PATH: self.stage_state("1.0.0"),
        }

    def configure(self, pin):
        self.config.write_text(
            "apiVersion: gitops-models/v1\nkind: Reconciler\nurls: [origin.git]\nartifacts: {url: dvc}\n"
            "targets: [{id: local, path: srv}]\nstate: state\nkey: key\n" + (f"pin: {pin}\n" if pin else "")
        )

    def stage_state(self, version):
        return document(
            "StageState", model="fraud", stage="production", version=version, lineage_sha256=self.lineage[version]
        )

    def add_version(self, version):
        """Upload the bytes, write pointers and lineage, and give the lineage's sha256."""
        source = self.root / "bytes" / version
        for path, data in content_of(version).items():
            (source / path).parent.mkdir(parents=True, exist_ok=True)
            (source / path).write_bytes(data)
        folder, entries = f"models/fraud/versions/{version}", []
        for path in sorted(source.iterdir()):
            hashes = hash_path(path)
            self.upload(path, hashes)
            self.work.write({f"{folder}/{path.name}.dvc": render_pointer(make_pointer(path.name, hashes))})
            role = "weights" if path.name == "model.onnx" else "preprocessing"
            entries.append({"path": path.name, "role": role, "sha256": hashes.sha256, "size": hashes.size})
        created = "2026-11-21T09:00:00Z"
        fields = {"model": "fraud", "version": version, "created": created, "author": "engineer", "artifacts": entries}
        data = document("Lineage", **fields)
        self.work.write({f"{folder}/lineage.yaml": data})
        return hashlib.sha256(data).hexdigest()

    def upload(self, path, hashes):
        objects = {hashes.md5: hashes.manifest if path.is_dir() else path.read_bytes()}
        if path.is_dir():
            objects |= {file.md5: (path / name).read_bytes() for name, file in hashes.files}
        for md5, data in objects.items():
            file = self.remote / object_path(md5)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def push(self, *options):
        self.work.git("push", "--quiet", *options, str(self.origin), "HEAD:refs/heads/main")

    def run(self, at=NOW, *, retry=False):
        config = read_config(self.config)
        with open_reconciler(config, clock=lambda: at, lock_wait=0.1, retry=retry) as reconciler:
            return reconciler.run()

    def served(self):
        live = resolve(self.srv / "fraud" / "production")
        return {str(file.relative_to(live)): file.read_bytes() for file in live.rglob("*") if file.is_file()}

    def records(self):
        name = "refs/gm/deployments/local"
        listed = run_git(self.origin, "log", "--reverse", "--format=%H", name, home=self.home, check=False).split()
        paths = [
            run_git(self.origin, "show", "--name-only", "--format=", oid, home=self.home).strip() for oid in listed
        ]
        return [
            verify_record(run_git(self.origin, "show", f"{name}:{path}", home=self.home).encode()) for path in paths
        ]
