"""GPG signatures on governed history: by the keys that the accepted people file holds, and nothing else.

As for every key there, no date counts: whether a key is listed is what the file says, so a key or subkey that expired
goes on being the person's until it is taken out, and a back-dated signature gains nothing. gpg is told one fixed time
after all expiries, which makes its answer the same on every machine and on every day. What is still judged of a key is
what does not depend on the day: that its owner revoked it, that the part is for signing, and that the signature itself
was not made to expire. And as for SSH, RSA keys below 2,048 bits, DSA and weak digests (SHA-1) do not count, whatever
gpg makes of them.

One home for each set of keys and one process for many objects; answers are kept as long as the process runs, because
a blocked step is judged again and again.
"""

import base64
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_models.registry.documents import GpgKey
from gitops_models.registry.openpgp import DSA, RSA, KeyPart, key_parts
from gitops_models.trust.gpg import open_keys
from gitops_models.trust.gpgstatus import KEY_EXPIRED, Found
from gitops_models.trust.keyrings import Checked, PeopleKeyring, listed_keys
from gitops_models.trust.keys import RSA_BITS
from gitops_models.trust.openpgp import digest, signature_packet
from gitops_models.trust.payload import Signed
from gitops_models.trust.problem import SignatureProblem

if TYPE_CHECKING:
    from gitops_models.registry.documents import People

__all__ = ["PeopleGpg", "find_with", "listed_gpg_keys"]

_GIT = "git"
# gpg counts seconds in 32 bits, until 2106.
_AFTER_ALL = "--faked-system-time=21000101T000000!"
_NONE_LISTED = "signed by a GPG key, and the accepted people file lists none"
_ANSWERS = 100_000
# RFC 9580, 9.5: SHA-256, -384, -512, and SHA3-256 and -512.
_DIGESTS = frozenset({8, 9, 10, 12, 14})
_Answer = Found | SignatureProblem


def listed_gpg_keys(people: "People") -> tuple[str, ...]:
    """Return the GPG keys of everybody in the file, in base64, each once and in one order."""
    return tuple(sorted({key.key for key in listed_keys(people) if isinstance(key, GpgKey)}))


class PeopleGpg:
    """Checks GPG signatures by one accepted people file."""

    def __init__(self, people: "People") -> None:
        self._ring = PeopleKeyring(people)
        self.keys = listed_gpg_keys(people)

    def check(self, objects: Sequence[Signed]) -> list[Checked | SignatureProblem]:
        """Say for each object what its GPG signature is worth.

        GM-T002 (not by a listed key), GM-T003 (does not fit), GM-T004 (a signature that was made to expire), GM-T005
        (revoked by its owner, or declared compromised), GM-T007 (not for Git), GM-T018 (SHA-1 or another weak digest),
        GM-T020 (DSA), GM-T022 (RSA of a refused size), GM-T042 (gpg cannot tell), GM-T043 (a part that is not for
        signing), and the codes of ``openpgp``. Raises GM-T302 when gpg is not there, hangs or is killed: a reader that
        cannot judge must say so, and neither refuse nor accept.
        """
        if not self.keys:
            return [_unlisted(signed) for signed in objects]
        answers = find_with(self.keys, objects)
        return [self._judge(answer, signed) for answer, signed in zip(answers, objects, strict=True)]

    def _judge(self, answer: _Answer, signed: Signed) -> Checked | SignatureProblem:
        if isinstance(answer, SignatureProblem):
            return answer
        alias = answer.fingerprint if answer.fingerprint != answer.primary else None
        if answer.standing is not None and answer.standing != KEY_EXPIRED:
            return Checked(answer.primary, answer.standing, alias=alias)
        # Whoever declares a subkey compromised means it and not the other subkeys.
        part = self._ring.lookup(answer.fingerprint, _GIT, signed.who.at)
        if part.verdict == "revoked":
            return Checked(answer.primary, part, alias=alias)
        return Checked(answer.primary, self._ring.lookup(answer.primary, _GIT, signed.who.at), alias=alias)


def find_with(keys: tuple[str, ...], objects: Sequence[Signed]) -> list[Found | SignatureProblem]:
    """Return what gpg finds in each object with these keys (base64): a part of one of them, or what is wrong.

    ``standing`` says that the signature was made to expire, or that the key is revoked; ``KEY_EXPIRED`` says nothing.
    Raises GM-T302 when gpg is not there, hangs or is killed.
    """
    return _home(keys).find(objects)


def _unlisted(signed: Signed) -> Checked | SignatureProblem:
    try:
        signature_packet(signed.signature or b"")
    except SignatureProblem as problem:
        return problem
    return SignatureProblem("GM-T002", _NONE_LISTED, verdict="untrusted")


class _Home:
    """A gpg home with one set of keys, and what was found with them so far."""

    def __init__(self, keys: Iterable[str]) -> None:
        folder = tempfile.mkdtemp(prefix="gm-gpg-")
        # Also at the end of the process.
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        exported = [base64.b64decode(key) for key in keys]
        self._keys = open_keys(Path(folder), exported, _AFTER_ALL)
        self._parts = {name: part for data in exported for name, part in key_parts(data).items()}
        self._known: dict[bytes, _Answer] = {}

    def find(self, objects: Sequence[Signed]) -> list[_Answer]:
        """Return what gpg finds in each object."""
        names = [_name(signed) for signed in objects]
        if len(self._known) > _ANSWERS:
            self._known.clear()
        new = {name: signed for name, signed in zip(names, objects, strict=True) if name not in self._known}
        found = zip(new.items(), self._keys.find(list(new.values())), strict=True)
        answers = {name: self._strong(answer, signed) for (name, signed), answer in found}
        # That gpg cannot tell may be another thing tomorrow.
        self._known |= {name: answer for name, answer in answers.items() if not _unclear(answer)}
        return [answers[name] if name in answers else self._known[name] for name in names]

    def _strong(self, answer: _Answer, signed: Signed) -> _Answer:
        if isinstance(answer, SignatureProblem):
            return answer
        fault = _fault(self._parts[answer.fingerprint], digest(signature_packet(signed.signature or b"")))
        return SignatureProblem(*fault, fingerprint=answer.primary) if fault else answer


def _unclear(answer: _Answer) -> bool:
    return isinstance(answer, SignatureProblem) and answer.code == "GM-T042"


def _fault(part: KeyPart, digest_id: int) -> tuple[str, str] | None:
    """Code and reason why a signature that fits does not count: what SSH signatures are held to as well."""
    if part.algorithm == DSA:
        return "GM-T020", "a DSA key"
    if part.algorithm in RSA and part.bits not in RSA_BITS:
        return "GM-T022", f"an RSA key of {part.bits} bits; at least 2048 are needed"
    if digest_id not in _DIGESTS:
        return "GM-T018", f"made with the weak or unknown OpenPGP digest {digest_id}"
    return None


def _name(signed: Signed) -> bytes:
    signature = signed.signature or b""
    return sha256(b"%d:" % len(signature) + signature + signed.payload).digest()


@lru_cache(maxsize=4)
def _home(keys: tuple[str, ...]) -> _Home:
    return _Home(keys)
