"""The outcome of a push, read from ``git push --porcelain``: ``<flag> TAB <from>:<to> TAB <summary> (<reason>)``."""

import re
from collections.abc import Sequence

from gitops_models.errors import GmError
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass
from gitops_models.store.gitcli import Completed
from gitops_models.store.refs import RefUpdate
from gitops_models.store.refusals import remote_lines, said_lines, transport_error

_LINE = re.compile(
    r"^(?P<flag>[ +\-*!=])\t(?P<source>[^:\t]*):(?P<name>[^\t]+)\t(?P<summary>.*?)(?: \((?P<reason>.*)\))?$"
)
# Refs that were refused only because another one in the same atomic push was.
_COLLATERAL = frozenset({"atomic push failed", "atomic push failure"})
# The remote compared the ref with what it told us moments ago and found another push had been quicker.
_BUSY = re.compile(r"failed to update ref|atomic transaction failed|cannot lock ref|failed to lock|incorrect old value")
# The receiving git died or ran out of room: that is no judgement, unless it complains about the objects themselves.
_BROKEN = re.compile(r"unpacker error|failed to report status")
_BAD_OBJECTS = re.compile(r"fsck error|error: object [0-9a-f]{40}: ")
# Our own hook saw the same before git could: what it says about an older state would be no refusal of this push.
_OVERTAKEN = "error[GM-F310]"
_STALE = re.compile(r"stale info|fetch first|non-fast-forward|needs force|already exists|remote ref updated since")


@dataclass(frozen=True)
class PushedRef:
    """What happened to one ref: git's flag (``!`` is refused), its summary and the reason in brackets."""

    name: str
    flag: str
    summary: str
    reason: str

    @property
    def refused(self) -> bool:
        """Whether the ref did not move."""
        return self.flag == "!"

    @property
    def by_remote(self) -> bool:
        """Whether the other side refused (our own git refuses stale leases before it sends anything)."""
        return self.summary.startswith("[remote rejected]") or self.summary.startswith("[remote failure]")


@dataclass(frozen=True)
class PushResult:
    """A push that went through: every ref with its outcome, and what the remote's hooks said."""

    remote: str
    refs: tuple[PushedRef, ...]
    lines: tuple[str, ...]


def read_push(remote: str, updates: Sequence[RefUpdate], done: Completed) -> PushResult:
    """Give the result of a finished push, or raise what stopped it."""
    refs = parse_porcelain(done.stdout.decode("utf-8", "surrogateescape"))
    refused = [ref for ref in refs if ref.refused and ref.reason not in _COLLATERAL]
    if done.status == 0:
        return PushResult(remote, refs, remote_lines(done.stderr))
    if not refused:
        raise transport_error(remote, done.stderr)
    raise _refusal(remote, updates, refused, done.stderr)


def parse_porcelain(text: str) -> tuple[PushedRef, ...]:
    """Read the lines of ``git push --porcelain``; others (``To …``, ``Done``) are left out."""
    matches = (_LINE.match(line) for line in text.split("\n"))
    return tuple(PushedRef(m["name"], m["flag"], m["summary"], m["reason"] or "") for m in matches if m)


def _refusal(remote: str, updates: Sequence[RefUpdate], refused: Sequence[PushedRef], stderr: str) -> GmError:
    new_tags = {update.name for update in updates if update.old is None and update.name.startswith("refs/tags/")}
    stale = [ref for ref in refused if not ref.by_remote and _STALE.search(ref.reason)]
    taken = [ref for ref in stale if ref.name in new_tags]
    if taken:
        tag = visible(taken[0].name.removeprefix("refs/tags/"))
        return GmError("GM-S205", f"{visible(remote)} already has the tag {tag}", where=visible(taken[0].name))
    if stale:
        name = visible(stale[0].name)
        return GmError("GM-S204", f"{name} at {visible(remote)} has moved since it was read", where=name)
    first = refused[0]
    name, reason = visible(first.name), visible(first.reason or first.summary)
    told = remote_lines(stderr)
    if all(_BROKEN.search(ref.reason) for ref in refused) and not _BAD_OBJECTS.search(stderr):
        return GmError("GM-S210", f"{visible(remote)}: the transfer failed: {reason}", details=said_lines(stderr))
    if all(_BUSY.search(ref.reason) for ref in refused) or any(line.startswith(_OVERTAKEN) for line in told):
        message = f"{name} at {visible(remote)} was being moved by somebody else: {reason}"
        return GmError("GM-S209", message, where=name, details=told)
    lines = told or said_lines(stderr)
    return GmError("GM-S203", f"{visible(remote)} refused {name}: {reason}", where=name, details=lines)
