"""Build the reference registry: train three versions, then init, register, review and evidence, as a team would.

A prompt with two versions joins the models.

usage: build_registry.py [ROOT]      writes ROOT/{gm.yaml,.dvc,policies,models} and ROOT/examples/remote

Everything is done by gm in a scratch repository whose documents and DVC objects are then copied. Clock and keys are
fixed, so that the same training gives the same registry. The keys follow from the names below, so anybody could sign
with them: this registry shows what one looks like, has no pin, and guards nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import train
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gitops_models.registry.documents import People, parse_document, render
from gitops_models.store.config import set_config
from gitops_models.store.repository import Store
from gitops_models.workflows.evidence import Vouch, add_evidence
from gitops_models.workflows.merging import merge
from gitops_models.workflows.register import Registration, register
from gitops_models.workflows.review import approve
from gitops_models.workflows.session import open_session
from gitops_models.workflows.setup import Setup, initialize

if TYPE_CHECKING:
    from gitops_models.workflows.propose import Opened
    from gitops_models.workflows.session import Session

HERE = Path(__file__).resolve().parent
MODEL = "breast-cancer"
BEGINNING = datetime(2026, 11, 2, 9, tzinfo=UTC)
ROLES = {
    "ml-engineer-1": ["ml-engineer"],
    "lead-1": ["technical-lead"],
    "raio-1": ["raio"],
    "domain-1": ["domain-lead"],
    "policy-1": ["policy-owner"],
    "operator-1": ["operator", "incident-commander"],
}
CODE = ("train.py", "dataset.py", "inference.py", "evaluate.py", "requirements.txt")
ARTIFACTS = ("training-code=train.py", "training-code=dataset.py", "inference.py", "evaluate.py")
REASONS = {
    "1.0.0": "Four measurements that a doctor can check by hand.",
    "1.1.0": "All 30 measurements; the family won a comparison by cross-validation.",
    "1.2.0": "Newer labels; recorded accuracy rises from 0.97 to 0.99.",
}
LETTER = HERE.parent / "result-letter"
PROMPT = "result-letter"
PROMPT_REASONS = {
    "1.0.0": "Letters with date, finding and contact.",
    "1.1.0": "The probability is told, and doubtful results are called undecided.",
}
DVC_CONFIG = """[core]
    remote = artifacts
['remote "artifacts"']
    url = ../examples/remote
"""
CARD = """# Breast cancer diagnosis {version}

{reason}

- Use: shows a registry at work; diagnoses nobody.
- Data: Wisconsin diagnostic breast cancer, 569 tumours, 30 measurements each; labels of {labels}.
- Model: logistic regression on {columns} of the 30 measurements, scaling inside the ONNX.
- Recorded on validation rows: {metrics}.
- Known limits: one hospital, no population data, no calibration.
"""


@dataclass
class FixedClock:
    """A clock that moves when it is told to."""

    time: datetime = field(default=BEGINNING)

    def now(self) -> datetime:
        """Give the time."""
        return self.time


@dataclass(frozen=True)
class Team:
    """The people and workloads of a scratch repository, each with a key of their own."""

    root: Path
    keys: Path
    clock: FixedClock = field(default_factory=FixedClock)

    def key(self, who: str) -> str:
        """Write the private key of ``who`` and give the public one."""
        private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"gitops-models example {who}".encode()).digest())
        path = self.keys / who
        path.touch(mode=0o600)
        path.write_bytes(
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            )
        )
        encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        return private.public_key().public_bytes(encoding, form).decode()

    def be(self, who: str) -> None:
        """Let git and gm act as ``who``."""
        settings = {
            "user.name": who,
            "user.email": f"{who}@example.org",
            "gpg.format": "ssh",
            "user.signingkey": str(self.keys / who),
        }
        for name, value in settings.items():
            set_config(Store.discover(self.root), name, value)

    def session(self, who: str) -> Session:
        """Open the scratch repository as ``who``, an hour later."""
        self.be(who)
        self.clock.time += timedelta(hours=1)
        return open_session(self.root, clock=self.clock)

    def people(self) -> bytes:
        """Give the people file; writes everybody's key."""

        def member(who: str, **more: object) -> dict[str, object]:
            key = {"type": "ssh", "key": self.key(who)}
            return {"id": who, "emails": [f"{who}@example.org"], "keys": [key], **more}

        trained = dict.fromkeys(("versioning", "rollback", "incident"), "2026-10-01")
        persons = [member(who, roles=roles, training=trained) for who, roles in ROLES.items()]
        workloads = [member("ci", may=["evidence-added"]), member("reconciler", may=["deployment"])]
        return render(People.model_validate({"people": persons, "workloads": workloads}))

    def land(self, who: str, opened: Opened) -> None:
        """Have a proposal approved by everybody whom a new model of high risk needs, and merge it as ``who``."""
        if not opened.evaluation.verdict.allowed:
            for reviewer in ("raio-1", "domain-1"):
                approve(self.session(reviewer), opened.proposal)
        merge(self.session(who), opened.proposal)


