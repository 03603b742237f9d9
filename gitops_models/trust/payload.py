"""What exactly a signature in a commit or tag covers (gitformat-signature), read more strictly than git reads it.

A commit is the raw object without its ``gpgsig`` header; a tag is everything before its last armor. The headers must
stand in the fixed order, each in its place once. After the committer only ``encoding`` and ``gpgsig`` are allowed:
``gm`` and ``git commit`` write nothing else, and a header that one reader skips and another obeys is a place to hide.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitops_models.registry.values import dataclass
from gitops_models.trust.armor import BEGIN
from gitops_models.trust.problem import SignatureProblem

if TYPE_CHECKING:
    from gitops_models.policy.facts import SignatureScheme

__all__ = ["Signed", "Who", "commit_payload", "tag_payload"]

_WHO = re.compile(rb"[^<>\n]*<([^<>\n]*)> (\d{1,11}) [+-]\d{4}")
_OID = re.compile(rb"[0-9a-f]{40}")
_NAME = re.compile(rb"[^\n ]+")
_COMMIT_ORDER = (b"tree", b"parent", b"author", b"committer")
_COMMIT_LATER = frozenset({b"encoding", b"gpgsig"})
_TAG_ORDER = (b"object", b"type", b"tag", b"tagger")
_REPEATED = frozenset({b"parent"})
_FORMS = {
    b"tree": _OID,
    b"parent": _OID,
    b"object": _OID,
    b"type": _NAME,
    b"tag": _NAME,
    b"encoding": _NAME,
}
_GPG = (b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN PGP MESSAGE-----")
_X509 = b"-----BEGIN SIGNED MESSAGE-----"


@dataclass(frozen=True)
class Who:
    """The committer or tagger as the object states it: claims, until the signature is matched with a person."""

    email: str
    at: datetime


@dataclass(frozen=True)
class Signed:
    """A signed object taken apart; ``signature`` is None when it has none. ``target`` and ``name`` are a tag's."""

    payload: bytes
    signature: bytes | None
    who: Who
    target: str = ""
    name: str = ""

    @property
    def scheme(self) -> "SignatureScheme | None":
        """Which kind of signature it carries, by the armor's first words as git tells them; SSH also for garbage."""
        if self.signature is None:
            return None
        if self.signature.startswith(_GPG):
            return "gpg"
        return "x509" if self.signature.startswith(_X509) else "ssh"


@dataclass(frozen=True)
class _Header:
    name: bytes
    value: bytes


def commit_payload(raw: bytes) -> Signed:
    """Take the raw commit object ``raw`` apart.

    Raises ``SignatureProblem`` GM-T030 to GM-T035 for a form that git and gm never write.
    """
    headers, message = _split(raw)
    fields = _read(headers, _COMMIT_ORDER, _COMMIT_LATER)
    _who(fields[b"author"])
    payload = b"".join(_lines_without_signature(headers)) + b"\n" + message
    return Signed(payload, fields.get(b"gpgsig"), _who(fields[b"committer"]))


def tag_payload(raw: bytes) -> Signed:
    """Take the raw tag object ``raw`` apart; its signature is the armor at its end.

    Raises ``SignatureProblem`` GM-T030 to GM-T035 and GM-T039 as for commits.
    """
    headers, _ = _split(raw)
    fields = _read(headers, _TAG_ORDER, frozenset())
    payload, signature = _cut_armor(raw)
    target, name = fields[b"object"].decode(), fields[b"tag"].decode("utf-8", "replace")
    if fields[b"type"] != b"commit":
        raise SignatureProblem("GM-T039", "the tag stands for something else than a commit")
    return Signed(payload, signature, _who(fields[b"tagger"]), target, name)


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if b"\0" in raw:
        raise SignatureProblem("GM-T032", "a NUL byte: readers of C strings would see another text")
    head, blank, message = raw.partition(b"\n\n")
    if not blank:
        raise SignatureProblem("GM-T035", "no blank line after the headers")
    return head + b"\n", message


def _headers(head: bytes) -> Iterator[_Header]:
    """Yield each header, the continuation lines of ``gpgsig`` joined to it."""
    for line in re.split(rb"\n(?! )", head[:-1]):
        name, space, value = line.partition(b" ")
        if not space or (b"\n" in value and name != b"gpgsig"):
            raise SignatureProblem("GM-T035", "a header without a value, or with a second line")
        yield _Header(name, value.replace(b"\n ", b"\n"))


def _read(head: bytes, order: tuple[bytes, ...], later: frozenset[bytes]) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    place = 0
    for header in _headers(head):
        _check_known(header.name, fields, order, later)
        position = order.index(header.name) if header.name in order else len(order)
        if position < place:
            raise SignatureProblem("GM-T035", f"header {_shown(header.name)} out of its place")
        place = position
        _check_form(header)
        fields[header.name] = header.value
    missing = [name for name in order if name not in fields and name not in _REPEATED]
    if missing:
        raise SignatureProblem("GM-T035", f"no {_shown(missing[0])} header")
    return fields


def _check_known(name: bytes, fields: dict[bytes, bytes], order: tuple[bytes, ...], later: frozenset[bytes]) -> None:
    if name.startswith(b"gpgsig") and (name != b"gpgsig" or name not in later):
        raise SignatureProblem("GM-T030", f"header {_shown(name)} poses as a signature")
    if name not in order and name not in later:
        raise SignatureProblem("GM-T034", f"header {_shown(name)} is not allowed on governed history")
    if name in fields and name not in _REPEATED:
        code = "GM-T031" if name == b"gpgsig" else "GM-T033"
        raise SignatureProblem(code, f"a second {_shown(name)} header")


def _check_form(header: _Header) -> None:
    form = _FORMS.get(header.name)
    if form and not form.fullmatch(header.value):
        raise SignatureProblem("GM-T035", f"header {_shown(header.name)} is malformed")


def _lines_without_signature(head: bytes) -> Iterator[bytes]:
    for line in re.split(rb"(?<=\n)(?! )", head):
        if not line.startswith(b"gpgsig "):
            yield line


def _cut_armor(raw: bytes) -> tuple[bytes, bytes | None]:
    starts = [at.start() for at in re.finditer(rb"^-----BEGIN ", raw, re.MULTILINE)]
    armors = [at for at in starts if raw.startswith((BEGIN, *_GPG, _X509), at)]
    if not armors:
        return raw, None
    if len(armors) > 1:
        raise SignatureProblem("GM-T031", "more than one signature in the tag")
    return raw[: armors[0]], raw[armors[0] :]


def _who(value: bytes) -> Who:
    match = _WHO.fullmatch(value)
    if match is None:
        raise SignatureProblem("GM-T035", "author, committer or tagger is not `name <email> seconds zone`")
    return Who(match[1].decode("utf-8", "replace"), datetime.fromtimestamp(int(match[2]), UTC))


def _shown(name: bytes) -> str:
    return repr(name.decode("utf-8", "replace"))
