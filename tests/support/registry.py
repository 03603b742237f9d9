"""A whole registry in one bare repository: real objects, real signatures by many people, the real workflows.

Everybody works on the same refs, so a test reads like the story it tells::

    registry = Registry(tmp_path)
    registry.version("fraud", "1.0.0")
    registry.live("fraud", "1.0.0", "development")
"""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gitops_models.forge.base import Proposal
from gitops_models.forge.landing import prepare_landing
from gitops_models.registry.snapshot import Entry
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import GM_REASON, commit_message
from gitops_models.store.objects import Ident
from gitops_models.store.refs import RefUpdate, update_refs
from gitops_models.store.repository import Store
from gitops_models.store.worktree import init
from gitops_models.store.writer import write_blob, write_commit, write_tag, write_tree
from gitops_models.trust.ledger import Ledger, Scribe
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from gitops_models.verification.fold import fold
from gitops_models.workflows import merging, review
from gitops_models.workflows.pin import pin
from gitops_models.workflows.promote import Promotion, promote
from gitops_models.workflows.propose import Draft, propose
from gitops_models.workflows.recover import Rollback, rollback
from gitops_models.workflows.session import Session
from tests.support import policy as documents
from tests.support.git import clone_repository
from tests.support.keys import ed25519_key

BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
FILE = 0o100644
PEOPLE = {
    "engineer": ["ml-engineer"],
    "engineer2": ["ml-engineer"],
    "lead": ["technical-lead"],
    "raio": ["raio"],
    "raio2": ["raio"],
    "domain": ["domain-lead"],
    "both": ["raio", "domain-lead"],
    "board1": ["oversight-committee"],
    "board2": ["oversight-committee"],
    "rescue1": ["emergency-committee"],
    "rescue2": ["emergency-committee"],
    "operator": ["operator"],
    "owner": ["policy-owner"],
}
WORKLOADS = {"ci": ["evidence-added", "version-registered", "promoted"]}
APPROVERS = {
    "low": ["lead"],
    "medium": ["raio"],
    "high": ["raio", "domain"],
    "critical": ["raio", "domain", "board1", "board2"],
}
SHORT = {"stages": ["staging", "production"]}
NO_EVIDENCE = {
    "stage_rules": {},
    "lineage": {"require": ["artifacts"], "coverage": ["weights"]},
    "conditions": [],
}


class Clock:
    """A clock that a test turns."""

    def __init__(self):
        self.time = BEGIN

    def now(self):
        return self.time

    def tick(self, **by):
        self.time += timedelta(**(by or {"minutes": 1}))


@dataclass
class Acting(Session):
    """A session of one person whose key lies in this process."""

    person: str = ""

    def signer(self):
        return ed25519_key(self.person)

    def ident(self):
        return Ident(self.person, f"{self.person}@example.org", int(self.clock.now().timestamp()))

    def writer(self):
        ident = self.ident()
        scribe = Scribe(self.signer(), ident.name, ident.email, now=lambda: self.clock.now().timestamp())
        return Ledger(self.store, self.remote, scribe=scribe)


def people_document(people=None, *, trained=False, **changes):
    """A people file in which everybody has the key that bears the name, and training if asked."""
    people = PEOPLE if people is None else people
    listed = [
        {
            "id": name,
            "emails": [f"{name}@example.org"],
            "keys": [{"type": "ssh", "key": ed25519_key(name).public_key}],
            "roles": roles,
            **({"training": documents.TRAINED} if trained else {}),
            **changes.get(name, {}),
        }
        for name, roles in people.items()
    ]
    workloads = [
        {
            "id": name,
            "emails": [f"{name}@example.org"],
            "keys": [{"type": "ssh", "key": ed25519_key(name).public_key}],
            "may": may,
        }
        for name, may in WORKLOADS.items()
    ]
    return documents.document("People", people=listed, workloads=workloads)


