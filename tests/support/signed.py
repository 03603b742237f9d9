"""Raw commits and tags, people and records signed with test keys, built without Git."""

from datetime import UTC, datetime

from gitops_models.registry.documents import People
from gitops_models.trust.keyrings import PeopleKeyring
from gitops_models.trust.records import (
    Acceptance,
    ChangeSummary,
    Decision,
    Deployment,
    make_acceptance,
    make_decision,
    make_deployment,
)
from tests.support.keys import ed25519_key

TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
MAIN = "a" * 40
CHANGE = "c" * 64
WHEN = 1_795_000_000
AT = datetime.fromtimestamp(WHEN, UTC)


def who(name, email=None):
    return f"{name} <{email or f'{name}@example.org'}> {WHEN} +0000"


def commit_bytes(name="ann", *, message="Add a model\n", parents=(), extra="", email=None):
    """An unsigned commit by ``name``; ``extra`` headers stand after the committer."""
    lines = [f"tree {TREE}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {who(name, email)}", f"committer {who(name, email)}"]
    return ("\n".join(lines) + "\n" + extra + "\n" + message).encode()


def put_signature(raw, armored):
    """``raw`` with ``armored`` as its last header, as git writes it."""
    head, _, message = raw.partition(b"\n\n")
    return head + b"\ngpgsig " + armored.strip("\n").replace("\n", "\n ").encode() + b"\n\n" + message


def sign_commit(raw, signer):
    return put_signature(raw, signer.sign(raw, "git"))


def signed_commit(name="ann", **fields):
    """A commit by ``name`` signed with the ed25519 key of that name."""
    return sign_commit(commit_bytes(name, **fields), ed25519_key(name))


def tag_bytes(tag="fraud@v1.0.0", name="ann", *, kind="commit", target=MAIN, message="fraud 1.0.0\n"):
    return f"object {target}\ntype {kind}\ntag {tag}\ntagger {who(name)}\n\n{message}".encode()


def signed_tag(tag="fraud@v1.0.0", name="ann", **fields):
    raw = tag_bytes(tag, name, **fields)
    return raw + ed25519_key(name).sign(raw, "git").encode()


def key_entry(name, **limits):
    return {"type": "ssh", "key": ed25519_key(name).public_key, **limits}


def person(name, **fields):
    return {"id": name, "emails": [f"{name}@example.org"], "keys": [key_entry(name)], **fields}


def people(*names, **fields):
    """A people file with the persons ``names`` and whatever else is given."""
    return People.model_validate({"people": [person(name) for name in names], **fields})


def standing_by(known):
    """What a ledger's reader asks: how a record's key stands among ``known``, whatever its ``main``."""
    ring = PeopleKeyring(known)
    return lambda record: ring.lookup(record.fingerprint, record.namespace)


def decision(name="ann", decision="approve", *, change_id=CHANGE, signer=None, previous=None, **fields):
    """A signed decision of ``name``; ``previous`` is a record."""
    body = Decision(
        **{
            "main": MAIN,
            "decision": decision,
            "person": name,
            "roles": ("raio",),
            "change": ChangeSummary(events=("promoted",), model="fraud", stage="production", to_version="1.0.0"),
            "policy_sha256": "b" * 64,
            "repository": "registry",
            "remote": None,
            "created": "2026-11-21T10:00:00Z",
            "expires": None,
            "reason": "looks right",
            "previous": previous.sha256 if previous else None,
            **fields,
        }
    )
    return make_decision(body, change_id, signer or ed25519_key(name))


def acceptance(name="ann", *, change_id=CHANGE, at="2026-11-21T11:00:00Z", **fields):
    plain = {"main": MAIN, "merge": "b" * 40, "head": "c" * 40, "change_id": change_id, "at": at, "checkpoint": None}
    return make_acceptance(Acceptance(**{**plain, **fields}), ed25519_key(name))


def deployment(name="reconciler", **fields):
    plain = {
        "main": MAIN,
        "target": "edge-1",
        "model": "fraud",
        "stage": "production",
        "version": "1.0.0",
        "lineage_sha256": "d" * 64,
        "artifacts": ("e" * 64,),
        "change_id": CHANGE,
        "observed": "e" * 64,
        "started": "2026-11-21T11:00:00Z",
        "finished": "2026-11-21T11:00:01Z",
        "result": "succeeded",
        "reason": "promoted",
    }
    return make_deployment(Deployment(**{**plain, **fields}), ed25519_key(name))
