"""The verdict on a signed commit or tag: does the signature fit, and whose key made it.

Never raises for what an object contains: a walk over history must give a verdict for every commit and go on (a single
garbage ``gpgsig`` header makes ``git log`` itself die).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, cast

from gitops_models.policy.facts import Signature, SignatureScheme
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyrings import Checked, Keyring, PeopleKeyring, Standing
from gitops_models.trust.payload import Signed, Who, commit_payload, tag_payload
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.sshsig import verify_sshsig

if TYPE_CHECKING:
    from gitops_models.registry.documents import Actor, People

__all__ = [
    "GIT_NAMESPACE",
    "Trusted",
    "Verified",
    "people_trusted",
    "verify_commit",
    "verify_many",
    "verify_object",
    "verify_tag",
]

GIT_NAMESPACE = "git"
TakeApart = Callable[[bytes], Signed]
Answer = Checked | SignatureProblem
_NAMES = {"gpg": "GPG", "x509": "X.509"}


class Checker(Protocol):
    """Checks signatures of one scheme, many at once where that is cheaper."""

    def check(self, objects: Sequence[Signed]) -> list[Answer]:
        """Return what each signature gave, in order; never raises for what an object contains."""
        ...


@dataclass(frozen=True)
class Trusted:
    """What signatures are held against: keys for SSH, checkers for the other schemes, None where nothing is given.

    ``touch`` refuses (GM-T021) whatever was not signed by a hardware key that somebody touched.
    """

    ssh: Keyring | None = None
    gpg: Checker | None = None
    x509: Checker | None = None
    touch: bool = False


@dataclass(frozen=True)
class Verified:
    """What is known about one signed object.

    ``actor`` is set only when the signature is good. ``email_ok``: the committer's or tagger's e-mail belongs to the
    actor. ``principals`` are the names the keyring has for the key. ``target`` is the oid that a tag stands for.
    ``until`` (seconds since 1970): from then on the verdict may be another one.
    """

    signature: Signature
    actor: "Actor | None" = None
    email_ok: bool = False
    principals: tuple[str, ...] = ()
    target: str | None = None
    until: int | None = None


def verify_commit(raw: bytes, people: "People | Keyring | Trusted") -> Verified:
    """Judge the raw bytes of a commit by the keys of ``people`` (or of any keyring)."""
    return verify_object(raw, commit_payload, people)


def verify_tag(raw: bytes, name: str, people: "People | Keyring | Trusted", *, object_type: str = "tag") -> Verified:
    """Judge what the ref ``refs/tags/<name>`` points to: ``raw`` bytes of an object of ``object_type``.

    A tag object made for another name or for something else than a commit is refused, and so is a lightweight
    tag.
    """
    if object_type != "tag":
        return Verified(Signature("malformed", "GM-T038", None, f"tag {name} is no tag object"))
    return verify_object(raw, named_tag(name), people)


def named_tag(name: str) -> TakeApart:
    """Return what takes a tag object apart that must be named ``name`` (GM-T037)."""

    def take_apart(raw: bytes) -> Signed:
        signed = tag_payload(raw)
        if signed.name != name:
            raise SignatureProblem("GM-T037", f"the tag object is named {signed.name!r}, its ref {name!r}")
        return signed

    return take_apart


def verify_object(raw: bytes, take_apart: TakeApart, people: "People | Keyring | Trusted") -> Verified:
    """Judge ``raw`` after ``take_apart`` has separated payload and signature."""
    return verify_many([(raw, take_apart)], people)[0]


def verify_many(objects: Iterable[tuple[bytes, TakeApart]], people: "People | Keyring | Trusted") -> list[Verified]:
    """Judge many objects, in order; what is checked by a process of its own (GPG) is checked in one go."""
    trusted = _trusted(people)
    taken = [_take(raw, take_apart) for raw, take_apart in objects]
    batch = [signed for signed in taken if isinstance(signed, Signed) and signed.scheme == "gpg"]
    answers = iter(_check_with(trusted.gpg, "gpg", batch))
    return [_judge(signed, answers, trusted) for signed in taken]


def _take(raw: bytes, take_apart: TakeApart) -> Signed | SignatureProblem:
    try:
        return take_apart(raw)
    except SignatureProblem as problem:
        return problem


def _judge(signed: Signed | SignatureProblem, gpg: Iterator[Answer], trusted: Trusted) -> Verified:
    if isinstance(signed, SignatureProblem):
        return Verified(_refused(signed, None))
    scheme = signed.scheme
    answer = next(gpg) if scheme == "gpg" else _check(signed, trusted)
    target = signed.target or None
    if isinstance(answer, SignatureProblem):
        return Verified(_refused(answer, scheme), target=target)
    signature = _signature(answer, scheme, touch=trusted.touch)
    if not signature.good:
        return Verified(signature, target=target, until=answer.until)
    standing = answer.standing
    email_ok = _email_ok(standing, signed.who)
    return Verified(signature, standing.actor, email_ok, standing.principals, target, answer.until)


def _check(signed: Signed, trusted: Trusted) -> Answer:
    if signed.signature is None:
        return SignatureProblem("GM-T001", "not signed", verdict="unsigned")
    if signed.scheme == "x509":
        return _check_with(trusted.x509, "x509", [signed])[0]
    if trusted.ssh is None:
        return SignatureProblem("GM-T036", "signed with SSH, and no SSH keys are given", verdict="untrusted")
    try:
        return _check_ssh(signed, signed.signature, trusted.ssh)
    except SignatureProblem as problem:
        return problem


def _check_ssh(signed: Signed, signature: bytes, keyring: Keyring) -> Checked:
    made = verify_sshsig(signed.payload, signature, GIT_NAMESPACE)
    at = signed.who.at
    if made.certificate is None:
        return Checked(made.fingerprint, keyring.lookup(made.fingerprint, GIT_NAMESPACE, at), made.presence)
    return Checked(made.fingerprint, keyring.vouch(made.certificate, GIT_NAMESPACE, at), made.presence)


def _check_with(checker: Checker | None, scheme: SignatureScheme, objects: Sequence[Signed]) -> list[Answer]:
    if checker is not None:
        return checker.check(objects) if objects else []
    detail = f"signed with {_NAMES[scheme]}, and nothing is given to check that with"
    return [SignatureProblem("GM-T036", detail, verdict="untrusted") for _ in objects]


def _signature(answer: Checked, scheme: SignatureScheme | None, *, touch: bool) -> Signature:
    standing, presence = answer.standing, answer.presence
    touched, pin = (presence.touch, presence.pin) if presence else (None, None)
    if touch and standing.verdict == "good" and not touched:
        standing = Standing("untrusted", "GM-T021", "nobody touched the key, and a touch is required")
    return Signature(
        standing.verdict, standing.code, answer.fingerprint, standing.detail, scheme, touched, pin, answer.alias
    )


def _refused(problem: SignatureProblem, scheme: SignatureScheme | None) -> Signature:
    return Signature(problem.verdict, problem.code, problem.fingerprint, problem.detail, scheme)


def _email_ok(standing: Standing, who: Who) -> bool:
    emails = standing.actor.emails if standing.actor else standing.principals
    return who.email.lower() in {email.lower() for email in emails}


def _trusted(people: "People | Keyring | Trusted") -> Trusted:
    if isinstance(people, Trusted):
        return people
    if hasattr(people, "lookup"):
        return Trusted(ssh=cast("Keyring", people))
    return people_trusted(people)


def people_trusted(people: "People", root: Callable[[], bytes | None] = lambda: None) -> Trusted:
    """Return what the accepted people file makes of every scheme; ``root`` gives a pinned Sigstore trusted root."""
    return Trusted(PeopleKeyring(people), _PeopleChecker("gpg", people, root), _PeopleChecker("x509", people, root))


@dataclass(frozen=True)
class _PeopleChecker:
    """Reaches what checks one scheme only when something signed with it is met."""

    scheme: Literal["gpg", "x509"]
    people: "People"
    root: Callable[[], bytes | None]

    def check(self, objects: Sequence[Signed]) -> list[Answer]:
        if self.scheme == "gpg":
            from gitops_models.trust.peoplegpg import PeopleGpg  # noqa: PLC0415 - few histories have any

            return PeopleGpg(self.people).check(objects)
        from gitops_models.trust.peoplegitsign import PeopleGitsign  # noqa: PLC0415 - as above

        return PeopleGitsign(self.people, self.root()).check(objects)
