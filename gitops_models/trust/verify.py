"""The verdict on a signed commit or tag: does the signature fit, and whose key made it.

Never raises for what an object contains: a walk over history must give a verdict for every commit and go on (a single
garbage ``gpgsig`` header makes ``git log`` itself die).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_models.policy.facts import Signature
from gitops_models.trust.keyrings import Keyring, PeopleKeyring, Standing
from gitops_models.trust.payload import Signed, Who, commit_payload, tag_payload
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.sshsig import SshSignature, verify_sshsig

if TYPE_CHECKING:
    from gitops_models.registry.documents import Actor, People

__all__ = ["GIT_NAMESPACE", "Verified", "verify_commit", "verify_object", "verify_tag"]

GIT_NAMESPACE = "git"


@dataclass(frozen=True)
class Verified:
    """What is known about one signed object.

    ``actor`` is set only when the signature is good. ``email_ok``: the committer's or tagger's e-mail belongs to the
    actor. ``principals`` are the names the keyring has for the key. ``target`` is the oid that a tag stands for.
    """

    signature: Signature
    actor: "Actor | None" = None
    email_ok: bool = False
    principals: tuple[str, ...] = ()
    target: str | None = None


def verify_commit(raw: bytes, people: "People | Keyring") -> Verified:
    """Judge the raw bytes of a commit by the keys of ``people`` (or of any keyring)."""
    return verify_object(raw, commit_payload, _keyring(people))


def verify_tag(raw: bytes, name: str, people: "People | Keyring", *, object_type: str = "tag") -> Verified:
    """Judge what the ref ``refs/tags/<name>`` points to: ``raw`` bytes of an object of ``object_type``.

    A tag object made for another name or for something else than a commit is refused, and so is a lightweight tag.
    """
    if object_type != "tag":
        return Verified(Signature("malformed", "GM-T038", None, f"tag {name} is no tag object"))
    return verify_object(raw, lambda data: _named(tag_payload(data), name), _keyring(people))


def verify_object(raw: bytes, take_apart: Callable[[bytes], Signed], keyring: Keyring) -> Verified:
    """Judge ``raw`` after ``take_apart`` has separated payload and signature."""
    try:
        signed = take_apart(raw)
        made = _check(signed)
    except SignatureProblem as problem:
        return Verified(Signature(problem.verdict, problem.code, problem.fingerprint, problem.detail))
    standing = keyring.lookup(made.fingerprint, GIT_NAMESPACE, signed.who.at)
    signature = Signature(standing.verdict, standing.code, made.fingerprint, standing.detail)
    target = signed.target or None
    if standing.verdict != "good":
        return Verified(signature, target=target)
    return Verified(signature, standing.actor, _email_ok(standing, signed.who), standing.principals, target)


def _check(signed: Signed) -> SshSignature:
    if signed.signature is None:
        raise SignatureProblem("GM-T001", "not signed", verdict="unsigned")
    return verify_sshsig(signed.payload, signed.signature, GIT_NAMESPACE)


def _named(signed: Signed, name: str) -> Signed:
    if signed.name != name:
        raise SignatureProblem("GM-T037", f"the tag object is named {signed.name!r}, its ref {name!r}")
    return signed


def _email_ok(standing: Standing, who: Who) -> bool:
    emails = standing.actor.emails if standing.actor else standing.principals
    return who.email.lower() in {email.lower() for email in emails}


def _keyring(people: "People | Keyring") -> Keyring:
    return people if hasattr(people, "lookup") else PeopleKeyring(people)