def git(folder: Path, *words: str, clock: FixedClock) -> None:
    """Run git with a fixed identity and time."""
    stamp = clock.now().isoformat()
    environment = {
        "GIT_AUTHOR_NAME": "ml-engineer-1",
        "GIT_AUTHOR_EMAIL": "ml-engineer-1@example.org",
        "GIT_COMMITTER_NAME": "ml-engineer-1",
        "GIT_COMMITTER_EMAIL": "ml-engineer-1@example.org",
        "GIT_AUTHOR_DATE": stamp,
        "GIT_COMMITTER_DATE": stamp,
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
    }
    subprocess.run(["git", *words], cwd=folder, env=environment, check=True, timeout=60)


def training_repository(folder: Path, clock: FixedClock) -> Path:
    """Commit the training code and its data, which lineage then names."""
    code = folder / "breast-cancer"
    shutil.copytree(HERE / "data", code / "data")
    for name in CODE:
        shutil.copy(HERE / name, code / name)
    git(code, "init", "--quiet", "--initial-branch=main", clock=clock)
    git(code, "add", ".", clock=clock)
    git(code, "commit", "--quiet", "--message=train, serve and evaluate", clock=clock)
    return code


def dvc_repository(root: Path, clock: FixedClock) -> None:
    """Begin a repository whose DVC remote moves with it."""
    git(root, "init", "--quiet", "--initial-branch=main", clock=clock)
    (root / ".dvc").mkdir()
    (root / ".dvc" / "config").write_text(DVC_CONFIG, encoding="utf-8")
    git(root, "add", ".dvc", clock=clock)
    git(root, "commit", "--quiet", "--message=use DVC", clock=clock)


def write_card(folder: Path, version: str) -> Path:
    """Write the model card, a directory artifact: text, recorded metrics and parameters."""
    card = folder / "card"
    card.mkdir()
    for name in ("metrics.json", "params.json"):
        shutil.copy(folder / name, card / name)
    metrics = json.loads((folder / "metrics.json").read_text())
    chosen = train.VERSIONS[version]
    text = CARD.format(
        version=version,
        reason=REASONS[version],
        labels=chosen.labels,
        columns=len(chosen.features),
        metrics=", ".join(f"{name} {value}" for name, value in metrics.items()),
    )
    (card / "README.md").write_text(text, encoding="utf-8")
    return card


def add_version(team: Team, code: Path, folder: Path, version: str) -> None:
    """Register one trained version and let CI vouch for its evaluation."""
    labels = train.VERSIONS[version].labels
    files = [f"{role}={code / name}" for role, name in (text.split("=") for text in ARTIFACTS if "=" in text)]
    files += [str(code / name) for name in ARTIFACTS if "=" not in name]
    wanted = Registration(
        MODEL,
        [str(folder / "model.onnx"), *files, f"evaluation={write_card(folder, version)}"],
        REASONS[version],
        version=version,
        risk="high",
        use=("clinical-decision-support",),
        owners=("ml-engineer-1",),
        metrics=folder / "metrics.json",
        parameters=folder / "params.json",
        data=(f"labels=data/labels-{labels}.csv@{labels}",),
        features="wdbc-30@in-onnx",
        code=code,
        entrypoint="train.py",
        not_applicable=("prompt", "preprocessing", "postprocessing"),
    )
    team.land("ml-engineer-1", register(team.session("ml-engineer-1"), wanted).opened)
    vouch = Vouch(f"{MODEL}@{version}", ["evaluation"], "passed", "Evaluated by CI.", metrics=folder / "metrics.json")
    team.land("ci", add_evidence(team.session("ci"), vouch))


