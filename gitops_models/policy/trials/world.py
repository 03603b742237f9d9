"""The made-up registry of one policy test: what it gives, accepted step by step in the order of time."""

from __future__ import annotations

from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError
from gitops_models.policy.document import load_policy
from gitops_models.policy.trials import files
from gitops_models.policy.trials.cast import CI, first, people_document
from gitops_models.registry import yamls
from gitops_models.registry.canonical import sha256_hex
from gitops_models.registry.change import Change, diff
from gitops_models.registry.documents.policytest import GivenEvidence, GivenLive
from gitops_models.registry.paths import GM_YAML, PEOPLE_YAML, POLICY_YAML
from gitops_models.registry.scopes import REGULAR, Entry
from gitops_models.registry.snapshot import Snapshot
from gitops_models.registry.state import AcceptedState
from gitops_models.registry.times import format_time, parse_time
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents.policytest import GivenModel, GivenVersion, PolicyTest

BROKEN = "GM-P733"
MODEL, VERSION, EVIDENCE, BARRED = 2400, 900, 800, 10
"""Hours before the test's time at which things were accepted where it does not say."""

LIVE, APART = 880, 80
"""The same for the first version that came to serve, and how long after each the next did: longer than any soak."""


class Memory:
    """Blobs in memory."""

    def __init__(self) -> None:
        self._content: dict[str, bytes] = {}

    def add(self, data: bytes) -> str:
        """Keep a blob and return its id."""
        oid = sha256_hex(data)[:40]
        self._content[oid] = data
        return oid

    def blob(self, oid: str) -> bytes:
        """Return the content of a blob."""
        return self._content[oid]


@dataclass(frozen=True)
class _Given:
    """One step of the past: hours ago, who made it, and its files on the state that stands then."""

    hours: int
    by: str
    make: Callable[[Snapshot], files.Files] = field(compare=False)


