"""Signing commits and tags with the user's own GPG: ``gpg.program`` and ``user.signingkey`` as git reads them.

The program is run with an argument list and no shell, and what it gives back is checked in this process against the
key that it was asked for, so a wrapper that signs with another key, or not at all, is noticed here. Decisions and the
other records of the ledger are SSH signatures; somebody who signs Git objects with GPG names an SSH key for them.
"""

import base64
import os
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.gpgstatus import KEY_EXPIRED, Found
from gitops_models.trust.payload import Signed, Who
from gitops_models.trust.peoplegpg import find_with
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.signing import SshSigner

__all__ = ["RECORD_KEY", "GpgSigner", "gpg_signer"]

RECORD_KEY = "gm.signingkey"
_GIT = "git"
_UNATTENDED_SECONDS = 60.0
_ATTENDED_SECONDS = 300.0
_FINGERPRINT = 9
_NOBODY = Who("", datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True)
class GpgSigner:
    """Signs Git objects with the GPG key ``key`` (as ``user.signingkey`` names it), records with ``records``.

    ``fingerprint`` is that of the primary key. ``interactive`` lets gpg ask for a passphrase.
    """

    key: str
    fingerprint: str
    program: str = "gpg"
    interactive: bool = False
    records: SshSigner | None = None

    @cached_property
    def public_key(self) -> str:
        """The public key as people.yaml holds it; GM-T209 when the program does not give it."""
        words = ("--export-options=export-minimal", "--export", self.fingerprint)
        exported = base64.b64encode(_run(self.program, words, interactive=False)).decode()
        if not exported:
            raise GmError("GM-T209", f"{self.program} has no public key {self.fingerprint}", where=self.key)
        return exported

    @property
    def also(self) -> tuple[str, ...]:
        """The fingerprints of further keys that belong to whoever signs with this one."""
        return () if self.records is None else (self.records.fingerprint,)

    def sign(self, data: bytes, namespace: str) -> str:
        """Return the armored signature.

        Raises GM-T207 (anything but a Git object, and no SSH key for it), GM-T208 (no signature by this key), GM-T302
        (the program is not there).
        """
        if namespace != _GIT:
            return self.in_namespace(namespace).sign(data, namespace)
        words = ("--armor", "--detach-sign", f"--local-user={self.key}")
        armored = _run(self.program, words, stdin=data, interactive=self.interactive)
        self._check(data, armored)
        return armored.decode("ascii")

    def in_namespace(self, namespace: str) -> "GpgSigner | SshSigner":
        """Return who signs in ``namespace``; GM-T207 when that needs an SSH key and none is named."""
        if namespace == _GIT:
            return self
        if self.records is None:
            raise GmError("GM-T207", "git is set to sign with GPG, and no SSH key is named", where=RECORD_KEY)
        return self.records

    def _check(self, data: bytes, armored: bytes) -> None:
        (found,) = find_with((self.public_key,), [Signed(data, armored, _NOBODY)])
        if isinstance(found, SignatureProblem):
            raise GmError("GM-T208", f"{self.program} made no usable signature: {found.detail} ({found.code})")
        if not _fits(found) or found.primary != self.fingerprint:
            raise GmError("GM-T208", f"{self.program} did not sign with a valid key of {self.fingerprint}")


def gpg_signer(
    get: Callable[[str], str | None], *, interactive: bool = False, records: SshSigner | None = None
) -> GpgSigner:
    """Make the signer that the user's git configuration names; without ``user.signingkey`` it is the user's own name.

    Raises GM-T209 for a key that is not there or is not the only one of that name, GM-T302 for no program.
    """
    program = get("gpg.openpgp.program") or get("gpg.program") or "gpg"
    if program.startswith("~"):
        program = str(Path(program).expanduser())
    key = get("user.signingkey") or f"{get('user.name') or ''} <{get('user.email') or ''}>"
    return GpgSigner(key, _primary(program, key), program, interactive, records)


def _fits(found: Found) -> bool:
    # Told a time after all expiries, the checking gpg calls every key that has one expired.
    return found.standing is None or found.standing == KEY_EXPIRED


def _primary(program: str, key: str) -> str:
    listing = _run(program, ("--with-colons", "--list-secret-keys", "--", key), interactive=False, where=key)
    records = [line.split(":") for line in listing.decode("utf-8", "replace").split("\n")]
    after = [later for one, later in pairwise(records) if one[0] == "sec"]
    named = [one[_FINGERPRINT] for one in after if one[0] == "fpr" and len(one) > _FINGERPRINT]
    if len(named) != 1:
        raise GmError("GM-T209", f"{program} has {len(named)} private keys called {key}", where=key)
    return named[0]


def _run(
    program: str, words: Sequence[str], *, interactive: bool, stdin: bytes = b"", where: str | None = None
) -> bytes:
    quiet = [] if interactive else ["--batch", "--no-tty", "--pinentry-mode=error"]
    try:
        done = subprocess.run(
            [program, *quiet, *words],
            input=stdin,
            capture_output=True,
            timeout=_ATTENDED_SECONDS if interactive else _UNATTENDED_SECONDS,
            env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"},
            start_new_session=not interactive,
            check=False,
        )
    except FileNotFoundError as error:
        raise GmError("GM-T302", f"{program} is not there", where="gpg.program") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GmError("GM-T208", f"{program} did not finish: {type(error).__name__}", where=where) from error
    if done.returncode:
        raise _failure(program, done.stderr.decode("utf-8", "replace"), where)
    return done.stdout


def _failure(program: str, said: str, where: str | None) -> GmError:
    lines = [line for line in said.splitlines() if line.strip()] or ["no reason given"]
    code = "GM-T209" if "No secret key" in said or "not found" in said else "GM-T208"
    return GmError(code, f"{program}: {lines[-1]}", where=where, details=lines[:-1])
