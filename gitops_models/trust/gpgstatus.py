"""What ``gpg --status-fd --verify-files`` says about each file (gnupg, doc/DETAILS), and what that amounts to."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gitops_models.registry.values import dataclass
from gitops_models.trust.keyrings import Standing
from gitops_models.trust.problem import SignatureProblem

__all__ = ["KEY_EXPIRED", "REVOKED", "Found", "read_status"]

_PREFIX = "[GNUPG:] "
_UNKNOWN = SignatureProblem("GM-T042", "gpg cannot tell what the signature is worth", verdict="untrusted")
_BAD = SignatureProblem("GM-T003", "the signature does not fit the signed bytes", verdict="bad")
_NO_KEY = SignatureProblem("GM-T002", "signed by a GPG key that was not given", verdict="untrusted")
_WORDS = frozenset({"GOODSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG"})
KEY_EXPIRED = Standing("expired", "GM-T004", "the GPG key has expired")
REVOKED = Standing("revoked", "GM-T005", "the GPG key is revoked")
_STANDINGS = {
    "EXPSIG": Standing("expired", "GM-T004", "the signature has expired"),
    "EXPKEYSIG": KEY_EXPIRED,
    "REVKEYSIG": REVOKED,
}
_NO_PUBLIC_KEY = "9"
_FINGERPRINT, _EXPIRES, _PRIMARY = 0, 3, 9
_REASON = 5


@dataclass(frozen=True)
class Found:
    """What gpg found in one file: a problem, or a key with what is wrong with it (``standing`` None: nothing)."""

    problem: SignatureProblem | None = _UNKNOWN
    standing: Standing | None = None
    fingerprint: str = ""
    primary: str = ""
    expires: int | None = None


def read_status(status: bytes) -> Mapping[str, Found]:
    """Return what gpg says, by file name; a file of which it says nothing is missing."""
    return {name: _judge(words) for name, words in _files(status)}


def _files(status: bytes) -> Iterator[tuple[str, list[list[str]]]]:
    name, words = "", list[list[str]]()
    for line in status.decode("utf-8", "replace").split("\n"):
        word, *arguments = line.removeprefix(_PREFIX).split(" ")
        if word == "FILE_START":
            name, words = arguments[-1], []
        elif word == "FILE_DONE":
            yield name, words
        elif line.startswith(_PREFIX):
            words.append([word, *arguments])


def _judge(words: list[list[str]]) -> Found:
    verdicts = [word for word in words if word[0] in _WORDS]
    valid = [word[1:] for word in words if word[0] == "VALIDSIG"]
    if len(verdicts) != 1:
        return Found()
    kind, *arguments = verdicts[0]
    if kind == "BADSIG":
        return Found(_BAD)
    if kind == "ERRSIG":
        return Found(_NO_KEY if arguments[_REASON : _REASON + 1] == [_NO_PUBLIC_KEY] else _UNKNOWN)
    if len(valid) != 1 or len(valid[0]) <= _PRIMARY:
        return Found()
    return replace(_key(valid[0]), standing=_STANDINGS.get(kind))


def _key(valid: list[str]) -> Found:
    expires = int(valid[_EXPIRES]) if valid[_EXPIRES].isdecimal() else 0
    return Found(None, None, valid[_FINGERPRINT], valid[_PRIMARY], expires or None)
