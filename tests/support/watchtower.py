"""A monitor beside a station: triggers in the registry, signals in files, people who land or close what it opens."""

import json
import os
import shutil
from contextlib import contextmanager
from unittest import mock

from gitops_models.delivery.config import read_config
from gitops_models.workflows import review
from gitops_models.workflows.watching import monitor_from_file
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.registry import APPROVERS, NO_EVIDENCE, SHORT, Registry
from tests.support.station import Station, three_versions

MAY = ["rolled-back", "hold-placed", "quarantined", "cause-opened", "deployment"]
DROP = {
    "name": "accuracy-drop",
    "use": "accuracy",
    "query": "/{{version}}",
    "baseline": {"of": "previous-version", "max_drop": 0.05},
    "for": "1m",
    "interval": "30s",
    "grace": "1m",
    "cooldown": "30m",
    "max_age": "1h",
    "cause": "regression",
}


def watched(path, *triggers, risk="low", may=MAY, **changes):
    """A story: three versions of one model in both stages, a monitor among the workloads, triggers."""
    rules = {**NO_EVIDENCE, **SHORT, **changes}
    with mock.patch.dict("tests.support.registry.WORKLOADS", {"monitor": may, "reconciler": ["deployment"]}):
        registry = Registry(path, changes=rules)
    three_versions(registry, risk)
    watch(registry, *(triggers or (DROP,)), risk=risk)
    return registry


def watch(registry, *triggers, risk="low"):
    """Land the triggers of the model with the approvals that the risk asks for."""
    text = documents.document("Triggers", model="fraud", triggers=list(triggers))
    proposal = registry.draft("fraud", {"models/fraud/triggers.yaml": text})
    registry.approve(proposal, *APPROVERS[risk])
    return registry.merge(proposal)


class Watchtower(Station):
    """A station whose operator's file names sources and a monitor."""

    def __init__(self, registry, root, home, **fields):
        super().__init__(registry, root, home)
        ed25519_key("monitor").write(root / "monitor-key")
        sources = [{"id": "accuracy", "kind": "file", "path": "accuracy.json"}]
        monitor = {"key": "monitor-key", "email": "monitor@example.org"}
        self.fields = {"sources": sources, "monitor": monitor, **fields}
        self.configure(**self.fields)

    def copy(self, root, home):
        """The same tower somewhere else: stories that many tests go on from are told once."""
        shutil.copytree(self.root, root, symlinks=True)
        other = object.__new__(type(self))
        other.__dict__ |= {**vars(self), "root": root, "home": home, "registry": self.registry.copy(root / "forge.git")}
        other.forge, other.clock = other.registry.path, other.registry.clock
        other.config = root / self.config.name
        other.configure(**self.fields)
        return other

    def says(self, name="accuracy.json", **values):
        """What the file of the source says, by version."""
        (self.root / name).write_text(json.dumps(values))
        seconds = self.now().timestamp()
        os.utime(self.root / name, (seconds, seconds))

    @contextmanager
    def watching(self):
        """The monitor, open."""
        with monitor_from_file(self.config, self.clock, lock_wait=0.1) as opened:
            yield opened

    def look(self, **by):
        """Look once at everything with a monitor of its own, after some time."""
        self.clock.tick(**(by or {"seconds": 30}))
        with self.watching() as opened:
            return opened.monitor.run(wake=True)

    def standing(self, **by):
        """How the triggers stand after a look."""
        return [row.decision.standing.value for row in self.look(**by).rows]

    def proposals(self):
        """The open proposals."""
        return review.proposals(self.registry.session("engineer"))

    @property
    def file(self):
        """The operator's file as it is read."""
        return read_config(self.config)


def land(tower, proposal):
    """Land an automatic rollback with whatever approvals it still needs."""
    registry = tower.registry
    if any(not quorum.met for quorum in registry.check(proposal).verdict.quorums):
        registry.approve(proposal, *APPROVERS["high"])
    return registry.merge(proposal, by="operator")
