"""Commits and tags as values, parsed from their raw bytes.

Parsed by us and tolerantly: public histories hold commits with missing e-mails, broken dates and garbage headers, and a
walk must go on past them. Strictness about signatures belongs to trust, which works on ``raw``. Format: gitformat of
``git cat-file commit`` and ``git cat-file tag``.
"""

import re

from gitops_models.registry.values import dataclass

_IDENT = re.compile(r"^(?P<name>.*?) ?<(?P<email>[^>]*)>? ?(?P<time>-?\d{1,15})? ?(?P<offset>[+-]\d{4})?", re.DOTALL)
# Git takes capitals too, and so must whoever follows the same history; trust refuses them.
_HEAD = re.compile(rb"tree [0-9a-fA-F]{40}\n((?:parent [0-9a-fA-F]{40}\n)*)")
_PARENT = re.compile(rb"parent ([0-9a-fA-F]{40})\n")


@dataclass(frozen=True)
class Ident:
    """Who and when, as claimed: ``time`` in seconds since 1970 (0 when unreadable), ``offset`` in minutes east."""

    name: str
    email: str
    time: int
    offset: int = 0

    def render(self) -> str:
        """Write the text of an author, committer or tagger header."""
        sign = "-" if self.offset < 0 else "+"
        hours, minutes = divmod(abs(self.offset), 60)
        return f"{self.name} <{self.email}> {self.time} {sign}{hours:02d}{minutes:02d}"


@dataclass(frozen=True)
class Commit:
    """One commit. ``raw`` are the exact bytes that its id and its signature speak for."""

    oid: str
    tree: str
    parents: tuple[str, ...]
    author: Ident
    committer: Ident
    message: str
    raw: bytes

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True)
class Tag:
    """One annotated tag. ``name`` is what the object says, which need not be the ref it was found at."""

    oid: str
    target: str
    target_type: str
    name: str
    tagger: Ident
    message: str
    raw: bytes


def parse_commit(oid: str, raw: bytes) -> Commit:
    """Read a commit's bytes; whatever cannot be read comes out empty."""
    headers, message = _split(raw)
    return Commit(
        oid=oid,
        tree=_first(headers, "tree").lower(),
        parents=parse_parents(raw) or (),
        author=parse_ident(_first(headers, "author")),
        committer=parse_ident(_first(headers, "committer")),
        message=message,
        raw=raw,
    )


def parse_parents(raw: bytes) -> tuple[str, ...] | None:
    """Read the parents from a commit's bytes as Git does: the lines right after the tree, and no later ones.

    None where the commit has no readable head. A `parent` header further down is none to Git; whoever took it for one
    would judge another history than the one that is fetched and checked out.
    """
    match = _HEAD.match(raw)
    return None if match is None else tuple(found.decode().lower() for found in _PARENT.findall(match[1]))


def parse_tag(oid: str, raw: bytes) -> Tag:
    """Read an annotated tag's bytes; the message includes an armored signature when there is one."""
    headers, message = _split(raw)
    return Tag(
        oid=oid,
        target=_first(headers, "object"),
        target_type=_first(headers, "type"),
        name=_first(headers, "tag"),
        tagger=parse_ident(_first(headers, "tagger")),
        message=message,
        raw=raw,
    )


def parse_ident(text: str) -> Ident:
    """Read ``name <email> seconds +hhmm`` as far as it goes."""
    match = _IDENT.match(text)
    if match is None:
        return Ident(text, "", 0)
    return Ident(match["name"], match["email"], int(match["time"] or 0), _minutes(match["offset"] or "+0000"))


def _minutes(offset: str) -> int:
    sign = -1 if offset.startswith("-") else 1
    return sign * (int(offset[1:3]) * 60 + int(offset[3:5]))


def _split(raw: bytes) -> tuple[list[tuple[str, str]], str]:
    """Headers in order (continuation lines dropped: only signatures have them) and the message."""
    head, _, message = raw.partition(b"\n\n")
    headers = []
    for line in head.split(b"\n"):
        if line.startswith(b" "):
            continue
        key, _, value = line.partition(b" ")
        headers.append((_text(key), _text(value)))
    return headers, _text(message)


def _first(headers: list[tuple[str, str]], name: str) -> str:
    return next((value for key, value in headers if key == name), "")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
