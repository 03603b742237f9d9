"""A registry of many people who go on for years: who has which key now, and what a reader makes of it."""

from dataclasses import dataclass
from datetime import timedelta
from unittest import mock

from gitops_models.store.repository import Store
from gitops_models.trust.ledger import Ledger
from gitops_models.verification.fold import fold
from gitops_models.verification.proposal import evaluate
from gitops_models.workflows.session import remember
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.oracle import Claim
from tests.support.registry import NO_EVIDENCE, SHORT, Acting, Registry
from tests.support.station import EMERGENCY, _pointer
from tests.support.stories import CROWD, STAGES, acceptance, append

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")
FOLK = {**CROWD, "operator2": ["operator"], "raio3": ["raio"]}
FULL = {"low": ("lead",), "high": ("raio", "domain")}


@dataclass
class Member(Acting):
    """A session of somebody whose key may have been rotated."""

    keys: dict | None = None

    def signer(self):
        return ed25519_key((self.keys or {}).get(self.person, self.person))


class Whole(Registry):
    """As ``Registry``, but a reader takes over what it has verified, as every clone does."""

    risk = "low"
    keys = None
    clean = None
    looked = (None, None)
    listed = (None, None)

    def copy(self, path):
        """A registry of its own, of which nobody has seen anything yet."""
        other = super().copy(path)
        other.keys, other.clean, other.looked, other.listed = {}, None, (None, None), (None, None)
        return other

    def history(self, tip=None):
        """What the line amounts to.

        It goes on from what was looked at last where the ledger is as it was, else from the last state in which nothing
        was blocked: what came to the ledger may release what is.
        """
        tip, refs = tip or self.tip, self.refs()
        said = {name: oid for name, oid in refs.items() if name.startswith("refs/gm/")}
        if self.looked[0] == (tip, said):
            return self.looked[1]
        line = set(self._line(tip))
        last = self.looked[1] if self.looked[0] and self.looked[0][1] == said else None
        known = next((one for one in (last, self.clean) if one and one.tip in line), None)
        ledger = self._reader(refs)
        found = fold(self.store, pin=self.pin, tip=tip, ledger=ledger, known=known, now=self.clock.now())
        self.looked = ((tip, said), found)
        if not found.blocked:
            self.clean = found
        return found

    @property
    def ledger(self):
        """One reader of the ledger that looks again where a ref has moved, as a reconciler does."""
        return self._reader(self.refs())

    def _reader(self, refs):
        before, ledger = self.listed
        ledger = ledger or Ledger(self.store)
        if refs != before:
            ledger.refresh()
        self.listed = (refs, ledger)
        return ledger

    def refs(self):
        """All refs, read without a process."""
        return listed(self.store)

    def _line(self, tip):
        commit = self.store.libgit2[tip]
        yield tip
        while commit.parents:
            commit = commit.parents[0]
            yield str(commit.id)

    def session(self, person):
        """A session of ``person`` with the key that is theirs now."""
        fields = (self.store, self.clock, None, self.line, self.history(), self.ledger)
        return Member(*fields, pinned=True, person=person, keys=self.keys)

    def accept_by_force(self, proposal, by="engineer"):
        """Merge with plain git, with an acceptance of the change as the judge would call it, past judge and door."""
        asked = evaluate(self.store, self.history(), proposal.head, self.ledger, at=self.clock.now())
        main = self.tip
        step = self.merge_by_hand(proposal.head, by=by)
        record = acceptance(self, by=by, merge=step, head=proposal.head, change_id=asked.change_id, main=main)
        append(self, asked.change_id, record, by=by)
        return step

    def key(self, person):
        """The key of a person as it is now."""
        return ed25519_key(self.keys.get(person, person))

    def look(self):
        """Look as a clone does, and remember what was seen."""
        remember(self.store, self.history())
        return self.history()


AS_GIT_LISTS = Store.refs


def listed(store, *prefixes):
    """What ``Store.refs`` gives, without a process: half of a story's time would go into starting git for it."""
    refs = ((ref.name, str(ref.target)) for ref in store.libgit2.references.iterator())
    return dict(sorted((name, oid) for name, oid in refs if name.startswith(prefixes or ("refs/",))))


def begin(path, risk):
    """Four versions of ``fraud``, the first two of them live in both stages one after the other."""
    policy = {**NO_EVIDENCE, **SHORT, "emergency": {**EMERGENCY, "role": ["operator"]}}
    told = Whole(path, changes=policy, people=FOLK)
    with mock.patch("tests.support.policy.pointer", _pointer):
        for version in VERSIONS:
            text = f"fraud {version} model.onnx"
            told.version("fraud", version, risk=risk, artifacts=[documents.artifact(version, size=len(text))])
    for version in VERSIONS[:2]:
        told.live("fraud", version, *STAGES, risk=risk)
    told.version("spam", "1.0.0")
    told.risk = risk
    return told


def claim(history):
    """What the reader takes for accepted, as plain values."""
    snapshot = history.state.snapshot
    files = {
        path: (entry.mode, entry.oid)
        for scope in snapshot.scope_names()
        for path, entry in snapshot.scope(scope).items()
    }
    live = {place: stack.live_version for place, stack in history.state.stacks.items()}
    accepted = {step.oid: step.change_id for step in history.steps if step.status == "accepted"}
    return Claim(history.tip, files, live, accepted)


def plain(history):
    """All that a reader knows: two readers must know the same."""
    state = history.state
    return {
        "statuses": [(one.oid, _out(one.status), one.at, one.released, one.proposers) for one in history.steps],
        "files": claim(history).files,
        "stacks": dict(state.stacks.items()),
        "chronicle": dict(state.chronicle.items()),
        "blocked": history.blocked,
        "at": state.at,
        "suspect": state.suspect,
        "policy": history.policy.version,
    }


def _out(status):
    return "not accepted" if status in {"pending", "denied"} else status


YEARS = timedelta(days=3653)
