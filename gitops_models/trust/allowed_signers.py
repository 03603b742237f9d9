"""The allowed_signers file of ssh-keygen(1), for ``git verify-commit`` and the plumbing ``gm trust verify``.

Governed history does not use it: there the accepted people file decides, without dates. A line that cannot be read is
an error, because skipping it would silently change who is trusted.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyrings import Standing
from gitops_models.trust.keys import PublicKey, read_key_line
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.signeroptions import read_options

if TYPE_CHECKING:
    from gitops_models.trust.certificates import Certificate

__all__ = ["AllowedSigner", "AllowedSignersKeyring", "parse_allowed_signers"]

_PRINCIPALS = re.compile(r'\s*(?:"([^"]*)"|([^\s"]+))\s+')
_OPTIONS = re.compile(r'((?:[^\s"]|"(?:[^"\\]|\\.)*")+)\s+(\S+\s+\S.*)')


@dataclass(frozen=True)
class AllowedSigner:
    """One line: who may sign, with which key, for what and when."""

    patterns: tuple[str, ...]
    key: PublicKey
    namespaces: tuple[str, ...] | None = None
    valid_after: datetime | None = None
    valid_before: datetime | None = None
    authority: bool = False

    @property
    def principals(self) -> tuple[str, ...]:
        """The patterns that speak for themselves: a list of negations alone names nobody, in ssh-keygen too."""
        return tuple(pattern for pattern in self.patterns if not pattern.startswith("!") and self.names(pattern))

    def covers(self, namespace: str) -> bool:
        """Whether the line is for signatures in ``namespace`` (a pattern list)."""
        return self.namespaces is None or _matches(namespace, self.namespaces)

    def names(self, principal: str) -> bool:
        """Whether ``principal`` is among the line's patterns (``*``, ``?`` and ``!`` as in ssh-keygen)."""
        return _matches(principal, self.patterns)


class AllowedSignersKeyring:
    """A keyring over the lines of one file; ``principal`` limits it to the lines that name that principal."""

    def __init__(self, signers: Iterable[AllowedSigner], *, principal: str | None = None) -> None:
        named = [line for line in signers if principal is None or line.names(principal)]
        self._principal = principal
        self._lines: dict[str, list[AllowedSigner]] = {}
        for line in named:
            self._lines.setdefault(line.key.fingerprint, []).append(line)

    def lookup(self, fingerprint: str, namespace: str, at: datetime | None) -> Standing:
        """Say how the key stands; GM-T002 unknown, GM-T007 other namespace, GM-T004 outside its dates."""
        lines = [line for line in self._lines.get(fingerprint, ()) if not line.authority and line.principals]
        if not lines:
            return Standing("untrusted", "GM-T002", f"no allowed signer has key {fingerprint}")
        return _standing(lines, f"key {fingerprint}", namespace, at, lambda line: line.principals)

    def vouch(self, certificate: "Certificate", namespace: str, at: datetime | None) -> Standing:
        """Say how a certified key stands.

        GM-T025 no such authority, GM-T028 certificate outside its dates, GM-T029 it names nobody whom the authority may
        name, else as for keys.
        """
        lines = [line for line in self._lines.get(certificate.authority, ()) if line.authority]
        if not lines:
            return Standing("untrusted", "GM-T025", f"no cert-authority line has key {certificate.authority}")
        if not certificate.valid(at):
            return Standing("expired", "GM-T028", "the certificate is outside its dates (time: committer)")
        lines = [line for line in lines if self._named(line, certificate)]
        if not lines:
            return Standing("untrusted", "GM-T029", "the certificate names nobody whom its authority may name here")
        what = f"authority {certificate.authority}"
        return _standing(lines, what, namespace, at, lambda line: self._named(line, certificate))

    def _named(self, line: AllowedSigner, certificate: "Certificate") -> tuple[str, ...]:
        wanted = certificate.principals if self._principal is None else (self._principal,)
        return tuple(name for name in wanted if name in certificate.principals and line.names(name))


def parse_allowed_signers(text: str, where: str, *, zone: tzinfo | None = None) -> tuple[AllowedSigner, ...]:
    """Read a whole file. Dates without ``Z`` or ``UTC`` are in ``zone`` (None: the system's, as for ssh-keygen).

    Raises GM-T300 with the line's number for anything that is not understood.
    """
    return tuple(_parse(text, where, zone))


def _parse(text: str, where: str, zone: tzinfo | None) -> Iterator[AllowedSigner]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            yield _parse_line(line, zone)
        except (ValueError, SignatureProblem) as error:
            raise GmError("GM-T300", f"line {number}: {error}", where=where) from error


def _parse_line(line: str, zone: tzinfo | None) -> AllowedSigner:
    head = _PRINCIPALS.match(line)
    if head is None:
        raise ValueError("no principals, or nothing after them")
    patterns = tuple(part for part in (head[1] or head[2] or "").split(",") if part)
    if not patterns:
        raise ValueError("no principals")
    rest = line[head.end() :].strip()
    if _is_key(rest):
        return AllowedSigner(patterns, read_key_line(rest))
    split = _OPTIONS.fullmatch(rest)
    if split is None:
        raise ValueError("options or a key expected after the principals")
    found = read_options(split[1], zone)
    spaces, after, before = found.namespaces, found.valid_after, found.valid_before
    return AllowedSigner(patterns, read_key_line(split[2]), spaces, after, before, found.authority)


def _is_key(rest: str) -> bool:
    return re.match(r"(ssh-|ecdsa-|sk-)\S+\s", rest) is not None


def _standing(
    lines: list[AllowedSigner],
    what: str,
    namespace: str,
    at: datetime | None,
    names: Callable[[AllowedSigner], tuple[str, ...]],
) -> Standing:
    meant = [line for line in lines if line.covers(namespace)]
    if not meant:
        return Standing("untrusted", "GM-T007", f"{what} is not allowed for {namespace!r}")
    valid = [line for line in meant if _in_time(line, at)]
    if not valid:
        return Standing("expired", "GM-T004", f"{what} is outside its dates (time: committer)")
    return Standing("good", principals=tuple(name for line in valid for name in names(line)))


def _in_time(line: AllowedSigner, at: datetime | None) -> bool:
    if line.valid_after is None and line.valid_before is None:
        return True
    if at is None:
        return False
    return (line.valid_after is None or at >= line.valid_after) and (
        line.valid_before is None or at <= line.valid_before
    )


def _matches(text: str, patterns: Iterable[str]) -> bool:
    """Match as OpenSSH does: a negated pattern that fits decides against, whatever else fits."""
    found = False
    for pattern in patterns:
        fits = _glob(pattern.removeprefix("!")).fullmatch(text) is not None
        if fits and pattern.startswith("!"):
            return False
        found = found or fits
    return found


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> "re.Pattern[str]":
    # fnmatch would also read [...] as a set; ssh-keygen knows only * and ?.
    return re.compile(translate(pattern.replace("[", "[[]")))
