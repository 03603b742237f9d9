"""What git says when a transfer fails, mapped to codes. The texts are git's own in the C locale (2.34 to 2.5x)."""

import re
from collections.abc import Sequence

from gitops_models.errors import GmError
from gitops_models.registry.text import visible

# What this machine's own git says when it cannot write; lines of the other side begin with "remote: ".
DISK = re.compile(
    r"^(?:fatal|error): .*(?:No space left on device|Out of diskspace|Disk quota exceeded|Input/output error"
    r"|Read-only file system|couldn't write '|fsync error on '|temporary file: Permission denied)",
    re.MULTILINE,
)
_FAILURES = (
    ("GM-S206", "does not support atomic pushes", re.compile(r"does not support --atomic")),
    ("GM-S017", "is refused", re.compile(r"transport '.*' not allowed|strange hostname|strange pathname")),
    ("GM-S207", "does not have what was asked for", re.compile(r"couldn't find remote ref|not our ref")),
    (
        "GM-S202",
        "refused the credentials",
        re.compile(
            r"Permission denied \(|Authentication failed|could not read (Username|Password)|returned error: 40[13]"
            r"|Host key verification failed|terminal prompts disabled|Too many authentication failures"
        ),
    ),
    (
        "GM-S208",
        "sent objects that fail Git's checks",
        re.compile(r"fsck error|error: object [0-9a-f]{40}: |bad object|inflate:"),
    ),
    # Git's own lines alone: the other side must not be able to pass bad objects off as a full disk.
    ("GM-C003", "cannot be kept on this machine", DISK),
    ("GM-S208", "sent objects that fail Git's checks", re.compile(r"index-pack failed|unpack-objects")),
    ("GM-S102", "cannot be fetched: a ref is locked here", re.compile(r"\.lock': File exists")),
    (
        "GM-S201",
        "cannot be reached",
        re.compile(
            r"Could not resolve host|Connection (refused|timed out|reset)|unable to access|Network is unreachable"
            r"|does not appear to be a git repository|Could not read from remote|No such file or directory|hung up"
            r"|No route to host|early EOF|[Rr]epository .*not found|not a git repository|Operation timed out|dubious"
        ),
    ),
)


def transport_error(remote: str, stderr: str) -> GmError:
    """Give the error for a transfer that failed as a whole; ``details`` are git's lines, escaped."""
    lines = said_lines(stderr)
    for code, what, pattern in _FAILURES:
        if pattern.search(stderr):
            return GmError(code, f"{visible(remote)} {what}{_because(lines)}", where=visible(remote), details=lines)
    return GmError("GM-S210", f"{visible(remote)}: the transfer failed{_because(lines)}", details=lines)


def remote_lines(stderr: str) -> tuple[str, ...]:
    """Give what the other side said (hooks, servers), escaped and without git's prefix."""
    lines = (line for line in _lines(stderr) if line.startswith("remote:"))
    return tuple(visible(line.removeprefix("remote:").strip()) for line in lines if line[7:].strip())


def said_lines(stderr: str) -> tuple[str, ...]:
    """Give git's lines, escaped, without empty ones."""
    return tuple(visible(line.rstrip()) for line in _lines(stderr) if line.strip())


def _lines(stderr: str) -> list[str]:
    """Split where git does: progress ends with a carriage return, and nothing else ends a line."""
    return re.split(r"[\r\n]", stderr)


def _because(lines: Sequence[str]) -> str:
    told = [line for line in lines if line.startswith(("fatal: ", "error: "))] or list(lines)
    return f": {told[0].split(': ', 1)[-1]}" if told else ""
