"""The accepted people as an allowed_signers file, so that plain git and ssh-keygen can check what they signed.

Plain git knows no people file, so what it cannot know is left out or written as an option: a compromised key and a
suspended person are left out, ``until`` becomes ``valid-before`` (which git holds against the committer's date, a
claim), namespaces become ``namespaces``. A line that ssh-keygen cannot read makes it give up on all that follow, so
nothing of a document gets into a line that is not known to be harmless there. Whom a file leaves out, it says.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gitops_models.trust.keys import read_key_line
from gitops_models.trust.problem import SignatureProblem

if TYPE_CHECKING:
    from gitops_models.registry.documents import ForgeKey, People, Person, SshKey, Workload

    Member = Person | Workload | ForgeKey

__all__ = ["write_allowed_signers"]

_UNSAFE = re.compile(r"[^\w.%+=/@-]")


def write_allowed_signers(people: "People") -> str:
    """Return a line for every SSH key whose signatures count: of persons, workloads and forges, by their addresses.

    Dates need OpenSSH 9.1 (the ``Z``); a file without any ``until`` is read by every OpenSSH that signs.
    """
    members: list[Member] = [*people.people, *people.workloads, *people.forges]
    compromised = {entry.fingerprint for entry in people.compromised}
    return "".join(f"{line}\n" for member in members for line in _lines(member, compromised))


def _lines(member: "Member", compromised: set[str]) -> Iterator[str]:
    if getattr(member, "suspended", False):
        yield f"# {member.id}: suspended, left out"
        return
    for key in member.keys:
        if key.type != "ssh":
            continue
        why = _flaw(key, compromised)
        yield f"# {member.id}: {key.fingerprint} {why}, left out" if why else _line(member, key)


def _flaw(key: "SshKey", compromised: set[str]) -> str | None:
    if key.fingerprint in compromised:
        return "is declared compromised"
    if key.namespaces is not None and not _plain(key.namespaces):
        return "is for no namespace that can be written here"
    try:
        read_key_line(key.key)
    except SignatureProblem as problem:
        return f"never counts ({problem.code})"
    return None


def _line(member: "Member", key: "SshKey") -> str:
    # A comma, quote or wildcard in an address would make the line speak for others as well.
    principals = ",".join(_plain(member.emails)) or member.id
    options = [f'namespaces="{",".join(_plain(key.namespaces))}"'] if key.namespaces is not None else []
    until = getattr(member, "until", None)
    if until:
        options.append(f'valid-before="{until.replace("-", "")}235959Z"')
    return " ".join([principals, *([",".join(options)] if options else []), read_key_line(key.key).line])


def _plain(words: Iterable[str]) -> list[str]:
    """The words that mean nothing but themselves in a pattern list: there ``*`` or ``!`` would say something else."""
    return [word for word in words if not _UNSAFE.search(word)]