@dataclass
class Registry:
    """The repository and its people. ``policy`` names a profile, ``changes`` replaces fields of it."""

    path: object
    policy: str = "minimal"
    changes: dict = field(default_factory=lambda: dict(NO_EVIDENCE))
    line: str = "main"
    people: dict = field(default_factory=lambda: dict(PEOPLE))
    persons: dict = field(default_factory=dict)

    def __post_init__(self):
        self.clock = Clock()
        self.store: Store = init(self.path, bare=True, initial_branch=self.line)
        first = {
            "gm.yaml": documents.document("Repository", id="test-registry", line=self.line, models="models"),
            "policies/policy.yaml": documents.policy_yaml(self.policy, **self.changes),
            "policies/people.yaml": people_document(self.people, trained=self.asks_training, **self.persons),
            "policies/targets.yaml": documents.document("Targets"),
            "models/.gitignore": b"*\n",
        }
        self.pin = self.commit(first, by="engineer", parents=[], land=True)
        save_memory(
            memory_path(self.store.common_dir),
            Memory(repository="test-registry", line=self.line, pin=Pin(commit=self.pin)).advanced(self.pin),
        )

    @property
    def asks_training(self):
        """Whether the policy asks for training; then everybody has it."""
        return bool(documents.yamls.load(documents.policy_yaml(self.policy, **self.changes), "p").get("training"))

    def copy(self, path):
        """The same registry as a repository of its own: stories that many tests go on from are told once."""
        shutil.copytree(self.path, path)
        other = object.__new__(type(self))
        other.__dict__ |= {**vars(self), "path": path, "store": Store.open(path), "clock": Clock()}
        other.clock.time = self.clock.time
        return other

    # -- looking ---------------------------------------------------------------------------------------------------

    @property
    def tip(self):
        """The tip of the line."""
        return self.store.ref(f"refs/heads/{self.line}")

    @property
    def ledger(self):
        """The ledger as it is now."""
        return Ledger(self.store)

    def history(self, tip=None):
        """What the line amounts to."""
        return fold(self.store, pin=self.pin, tip=tip or self.tip, ledger=self.ledger, now=None)

    def statuses(self):
        """The status of each step, oldest first."""
        return [step.status for step in self.history().steps]

    def live_version(self, model, stage):
        """The accepted version of a stage."""
        state = self.history().state.snapshot.stage_state(model, stage)
        return state.version if state else None

    def refs(self):
        """All refs: what a refused command must leave as they were."""
        return self.store.refs("refs/")

    @contextmanager
    def untouched(self):
        """Holds that no ref moves and that the accepted state stays what it is."""
        refs, before = self.refs(), self.history()
        yield
        after = self.history()
        assert self.refs() == refs
        assert (after.tip, after.state.step, after.state.stacks) == (before.tip, before.state.step, before.state.stacks)

    def session(self, person) -> Acting:
        """A session of ``person``, without a remote."""
        history = self.history()
        return Acting(self.store, self.clock, None, self.line, history, self.ledger, pinned=True, person=person)

    def clone_for(self, person, path, home):
        """A pinned clone at ``path`` that commits and signs as ``person``; the key lies in ``keys`` beside it."""
        clone = clone_repository(self.path, path, home)
        key = path.parent / "keys" / person
        if not key.exists():
            ed25519_key(person).write(key)
        settings = {"user.name": person, "user.email": f"{person}@example.org", "gpg.format": "ssh"}
        for name, value in {**settings, "user.signingkey": str(key)}.items():
            clone.git("config", name, value)
        pin(path, self.pin)
        return clone

    # -- acting through the workflows --------------------------------------------------------------------------------

    def draft(self, model, files, *, by="engineer", event="change", reason="because", **fields):
        """Open a proposal with these files."""
        self.clock.tick()
        wanted = Draft(event, model, f"{event} {model}", reason, files, **fields)
        return propose(self.session(by), wanted).proposal

    def promote(self, model, version, stage, *, by="engineer", reason="it is better", **fields) -> Proposal:
        """Open a promotion."""
        self.clock.tick()
        return promote(self.session(by), Promotion(f"{model}@{version}", reason, to=stage, **fields)).proposal

    def rollback(self, model, *, by="operator", reason="it is worse", **fields) -> Proposal:
        """Open a rollback."""
        self.clock.tick()
        return rollback(self.session(by), Rollback(model, reason, **fields)).proposal

    def approve(self, proposal, *people, decision="approve"):
        """Sign decisions; returns the records."""
        self.clock.tick()
        return [review.approve(self.session(person), proposal, decision=decision).record for person in people]

    def check(self, proposal, *, by="engineer"):
        """The evaluation of a proposal as it stands."""
        return review.check(self.session(by), proposal)

    def landing(self, proposal, *, by="engineer"):
        """The landing of a proposal as a person would make it; nothing moves."""
        session = self.session(by)
        return prepare_landing(
            self.store,
            session.writer(),
            proposal,
            self.check(proposal),
            line=self.line,
            signer=session.signer(),
            ident=session.ident(),
            at=self.clock.now(),
        )

    def merge(self, proposal, *, by="engineer"):
        """Land a proposal; returns the step."""
        self.clock.tick()
        return merging.merge(self.session(by), proposal).step

    # -- whole stories -----------------------------------------------------------------------------------------------

    def version(self, model, version, *, risk="low", by="engineer", **fields):
        """Register a version (and its model) and land it with the approvals that needs."""
        fields.setdefault("created", min(documents.CREATED, format_time(self.clock.now().replace(microsecond=0))))
        files = dict(documents.version_files(version, model=model, author=by, **fields))
        if not self.history().state.snapshot.has_model(model):
            files[f"models/{model}/model.yaml"] = documents.model_yaml(model, risk)
        proposal = self.draft(model, files, by=by, event="registration", version=version)
        missing = self.check(proposal).verdict.quorums
        if any(not quorum.met for quorum in missing):
            self.approve(proposal, *dict.fromkeys([*APPROVERS[risk], "raio"]))
        return self.merge(proposal, by=by)

    def live(self, model, version, *stages, risk="low"):
        """Promote through ``stages`` with the approvals of the risk; returns the last step."""
        step = None
        for stage in stages:
            proposal = self.promote(model, version, stage)
            self.approve(proposal, *APPROVERS[risk])
            step = self.merge(proposal)
        return step

    # -- plain git, as an attacker or a person without gm would -------------------------------------------------------

    def commit(self, files, *, by="engineer", parents=None, land=False, reason="because", signer=None, tree=None):
        """A signed commit with these files on top of ``parents`` (the tip); ``land`` moves the line to it by force."""
        self.clock.tick()
        parents = [self.tip] if parents is None else parents
        base = tree or (self.store.commit(parents[0]).tree if parents else None)
        updates = {path: self.entry(content) for path, content in files.items()}
        ident = Ident(by, f"{by}@example.org", int(self.clock.now().timestamp()))
        key = signer or ed25519_key(by)
        pairs = [(GM_REASON, reason)] if reason else []
        oid = write_commit(
            self.store,
            tree if tree and not updates else write_tree(self.store, base, updates),
            parents,
            commit_message(f"by {by}", "", pairs),
            ident,
            ident,
            (lambda payload: key.sign(payload, "git")) if key != "unsigned" else None,
        )
        if land:
            self.force(oid)
        return oid

    def merge_by_hand(self, head, *, by="engineer", files=None, land=True):
        """A merge commit of ``head`` into the line without judge and acceptance; returns it."""
        session = self.session(by)
        from gitops_models.verification.commits import three_way  # noqa: PLC0415

        merged = three_way(self.store, self.tip, head, session.history.layout)
        updates = {**merged.updates, **{path: self.entry(data) for path, data in (files or {}).items()}}
        tree = write_tree(self.store, self.store.commit(self.tip).tree, updates)
        return self.commit({}, by=by, parents=[self.tip, head], tree=tree, land=land, reason=None)

    def force(self, oid, ref=None):
        """Move a ref whatever it was."""
        name = ref or f"refs/heads/{self.line}"
        update_refs(self.store, [RefUpdate(name, new=oid, old=self.store.ref(name))], "by force")

    def tag(self, name, target, *, by="engineer"):
        """A signed tag, forced onto its ref."""
        ident = Ident(by, f"{by}@example.org", int(self.clock.now().timestamp()))
        oid = write_tag(self.store, name, target, name, ident, lambda data: ed25519_key(by).sign(data, "git"))
        self.force(oid, f"refs/tags/{name}")
        return oid

    def entry(self, content):
        """Content as an entry of a tree."""
        if content is None or isinstance(content, Entry):
            return content
        return Entry(FILE, write_blob(self.store, content))
