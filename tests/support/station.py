"""A serving site beside a whole registry: real bytes in a DVC remote, an operator's file, bundles and overrides.

The forge is the registry's own bare repository; ``down`` takes it away. One clock, the registry's, turns for all.
"""

import json
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

from gitops_models.artifacts.readers import object_path
from gitops_models.delivery.assemble import open_reconciler
from gitops_models.delivery.config import read_config
from gitops_models.delivery.overrides import anchor_of
from gitops_models.delivery.resolve import resolve
from gitops_models.registry.times import format_time
from gitops_models.trust.records import Override, make_override, verify_record
from tests.support import policy as documents
from tests.support.git import run_git
from tests.support.keys import ed25519_key
from tests.support.registry import APPROVERS, NO_EVIDENCE, PEOPLE, SHORT, Registry

EMERGENCY = {"role": ["operator"], "ratify_within_hours": 48}
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")


def emergency(path, risk="low", emergency=EMERGENCY, **changes):
    """A story: three versions of one model, each of them promoted into both stages."""
    rules = {**NO_EVIDENCE, **SHORT, **({"emergency": emergency} if emergency else {}), **changes}
    people = {**PEOPLE, "away": ["operator"], "gone": ["operator"], "other": [{"role": "operator", "models": ["x*"]}]}
    persons = {"away": {"suspended": True}, "gone": {"until": "2026-01-01"}}
    registry = Registry(path, changes=rules, people=people, persons=persons)
    three_versions(registry, risk)
    return registry


def three_versions(registry, risk="low"):
    """Three versions whose bytes a station has, each of them promoted into every stage."""
    for version in VERSIONS:
        one_version(registry, version, risk)


def one_version(registry, version, risk="low"):
    """A version whose bytes a station can have, promoted into every stage."""
    text = f"fraud {version} model.onnx"
    with mock.patch("tests.support.policy.pointer", _pointer):
        registry.version("fraud", version, risk=risk, artifacts=[documents.artifact(version, size=len(text))])
    registry.live("fraud", version, *registry.history().policy.stages, risk=risk)


def _pointer(entry):
    """A pointer file that the readers take."""
    return documents.yamls.dump({"outs": [{**{key: entry[key] for key in ("md5", "size", "path")}, "hash": "md5"}]})


class Station:
    """Serves what ``registry`` accepts, from ``root``."""

    def __init__(self, registry, root, home):
        self.registry, self.root, self.home = registry, root, home
        self.forge = registry.path
        self.clock = registry.clock
        for version in VERSIONS:
            self.upload(version)
        for name in ("bundles", "overrides"):
            (root / name).mkdir()
        ed25519_key("reconciler").write(root / "key")
        self.config = root / "reconciler.yaml"
        self.configure()

    def configure(self, urls=None, **fields):
        """Write the operator's file."""
        urls = urls or [str(self.forge), {"bundles": "bundles"}]
        body = {"urls": urls, "artifacts": {"url": "dvc"}, "pin": self.registry.pin, "state": "state", "key": "key"}
        body |= {"targets": [{"id": "eu", "path": "srv", "stages": ["production"]}], "overrides": "overrides"}
        self.config.write_bytes(documents.document("Reconciler", **{**body, **fields}))

    def upload(self, version):
        """Put the bytes of a version into the DVC remote."""
        entry = documents.artifact(version)
        path = self.root / "dvc" / object_path(entry["md5"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"fraud {version} model.onnx")

    @property
    def now(self):
        """The one clock."""
        return self.clock.now

    def run(self, **options):
        """Reconcile once."""
        with open_reconciler(read_config(self.config), clock=self.now, lock_wait=0.1, **options) as reconciler:
            return reconciler.run()

    def served(self):
        """The version whose bytes are served."""
        return (resolve(self.root / "srv/fraud/production") / "model.onnx").read_text().split()[1]

    @contextmanager
    def down(self):
        """The forge is away."""
        away = self.forge.with_name("away.git")
        self.forge.rename(away)
        try:
            yield
        finally:
            away.rename(self.forge)

    def statement(self, by="operator", *, hours=24, **changes):
        """The body of an override that holds, with some fields replaced."""
        history = self.registry.history()
        stack = history.state.stack("fraud", "production").versions
        now = self.now()
        fields = {
            "main": history.tip,
            "person": by,
            "repository": "test-registry",
            "line": "main",
            "model": "fraud",
            "stage": "production",
            "target": None,
            "version": stack[-2].version,
            "lineage_sha256": stack[-2].lineage_sha256,
            "replaces": stack[-1].version,
            "anchor": anchor_of(history, "fraud", "production"),
            "incident": "INC-7",
            "reason": "scores are wrong",
            "created": format_time(now),
            "expires": format_time(now + timedelta(hours=hours)),
        }
        return Override.model_validate({**fields, **changes})

    def override(self, name="override.json", by="operator", *, key=None, **changes):
        """Put a signed override where the reconciler looks."""
        record = make_override(self.statement(by, **changes), key or ed25519_key(by))
        (self.root / "overrides" / name).write_bytes(record.envelope)
        return record

    def records(self):
        """The deployment records in the forge, oldest first."""
        name = "refs/gm/deployments/eu"
        oids = run_git(self.forge, "log", "--reverse", "--format=%H", name, home=self.home, check=False).split()
        paths = [run_git(self.forge, "show", "--name-only", "--format=", oid, home=self.home).strip() for oid in oids]
        return [verify_record(run_git(self.forge, "show", f"{name}:{path}", home=self.home).encode()) for path in paths]


def rolled_back(registry):
    """Git catches up: the rollback of production lands."""
    proposal = registry.rollback("fraud", stage="production")
    missing = any(not quorum.met for quorum in registry.check(proposal).verdict.quorums)
    if missing:
        registry.approve(proposal, *APPROVERS["low"])
    return registry.merge(proposal, by="operator")


def told(path):
    """What ``deployed.json`` and the links of a target say; a refused override leaves it as it is."""
    place = path / "srv/fraud/production"
    return json.loads((place / "deployed.json").read_text()), (place / "current").readlink()
