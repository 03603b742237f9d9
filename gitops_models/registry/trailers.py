"""Commit messages with trailers. They make plain `git log` readable; they are claims, never facts.

Format: git-interpret-trailers(1), restricted to single-line values that we write ourselves.
"""

import re
from collections.abc import Iterable, Iterator

from gitops_models.errors import GmError
from gitops_models.registry import events as ev
from gitops_models.registry.text import UNSAFE, visible
from gitops_models.registry.values import dataclass

GM_EVENT = "Gm-Event"
GM_MODEL = "Gm-Model"
GM_STAGE = "Gm-Stage"
GM_FROM = "Gm-From"
GM_TO = "Gm-To"
GM_RISK = "Gm-Risk"
GM_REASON = "Gm-Reason"
GM_CAUSE = "Gm-Cause"
GM_TECHNIQUE = "Gm-Technique"
GM_INCIDENT = "Gm-Incident"
GM_IMPACT = "Gm-Impact"
GM_CHANGE = "Gm-Change"
REVERTS = "Reverts"
APPROVED_BY = "Approved-by"
Pair = tuple[str, str]

_KEY = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_TRAILER = re.compile(r"([A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)[ \t]*:[ \t]*(.*)")
_SPACES = re.compile(r"[ \t\r\n]+")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Trailers:
    """Trailers in the order written; keys compare without case, as in Git."""

    pairs: tuple[Pair, ...] = ()

    def get(self, key: str) -> str | None:
        """Return the last value of a key, as Git's own tools take it, or None."""
        values = self.all(key)
        return values[-1] if values else None

    def all(self, key: str) -> tuple[str, ...]:
        """Return every value of a key."""
        return tuple(value for found, value in self.pairs if found.lower() == key.lower())

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)


def parse_trailers(message: str) -> Trailers:
    """Return the trailers of a commit message: its last paragraph, if that is not the subject and nothing else.

    A line that starts with white space continues the one above (as Git folds them). Never raises.
    """
    paragraphs = _PARAGRAPH.split(message.replace("\r\n", "\n").strip())
    if len(paragraphs) == 1:
        return Trailers()
    pairs: list[Pair] = []
    for line in paragraphs[-1].strip("\n").split("\n"):
        found = _TRAILER.fullmatch(line)
        if found:
            pairs.append((found.group(1), found.group(2).strip()))
        elif pairs and line[:1] in (" ", "\t"):
            key, value = pairs[-1]
            pairs[-1] = (key, f"{value} {line.strip()}")
        else:
            return Trailers()
    return Trailers(tuple(pairs))


def single_line(text: str) -> str:
    """Return ``text`` on one line; ``GM-D040`` for control, escape and bidirectional characters."""
    return _clean(_SPACES.sub(" ", text).strip(" "))


def _clean(line: str) -> str:
    if UNSAFE.search(line):
        raise GmError("GM-D040", f"characters not allowed in `{visible(line)}`")
    return line


def render_trailers(pairs: Iterable[Pair]) -> str:
    """Return one ``Key: value`` line per pair; pairs without a value are left out.

    Raises ``GM-D041`` for a key that is none, ``GM-D040`` for characters a value may not have.
    """
    lines = [(_key(key), single_line(value)) for key, value in pairs]
    return "".join(f"{key}: {value}\n" for key, value in lines if value)


def _key(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise GmError("GM-D041", f"`{visible(key)}` is not a trailer key")
    return key


def commit_message(subject: str, body: str, pairs: Iterable[Pair]) -> str:
    """Return a whole message: subject line, optional body, trailers as the last paragraph.

    Text that a caller passes through (a reason, a name) cannot add trailers: the subject becomes one line, and only
    the last paragraph counts. A body that would be read as trailers
    where there are none gets a closing line.
    """
    lines = [_clean(line.expandtabs().rstrip()) for line in body.replace("\r\n", "\n").split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    trailers = render_trailers(pairs)
    parts = [single_line(subject) or "(no subject)", text, trailers.rstrip("\n")]
    message = "\n\n".join(part for part in parts if part) + "\n"
    return message if trailers or not parse_trailers(message).pairs else f"{message}\n--\n"


def event_trailers(event: ev.Event) -> tuple[Pair, ...]:
    """Return the trailers that state one event: event, model, stage, from, to (or the only version meant)."""
    pairs = [(GM_EVENT, event.name)]
    for key, name in _FIELDS:
        value = getattr(event, name, None)
        if value is not None:
            pairs.append((key, str(value)))
    return tuple(pairs)


_FIELDS = (
    (GM_MODEL, "model"),
    (GM_STAGE, "stage"),
    (GM_FROM, "from_version"),
    (GM_TO, "to_version"),
    (GM_TO, "version"),
)
