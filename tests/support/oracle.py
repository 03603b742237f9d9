"""What must be true of a registry, told from Git objects alone: JSON and YAML as they stand, keys, hashes, graphs.

It shares no code with what it watches: neither rules nor fold nor documents, so that both cannot err alike. It is told
what a reader takes for accepted (``Claim``) after each thing that happens, and holds it against what it saw before.
"""

import hashlib
import itertools
from dataclasses import dataclass
from functools import cache

import pygit2
import yaml

from tests.support.plainsig import signing_key, statement

PLAIN = 0o100644
FOREVER = ("/versions/", "/holds/", "/quarantine/", "/status/")
PEOPLE, POLICY = "policies/people.yaml", "policies/policy.yaml"


@dataclass(frozen=True)
class Claim:
    """What a reader says: the tip, the accepted files (mode and object id), and each accepted step with its change.

    ``live`` maps (model, stage) to a version or None.
    """

    tip: str
    files: dict
    live: dict
    accepted: dict


class Oracle:
    """Watches one registry from its pin on."""

    def __init__(self, path, claim, stacks):
        self.git = pygit2.Repository(str(path))
        self.parsed = cache(lambda oid: yaml.load(self.git[oid].data, yaml.CSafeLoader))
        self.claim = claim
        self.stacks = stacks
        self.forever = {path: entry for path, entry in claim.files.items() if _lasts(path)}
        self.shown = {}
        self.now = claim.files

    def see(self, claim):
        """Hold a new claim against all that was seen before."""
        self.now = claim.files
        self._is_first_parent_line(claim.tip)
        self._lasts_for_ever(claim.files)
        self._moves_are_authorized(claim)
        written = {place: self.read(claim.files, _stage(*place)) for place in claim.live}
        assert claim.live == {place: found and found["version"] for place, found in written.items()}
        self.claim = claim

    def show(self, person, change_id, head):
        """Somebody approved ``change_id`` when the proposal looked like ``head``."""
        self.shown[person, change_id] = dict(self._leaves(self.git[head].tree))

    def served(self, folder, place):
        """The bytes in ``folder`` are those of the version that is live at ``place``."""
        live, found = self.claim.live[place], sorted(path for path in folder.glob("**/*") if path.is_file())
        lineage = self.read(self.claim.files, _lineage(place[0], live)) if live else {"artifacts": []}
        released = {one["sha256"] for one in lineage["artifacts"]}
        assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in found} == released, f"{place} serves others"

    def _is_first_parent_line(self, tip):
        commit = self.git[tip]
        while str(commit.id) != self.claim.tip:
            assert commit.parents, f"{tip} does not follow from {self.claim.tip}"
            commit = commit.parents[0]

    def _lasts_for_ever(self, files):
        for path, entry in self.forever.items():
            assert files.get(path) == entry, f"{path} was released and is another"
        assert all(mode == PLAIN for mode, _ in files.values())
        self.forever |= {path: entry for path, entry in files.items() if _lasts(path)}

    def _moves_are_authorized(self, claim):
        new = {step: change for step, change in claim.accepted.items() if step not in self.claim.accepted}
        for place in sorted({*claim.live, *self.claim.live}):
            path = _stage(*place)
            if claim.files.get(path) == self.claim.files.get(path):
                continue
            assert len(new) == 1, f"{place} moved with {len(new)} accepted steps"
            ((step, change),) = new.items()
            version = (self.read(claim.files, path) or {}).get("version")
            self._one_move(claim, Move(self, *place, version, step, change))

    def _one_move(self, claim, move):
        stack = self.stacks.setdefault((move.model, move.stage), [])
        back = move.version in stack[:-1]
        if move.version:
            lineage = self.read(self.claim.files, _lineage(move.model, move.version))
            assert lineage, f"{move.version} was never released"
            own = {one["sha256"] for one in lineage["artifacts"]}
            assert not own & self.barred(claim.files), f"{move.version} is quarantined"
            pinned = self.read(claim.files, _stage(move.model, move.stage))["lineage_sha256"]
            _, released = self.claim.files[_lineage(move.model, move.version)]
            assert pinned == hashlib.sha256(self.git[released].data).hexdigest(), f"{move} pins another lineage"
        if not back or not move.emergency(claim):
            assert move.has(move.wanted(back=back), itself=back), f"{move} lacks approvals"
        if not back and move.version:
            assert not self.held(claim.files, move.model, move.stage), f"{move} is held"
        if back:
            del stack[len(stack) - stack[::-1].index(move.version) :]
        elif move.version:
            stack.append(move.version)

    def barred(self, files):
        """Digests that a quarantine names and no release frees."""
        found = {}
        for path in sorted(path for path in files if "/quarantine/" in path):
            found[path.rpartition("/")[0]] = self.read(files, path)
        return {one for last in found.values() if last["action"] == "quarantine" for one in last["digests"]}

    def held(self, files, model, stage):
        """The last hold of a stage where it was not lifted."""
        numbers = [path for path in files if path.startswith(f"models/{model}/holds/{stage}/")]
        last = self.read(files, max(numbers, key=lambda path: int(path.split("/")[-1][:-5]))) if numbers else None
        return last if last and last["action"] == "hold" else None

    def roles(self, person):
        """The roles of a person accepted before what is looked at."""
        people = self.read(self.claim.files, PEOPLE)["people"]
        return next((set(one["roles"]) for one in people if one["id"] == person and not one.get("suspended")), set())

    def signer(self, armored, message):
        """The person whose key signed ``message``; None for nobody's, or a bad signature."""
        line = signing_key(armored, message)
        people = self.read(self.claim.files, PEOPLE)["people"]
        owners = [one["id"] for one in people for known in one["keys"] if line and known["key"].startswith(line)]
        return owners[0] if owners else None

    def proposers(self, step):
        """Who signed the commits that a step brought."""
        commit = self.git[step]
        walk = self.git.walk(commit.parents[-1].id if len(commit.parents) > 1 else commit.id)
        walk.hide(commit.parents[0].id)
        return {self.signer(one.gpg_signature[0].decode(), one.gpg_signature[1]) for one in walk}

    def records(self, change_id):
        """Statements on a change with their signers, oldest first."""
        found, seen = [], set()
        ref = self.git.references.get(f"refs/gm/changes/{change_id}")
        chain = [ref.peel()] if ref else []
        while chain and chain[-1].parents:
            chain.append(chain[-1].parents[0])
        for commit in reversed(chain):
            new = [blob for blob in commit.tree if blob.id not in seen]
            seen.update(blob.id for blob in new)
            found += [statement(blob.data) for blob in new]
        return [(kind, said, self.signer(armored, signed)) for kind, said, armored, signed in found]

    def read(self, files, path):
        return self.parsed(files[path][1]) if path in files else None

    def _leaves(self, tree, folder=""):
        for entry in tree:
            name = f"{folder}{entry.name}"
            yield from self._leaves(entry, f"{name}/") if entry.type_str == "tree" else [(name, str(entry.id))]


