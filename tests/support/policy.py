"""A registry in memory for the judge: people, a policy, documents, and facts with or without approvals."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace

from gitops_models.policy.document import load_policy
from gitops_models.policy.facts import CommitFact, Facts, MergeFact, Opinion, Signature
from gitops_models.policy.judge import judge
from gitops_models.policy.profiles import profile
from gitops_models.registry import yamls
from gitops_models.registry.change import diff
from gitops_models.registry.documents import Actor
from gitops_models.registry.paths import Layout
from gitops_models.registry.scopes import Entry
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.state import AcceptedState

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CREATED = "2026-11-21T11:00:00Z"
CHANGE = "c" * 64
PIN = "0" * 40
FILE = 0o100644

PERSONS = {
    "engineer": ["ml-engineer"],
    "engineer2": ["ml-engineer"],
    "lead": ["technical-lead"],
    "lead2": ["technical-lead"],
    "raio": ["raio"],
    "raio2": ["raio"],
    "domain": ["domain-lead"],
    "domain-of-other": [{"role": "domain-lead", "models": ["other*"]}],
    "both": ["raio", "domain-lead"],
    "board1": ["oversight-committee"],
    "board2": ["oversight-committee"],
    "board3": ["oversight-committee"],
    "rescue1": ["emergency-committee"],
    "rescue2": ["emergency-committee"],
    "operator": ["operator"],
    "owner": ["policy-owner"],
    "visitor": [],
}
WORKLOADS = {
    "ci": ["evidence-added", "version-registered", "promoted"],
    "monitor": ["rolled-back", "hold-placed", "quarantined", "cause-opened"],
}


def digest(text):
    """A sha256 that stands for the bytes called ``text``."""
    return hashlib.sha256(text.encode()).hexdigest()


def document(kind, **fields):
    """The bytes of a document."""
    return yamls.dump({"apiVersion": "gitops-models/v1", "kind": kind, **fields})


TRAINED = dict.fromkeys(("versioning", "rollback", "incident"), "2026-06-01")


def people_yaml(persons=None, **changes):
    """A people file; ``changes`` maps a person to further fields. Everybody is in training."""
    persons = PERSONS if persons is None else persons
    listed = [
        {"id": name, "emails": [f"{name}@example.org"], "roles": roles, "training": TRAINED}
        | changes.get(name.replace("-", "_"), {})
        for name, roles in persons.items()
    ]
    workloads = [{"id": name, "may": may} for name, may in WORKLOADS.items()]
    return document("People", people=listed, workloads=workloads, forges=[{"id": "forge"}])


def policy_yaml(name="regulated", **changes):
    """A profile with some of its top-level fields replaced."""
    return yamls.dump({**yamls.load(profile(name), "policy.yaml"), **changes})


LENIENT = {
    "stage_rules": {},
    "lineage": {"require": ["artifacts"], "coverage": ["weights"]},
    "conditions": [],
    "training": None,
    "rollback": {"max_lkg_age_days": 180, "at_most": {"count": 3, "per_hours": 24}},
}
"""The regulated profile without demands on evidence, lineage, figures, training and holds, for tests of other rules."""


def model_yaml(name="fraud", risk="low", **fields):
    """A model document."""
    return document("Model", name=name, risk=risk, **fields)


def artifact(version, *, path="model.onnx", role="weights", model="fraud", **changes):
    """One artifact whose bytes belong to one version."""
    text = f"{model} {version} {path}"
    md5 = hashlib.md5(text.encode()).hexdigest()
    return {"path": path, "role": role, "sha256": digest(text), "size": 10, "md5": md5, **changes}


def lineage_yaml(version, *, model="fraud", author="engineer", artifacts=None, created=CREATED, **fields):
    """A lineage document."""
    artifacts = [artifact(version, model=model)] if artifacts is None else artifacts
    return document(
        "Lineage", model=model, version=version, created=created, author=author, artifacts=artifacts, **fields
    )


def pointer(entry, **changes):
    """The pointer of an artifact."""
    files = {"nfiles": 2} if entry["md5"].endswith(".dir") else {}
    plain = {"md5": entry["md5"], "size": entry["size"], **files, "hash": "md5", "path": entry["path"]}
    return yamls.dump({"outs": [{**plain, **changes}]})


def version_files(version, *, model="fraud", **fields):
    """Lineage and pointers of a version, by path."""
    lineage = lineage_yaml(version, model=model, **fields)
    folder = f"models/{model}/versions/{version}"
    entries = yamls.load(lineage, "lineage.yaml").get("artifacts", [])
    pointers = {f"{folder}/{entry['path']}.dvc": pointer(entry) for entry in entries}
    return {f"{folder}/lineage.yaml": lineage, **pointers}


def evidence_file(version, kind, *, by="ci", result="passed", created=CREATED, model="fraud", name=None, **fields):
    """An evidence document by path."""
    fields.setdefault("artifacts_sha256", [artifact(version, model=model)["sha256"]])
    path = f"models/{model}/versions/{version}/evidence/{name or kind}.yaml"
    return {
        path: document(
            "Evidence", model=model, version=version, type=kind, result=result, by=by, created=created, **fields
        )
    }


def record(kind, **fields):
    """A hold, quarantine, status or cause document."""
    fields = {"reason": "seen in tests", "by": "operator", **fields}
    return document(kind, **fields)


def hold_file(number=1, *, stage="production", model="fraud", action="hold", **fields):
    """A hold or lift by path."""
    path = f"models/{model}/holds/{stage}/{number}.yaml"
    return {path: record("Hold", model=model, stage=stage, action=action, created=CREATED, **fields)}


def quarantine_file(version, number=1, *, model="fraud", action="quarantine", **fields):
    """A quarantine or release by path."""
    path = f"models/{model}/quarantine/{version}/{number}.yaml"
    return {path: record("Quarantine", model=model, version=version, action=action, created=CREATED, **fields)}


def status_file(action, number=1, *, model="fraud", **fields):
    """A status by path."""
    return {
        f"models/{model}/status/{number}.yaml": record("Status", model=model, action=action, created=CREATED, **fields)
    }


def cause_file(name="c1", *, model="fraud", **fields):
    """A cause by path."""
    return {
        f"models/{model}/causes/{name}.yaml": record(
            "Cause", model=model, id=name, cause="regression", **{"opened": CREATED, **fields}
        )
    }


def waiver_file(id="w-1", **fields):  # noqa: A002 - the field's own name
    """A waiver by path; a field given as None is left out."""
    said = {
        "code": "GM-P316",
        "models": ["fraud"],
        "reason": "agreed in a test",
        "expires": "2026-12-01T00:00:00Z",
        "by": "engineer",
        "created": CREATED,
        **fields,
    }
    given = {name: value for name, value in said.items() if value is not None}
    return {f"policies/waivers/{id}.yaml": document("Waiver", id=id, **given)}


def actor(name):
    """The actor of a person, workload or forge."""
    kind = "workload" if name in WORKLOADS else "forge" if name == "forge" else "person"
    may = frozenset(WORKLOADS[name]) if kind == "workload" else None
    return Actor(kind=kind, id=name, emails=(f"{name}@example.org",), namespaces=None, may=may)


FINAL = "what the change leaves"
"""Stands in a commit for the object id that the judged change leaves at the path."""


def commit(
    paths, by="engineer", *, verdict="good", email_ok=True, reason="because", oid="a" * 40, left=FINAL, touch=True
):
    """One proposal commit that left in each of ``paths`` what the change leaves there, or ``left``.

    ``touch``: a hardware key signed it, and somebody touched it.
    """
    signature = Signature(verdict=verdict, code=None if verdict == "good" else "GM-T001", touch=touch)
    known = actor(by) if by is not None else None
    return CommitFact(oid, tuple((path, left) for path in paths), signature, known, email_ok, reason)


def _settled(one, change):
    """The commit with real object ids."""

    def left(path, oid):
        entry = change.after.entry(path) if oid is FINAL else None
        return entry.oid if entry else None if oid is FINAL else oid

    return replace(one, blobs=tuple((path, left(path, oid)) for path, oid in one.blobs))


def approve(person, **fields):
    """A signed approval of the change under test, made with a hardware key that was touched."""
    values = {
        "person": person,
        "fingerprint": f"SHA256:{person}",
        "decision": "approve",
        "sha256": digest(f"{person} {sorted(fields.items())}"),
        "change_id": CHANGE,
        "created": AT - timedelta(hours=1),
        "touch": fields.get("source") != "forge",
        **fields,
    }
    return Opinion(**values)


@cache
def _load(data):
    return load_policy(data, "policies/policy.yaml")


class _Blobs:
    def __init__(self):
        self.content = {}

    def add(self, data):
        oid = hashlib.sha1(data).hexdigest()
        self.content[oid] = data
        return oid

    def blob(self, oid):
        return self.content[oid]


JUDGED = []
"""Every verdict since the test began (see recorded.py)."""


class World:
    """An accepted state that grows; ``judge`` judges edits of it without accepting them."""

    def __init__(self, policy=None, people=None, files=None):
        self.blobs = _Blobs()
        self.steps = 0
        base = {
            "gm.yaml": document("Repository", id="test"),
            "policies/policy.yaml": policy or policy_yaml(**LENIENT),
            "policies/people.yaml": people or people_yaml(),
        }
        snapshot = self._edit(Snapshot.empty(Layout(), self.blobs), {**base, **(files or {})})
        self.state = AcceptedState.initial(snapshot, PIN)

    @property
    def policy(self):
        """The accepted policy."""
        return _load(self.state.snapshot.data("policies/policy.yaml"))

    def _edit(self, snapshot, edits):
        entries = {path: self._entry(data) for path, data in edits.items()}
        return snapshot.with_entries(entries)

    def _entry(self, data):
        if data is None or isinstance(data, Entry):
            return data
        return Entry(FILE, self.blobs.add(data))

    def change(self, edits, scopes=None):
        """The change that ``edits`` (path to bytes, entry or None) make."""
        return diff(self.state, self._edit(self.state.snapshot, edits), scopes=scopes, stage_order=self.policy.stages)

    def accept(self, edits, by="engineer", at=AT - timedelta(hours=2)):
        """Accept edits without judging them."""
        self.steps += 1
        self.state = self.state.accept(self.change(edits), step=f"{self.steps:040x}", at=at, persons={by})
        return self

    def stage(self, version, stage="production", model="fraud", **fields):
        """A stage state by path; the version must be accepted, or its files given as ``files``."""
        files = fields.pop("files", {})
        snapshot = self._edit(self.state.snapshot, files)
        pinned = snapshot.lineage_sha256(model, version) or "0" * 64
        fields = {"version": version, "lineage_sha256": pinned, **fields}
        return {f"models/{model}/stages/{stage}.yaml": document("StageState", model=model, stage=stage, **fields)}

    def promoted(self, version, *stages, model="fraud"):
        """Accept the promotion of a version through stages, one step each (all four when none is given)."""
        for stage in stages or self.policy.stages:
            self.accept(self.stage(version, stage, model))
        return self

    def registered(self, *versions, model="fraud", risk="low", by="engineer", **fields):
        """Accept a model and versions of it."""
        self.accept({f"models/{model}/model.yaml": model_yaml(model, risk, **fields)}, by)
        for version in versions:
            self.accept(version_files(version, model=model, author=by), by)
        return self

    def facts(self, change, by="engineer", approvals=(), **fields):
        """Facts in which one person proposes everything and the named persons approve."""
        opinions = tuple(approve(one) if isinstance(one, str) else one for one in approvals)
        touched = [path.path for path in change.paths]
        values = {
            "change_id": CHANGE,
            "at": AT,
            "people": self.state.snapshot.people(),
            "state": self.state,
            "commits": (commit(touched, by),) if by is not None else (),
            "opinions": opinions,
            **fields,
        }
        values["commits"] = tuple(_settled(one, change) for one in values["commits"])
        return Facts(**values)

    def judge(self, edits, by="engineer", approvals=(), *, scopes=None, **fields):
        """The verdict on edits."""
        change = self.change(edits, scopes)
        verdict = judge(change, self.facts(change, by, approvals, **fields), self.policy)
        JUDGED.append(verdict)
        return verdict

    def codes(self, edits, by="engineer", approvals=(), **fields):
        """The codes that deny edits."""
        return self.judge(edits, by, approvals, **fields).codes


def good_merge(by="lead", **fields):
    """A merge signed by somebody known."""
    return replace(MergeFact(oid="b" * 40, signature=Signature("good"), actor=actor(by)), **fields)


def finding(verdict, code):
    """The first finding with a code."""
    return next((one for one in verdict.findings if one.code == code), SimpleNamespace(message="", details=(), hint=""))