def prompt_repository(scratch: Path, clock: FixedClock) -> Path:
    """Commit what evaluates the prompt."""
    code = scratch / PROMPT
    shutil.copytree(LETTER, code, ignore=shutil.ignore_patterns("__pycache__", "README.md"))
    git(code, "init", "--quiet", "--initial-branch=main", clock=clock)
    git(code, "add", ".", clock=clock)
    git(code, "commit", "--quiet", "--message=a letter and how it is measured", clock=clock)
    return code


def add_prompt(team: Team, code: Path, version: str) -> None:
    """Register one version of the prompt and let CI vouch for its evaluation."""
    folder = code / "versions" / version
    wanted = Registration(
        PROMPT,
        [
            str(folder / "letter.md"),
            str(folder / "system.md"),
            str(code / "evaluate.py"),
            f"evaluation={code / 'cases.json'}",
        ],
        PROMPT_REASONS[version],
        version=version,
        kind="prompt",
        risk="high",
        use=("clinical-decision-support",),
        owners=("ml-engineer-1",),
        metrics=folder / "metrics.json",
        parameters=folder / "params.json",
        code=code,
        entrypoint="evaluate.py",
    )
    team.land("ml-engineer-1", register(team.session("ml-engineer-1"), wanted).opened)
    vouch = Vouch(f"{PROMPT}@{version}", ["evaluation"], "passed", "Evaluated by CI.", metrics=folder / "metrics.json")
    team.land("ci", add_evidence(team.session("ci"), vouch))


TESTS = "policies/tests"
"""Written by hand: nothing that gm makes."""


def build(scratch: Path) -> Path:
    """Make the whole registry in ``scratch`` and give its repository."""
    root, keys = scratch / "registry", scratch / "keys"
    root.mkdir()
    keys.mkdir()
    team = Team(root, keys)
    (scratch / "people.yaml").write_bytes(team.people())
    code = training_repository(scratch, team.clock)
    dvc_repository(root, team.clock)
    team.be("policy-1")
    initialize(Setup(root, profile="regulated", people=scratch / "people.yaml"), team.clock)
    for version in train.VERSIONS:
        train.write_version(version, scratch / "trained")
        add_version(team, code, scratch / "trained" / version, version)
    letter = prompt_repository(scratch, team.clock)
    for version in PROMPT_REASONS:
        add_prompt(team, letter, version)
    return root


def publish(root: Path, destination: Path) -> None:
    """Copy documents, pointers and DVC objects; what stood there before is replaced, but not tests of the policy."""
    for name in ("policies", "models", "examples/remote"):
        for entry in (destination / name).glob("*"):
            if entry != destination / TESTS:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        shutil.copytree(root / name, destination / name, dirs_exist_ok=True)
    (destination / ".dvc").mkdir(parents=True, exist_ok=True)
    for name in (".dvc/config", ".dvc/.gitignore"):
        shutil.copyfile(root / name, destination / name)
    repository = parse_document((root / "gm.yaml").read_bytes(), "gm.yaml", "Repository")
    # gm draws the id at random, because two repositories of one name are two; this one is always the same.
    (destination / "gm.yaml").write_bytes(render(repository.model_copy(update={"id": "gitops-models-reference"})))


def main(destination: str = str(HERE.parent.parent)) -> None:
    """Build the registry and put it into place."""
    with tempfile.TemporaryDirectory() as scratch:
        publish(build(Path(scratch).resolve()), Path(destination))


if __name__ == "__main__":
    main(*sys.argv[1:])