@dataclass(frozen=True)
class Move:
    """A stage that holds another version since an accepted step."""

    oracle: Oracle
    model: str
    stage: str
    version: str | None
    step: str
    change: str

    @property
    def rules(self):
        """What the policy says of the model's risk."""
        risk = self.oracle.read(self.oracle.claim.files, f"models/{self.model}/model.yaml")["risk"]
        return self.oracle.read(self.oracle.claim.files, POLICY)["risks"][risk]

    def wanted(self, *, back):
        """The seats to fill: of the risk, or of a rollback, where who may initiate it fills one."""
        if not back:
            return [{role} for role in self.rules["approve"] if self.rules["approve"] != "none"]
        authority = self.rules["rollback"]
        return [{role} for role in authority.get("authorize", [])] or [set(authority["initiate"])]

    def emergency(self, claim):
        """Whether it is one that an operator declared, of a version that was barred in the same change."""
        held = self.oracle.held(claim.files, self.model, self.stage)
        before = self.oracle.held(self.oracle.claim.files, self.model, self.stage)
        if not held or not held.get("emergency") or held == before:
            return False
        declared = set(self.oracle.read(self.oracle.claim.files, POLICY)["emergency"]["role"])
        return any(self.oracle.roles(person) & declared for person in self.oracle.proposers(self.step))

    def has(self, wanted, *, itself):
        """Whether distinct persons of whom none made the change fill every seat, before some acceptance of the step."""
        made = self.oracle.proposers(self.step)
        records = self.oracle.records(self.change)
        ends = [
            n
            for n, (kind, said, who) in enumerate(records)
            if kind == "acceptance" and said["merge"] == self.step and who
        ]
        agreed = [self._agreed(wanted, records[:end], made, itself=itself) for end in ends]
        alone = [self.oracle.roles(person) for person in made] if itself else []
        return any(_seated(wanted, roles) for roles in (alone, *filter(None, agreed)))

    def _agreed(self, wanted, records, made, *, itself):
        """The roles of each who stands by an approval of this very content; None where somebody who counts objects."""
        signed = [said for kind, said, who in records if kind == "decision" and who == said["person"]]
        standing = {said["person"]: said["decision"] for said in signed}
        author = (
            self.oracle.read(self.oracle.claim.files, _lineage(self.model, self.version))["author"]
            if self.version
            else None
        )
        close = made if itself else {*made, author}
        needed = set().union(*wanted)
        objecting = {who for who, said in standing.items() if said == "reject" and self.oracle.roles(who) & needed}
        if objecting - close:
            return None
        agreed = [who for who, said in standing.items() if said == "approve" and (who not in close or itself)]
        path = _stage(self.model, self.stage)
        seen = [
            self.oracle.shown[who, self.change].get(path) for who in agreed if (who, self.change) in self.oracle.shown
        ]
        assert {*seen} <= {self.oracle.now[path][1]}, f"{self} is not what was approved"
        return [self.oracle.roles(person) for person in {*agreed, *(made if itself else ())}]


def _seated(wanted, roles):
    orders = itertools.permutations(roles, len(wanted))
    return any(all(seat & has for seat, has in zip(wanted, order, strict=True)) for order in orders)


def _lasts(path):
    return path.startswith("models/") and any(folder in path for folder in FOREVER)


def _stage(model, stage):
    return f"models/{model}/stages/{stage}.yaml"


def _lineage(model, version):
    return f"models/{model}/versions/{version}/lineage.yaml"