class World:
    """The accepted state that the cases of one test are judged on, and the policy that judges them."""

    def __init__(self, test: PolicyTest, policy_data: bytes) -> None:
        self.test = test
        self.at = parse_time(test.at)
        self.blobs = Memory()
        self.raw: dict[str, Any] = {**yamls.load(policy_data, POLICY_YAML), **test.policy}
        data = yamls.dump(self.raw)
        self.policy: Policy = load_policy(data, POLICY_YAML)
        begin: files.Files = {
            GM_YAML: files.document("Repository", id="policy-test"),
            POLICY_YAML: data,
            PEOPLE_YAML: yamls.dump(people_document(self.policy, test.people, self.at)),
            **{path: text.encode() for path, text in test.files.items()},
        }
        self.state = AcceptedState.initial(self.edited(Snapshot.empty(files.LAYOUT, self.blobs), begin), "0" * 40)
        past = [step for model in test.models for step in self._past(model)]
        for number, step in enumerate(sorted(past, key=lambda one: -one.hours), 1):
            self._accept(number, step)

    def edited(self, snapshot: Snapshot, edits: files.Files) -> Snapshot:
        """The snapshot with files set or (None) removed."""
        entries = {
            path: Entry(REGULAR, self.blobs.add(data)) if data is not None else None for path, data in edits.items()
        }
        return snapshot.with_entries(entries)

    def change(self, head: Snapshot) -> Change:
        """What ``head`` changes."""
        return diff(self.state, head, stage_order=self.policy.stages)

    def model(self, name: str | None) -> GivenModel:
        """The model of that name, or the only one; GM-P733 where there is none."""
        known = {model.name: model for model in self.test.models}
        if name is None and len(known) == 1:
            return next(iter(known.values()))
        if name is None or name not in known:
            raise GmError(BROKEN, f"models: there is no {name or 'single model to mean'}", where=self.test.name)
        return known[name]

    def made(self, model: GivenModel, version: GivenVersion, by: str | None = None) -> files.Made:
        """A version as a test gives it."""
        ago = VERSION if version.hours_ago is None else version.hours_ago
        registrar = version.by or by or first(self.policy.registration.may[0])
        return files.Made(self.policy, model, version, registrar, self.time(ago))

    def time(self, hours_ago: int) -> str:
        """The time so many hours before that of the test."""
        return format_time(self.at - timedelta(hours=hours_ago))

    def evidence(self, version: GivenVersion) -> tuple[GivenEvidence, ...]:
        """The evidence of a version: what it lists, or one of each type that a stage asks for."""
        if version.evidence == "all":
            asked = dict.fromkeys(kind for rule in self.policy.stage_rules.values() for kind in rule.evidence)
            return tuple(GivenEvidence(type=kind, metrics=version.metrics) for kind in asked)
        return tuple(GivenEvidence(type=one) if isinstance(one, str) else one for one in version.evidence)

    def _accept(self, number: int, step: _Given) -> None:
        change = self.change(self.edited(self.state.snapshot, step.make(self.state.snapshot)))
        at: datetime = self.at - timedelta(hours=step.hours)
        self.state = self.state.accept(change, step=f"{number:040x}", at=at, persons={step.by})

    def _past(self, model: GivenModel) -> Iterator[_Given]:
        made = {one.version: self.made(model, one) for one in model.versions}
        hours = {one.version: VERSION if one.hours_ago is None else one.hours_ago for one in model.versions}
        owner = first(self.policy.registration.may[0])
        yield _Given(max(MODEL, *hours.values(), 0), owner, _fixed(files.model_file(model)))
        for version in model.versions:
            yield from self._registered(made[version.version], hours[version.version])
        yield from self._live(model, hours)
        yield from self._barred(model, made)

    def _registered(self, made: files.Made, hours: int) -> Iterator[_Given]:
        yield _Given(hours, made.by, _fixed(made.files()))
        for number, one in enumerate(self.evidence(made.version), 1):
            ago = min(EVIDENCE, hours) if one.hours_ago is None else one.hours_ago
            by = one.by or CI
            name = f"{one.type}-{number}"
            yield _Given(ago, by, _fixed(files.evidence_file(made, one, name=name, by=by, created=self.time(ago))))

    def _live(self, model: GivenModel, hours: dict[str, int]) -> Iterator[_Given]:
        by, count = first(self.policy.promotion.may[0]), 0
        for stage, entries in model.live.items():
            for one in (GivenLive(version=entry) if isinstance(entry, str) else entry for entry in entries):
                if one.version not in hours:
                    raise GmError(BROKEN, f"live: {model.name}@{one.version} is not given", where=self.test.name)
                ago = min(max(LIVE - APART * count, APART), hours[one.version])
                ago, count = (ago if one.hours_ago is None else one.hours_ago), count + 1
                yield _Given(ago, by, _moved(model.name, stage, one.version))

    def _barred(self, model: GivenModel, made: dict[str, files.Made]) -> Iterator[_Given]:
        by = min(self.policy.safety_roles)
        said = {"reason": "given", "by": first(by), "created": self.time(BARRED)}
        for stage in model.held:
            yield _Given(BARRED, first(by), _fixed(files.hold_file(model.name, stage, 1, action="hold", **said)))
        for version, one in made.items():
            if one.version.quarantined:
                barred = files.quarantine_file(model.name, version, 1, one.digests[:1], action="quarantine", **said)
                yield _Given(BARRED, first(by), _fixed(barred))
        if model.suspended:
            yield _Given(BARRED, first(by), _fixed(files.status_file(model.name, 1, "suspend", None, **said)))


def _fixed(found: files.Files) -> Callable[[Snapshot], files.Files]:
    return lambda _snapshot: found


def _moved(model: str, stage: str, version: str) -> Callable[[Snapshot], files.Files]:
    return lambda snapshot: files.stage_file(model, stage, version, snapshot.lineage_sha256(model, version))
