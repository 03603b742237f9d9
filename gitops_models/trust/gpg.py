"""GPG signatures, checked by ``gpg`` in a home of its own that holds nothing but the keys that were given.

Read is the status channel alone, and full fingerprints are compared: gpg exits 0 for keys that nobody trusts, key ids
can be forged, and what a person's own keyring or trust database says is no fact of this repository. One process checks
many signatures: each file given to it is a signed message made of the signature packet and the payload.

What gpg itself calls valid is taken from it, also a signature with SHA-1 by an old DSA key; MD5 it refuses.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from signal import SIGKILL

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.gpgkeys import GpgKey, read_listing
from gitops_models.trust.gpgstatus import REVOKED, Found, read_status
from gitops_models.trust.keyrings import Checked, Standing
from gitops_models.trust.openpgp import literal_packet, signature_packet
from gitops_models.trust.payload import Signed
from gitops_models.trust.problem import SignatureProblem

__all__ = ["GpgKeys", "gpg_keys", "open_keys"]

_FIXED = (
    "--no-options",
    "--no-tty",
    "--no-autostart",
    "--disable-dirmngr",
    "--no-auto-key-retrieve",
    "--no-auto-check-trustdb",
    "--trust-model=always",
    "--status-fd=1",
)
_SECONDS = 60.0
_AT_ONCE = 500


class _StoppedError(GmError):
    """GM-T302: gpg cannot be run, or did not end in time; ``said`` is what it had said by then."""

    def __init__(self, message: str, said: bytes) -> None:
        super().__init__("GM-T302", message)
        self.said = said


@dataclass(frozen=True)
class GpgKeys:
    """The keys in ``home``, by full fingerprint of their primary key; see ``gpg_keys`` and ``open_keys``.

    ``options`` are given to every gpg. With ``sure``, a gpg that hangs or cannot be run is an error (GM-T302), and no
    object is blamed for it (GM-T042).
    """

    home: Path
    keys: Mapping[str, GpgKey]
    options: tuple[str, ...] = ()
    sure: bool = False

    def check(self, objects: Sequence[Signed]) -> list[Checked | SignatureProblem]:
        """Say for each object what its GPG signature is worth.

        Good is a signature that gpg calls valid, by a key that was given, for the committer's or tagger's address: a
        key speaks for the addresses in its user IDs (GM-T041). Otherwise GM-T002 (not a given key), GM-T003 (does not
        fit), GM-T004 (expired), GM-T005 (revoked), GM-T042 (gpg cannot tell), GM-T043 (not for signing), and the codes
        of ``openpgp``.
        """
        return [
            one if isinstance(one, SignatureProblem) else self._answer(one, signed)
            for one, signed in zip(self.find(objects), objects, strict=True)
        ]

    def find(self, objects: Sequence[Signed]) -> list[Found | SignatureProblem]:
        """Return what gpg finds in each object, one process for many: a key of this home, or what is wrong.

        A key that was found is one of ``keys``, and so is its part; ``standing`` speaks of expiry and revocation.
        Raises GM-T302 as ``sure`` says.
        """
        found: list[Found | SignatureProblem] = []
        for at in range(0, len(objects), _AT_ONCE):
            found += self._find(objects[at : at + _AT_ONCE])
        return found

    def _find(self, objects: Sequence[Signed]) -> list[Found | SignatureProblem]:
        taken = [_message(signed) for signed in objects]
        messages = {str(number): one for number, one in enumerate(taken) if isinstance(one, bytes)}
        said = self._verify(messages)
        return [
            one if isinstance(one, SignatureProblem) else self._known(said.get(str(number), Found()))
            for number, one in enumerate(taken)
        ]

    def _verify(self, messages: Mapping[str, bytes]) -> Mapping[str, Found]:
        found: dict[str, Found] = {}
        waiting, alone = dict(messages), False
        while waiting:
            asked = dict(islice(waiting.items(), 1)) if alone else waiting
            said, sick = self._said(asked)
            found |= said
            # The first one without a word is what gpg died over: not good (GM-T042). Where it took too long, that may
            # be the machine, or the number: the first one is asked by itself before it is blamed.
            silent = next((name for name in asked if name not in said), None)
            alone = sick is not None and len(asked) > 1
            if silent is not None and not alone:
                if sick is not None and self.sure:
                    raise sick
                found[silent] = Found()
            waiting = {name: message for name, message in waiting.items() if name not in found}
        return found

    def _said(self, messages: Mapping[str, bytes]) -> tuple[Mapping[str, Found], GmError | None]:
        """Return what was said, also before gpg was stopped, and what is wrong with gpg itself."""
        with tempfile.TemporaryDirectory(dir=self.home) as folder:
            for name, message in messages.items():
                Path(folder, name).write_bytes(message)
            try:
                return read_status(_gpg(self.home, *self.options, "--verify-files", *messages, cwd=folder)), None
            except _StoppedError as error:
                return read_status(error.said), error

    def _known(self, found: Found) -> Found | SignatureProblem:
        if found.problem is not None:
            return found.problem
        key = self.keys.get(found.primary)
        if key is None or found.fingerprint not in key.parts:
            detail = f"no given GPG key is {found.primary}"
            return SignatureProblem("GM-T002", detail, verdict="untrusted", fingerprint=found.primary)
        if found.fingerprint in key.idle:
            detail = f"part {found.fingerprint} of the GPG key is not for signing"
            return SignatureProblem("GM-T043", detail, verdict="untrusted", fingerprint=found.primary)
        # Of a key that is both expired and revoked, gpg says only the first.
        return replace(found, standing=REVOKED) if found.fingerprint in key.revoked else found

    def _answer(self, found: Found, signed: Signed) -> Checked:
        if found.standing is not None:
            return Checked(found.primary, found.standing)
        key = self.keys[found.primary]
        until = key.until(found.fingerprint, found.expires)
        if signed.who.email.lower() not in key.emails:
            detail = f"no user ID of GPG key {found.primary} is for {signed.who.email}"
            return Checked(found.primary, Standing("untrusted", "GM-T041", detail), until=until)
        return Checked(found.primary, Standing("good", principals=tuple(sorted(key.emails))), until=until)


@contextmanager
def gpg_keys(*files: bytes) -> Iterator[GpgKeys]:
    """Give the keys in ``files`` (armored or binary exports) for as long as the context lasts.

    Raises GM-T301 (not GPG keys) and GM-T302 (gpg is not there, or does not work).
    """
    with tempfile.TemporaryDirectory(prefix="gm-gpg-") as folder:
        home = Path(folder)
        try:
            for data in files:
                _import(home, data)
            yield _listed(home, ())
        finally:
            _stop_agents(home)


def open_keys(home: Path, exported: Sequence[bytes], *options: str) -> GpgKeys:
    """Put the public keys ``exported`` (binary) into the empty folder ``home``, which stays the caller's to remove.

    A key that this gpg cannot read is left out: its signatures are by an unknown key. Raises GM-T302 when gpg is not
    there, or does not work, here and later: who decides by these keys must not take a sick machine for a verdict.
    """
    with tempfile.TemporaryDirectory(dir=home) as folder:
        # Each in a file of its own: gpg gives up a file at a packet that it cannot read, and goes on to the next one.
        for number, data in enumerate(exported):
            Path(folder, str(number)).write_bytes(data)
        _gpg(home, *options, "--import", *map(str, range(len(exported))), cwd=folder)
    return replace(_listed(home, options), sure=True)


def _listed(home: Path, options: tuple[str, ...]) -> GpgKeys:
    return GpgKeys(home, read_listing(_gpg(home, *options, "--with-colons", "--list-keys"), time.time()), options)


def _message(signed: Signed) -> bytes | SignatureProblem:
    try:
        return signature_packet(signed.signature or b"") + literal_packet(signed.payload)
    except SignatureProblem as problem:
        return problem


def _import(home: Path, data: bytes) -> None:
    if b"PRIVATE KEY BLOCK" in data:
        raise GmError("GM-T301", "the file holds private keys: export the public ones")
    said = _gpg(home, "--import", stdin=data)
    if b"[GNUPG:] IMPORT_OK " not in said:
        raise GmError("GM-T301", "gpg finds no public key in it")


def _gpg(home: Path, *arguments: str, stdin: bytes = b"", cwd: str | None = None) -> bytes:
    """Return the status channel; what the exit status says is in there too, and more of it."""
    command = ["gpg", f"--homedir={home}", *_FIXED, *arguments]
    # Into a file: gpg writes line by line, and a pipe would wake this process for each of thousands.
    with tempfile.TemporaryFile(dir=home) as said:
        try:
            # Without --batch: with it gpg stops at the first bad signature. It has no terminal to ask anything on.
            done = subprocess.run(
                command,
                input=stdin,
                stdout=said,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                env=_environment(home),
                cwd=cwd or home,
                start_new_session=True,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            said.seek(0)
            raise _StoppedError(f"gpg cannot be run: {type(error).__name__}", said.read()) from error
        said.seek(0)
        if done.returncode == -SIGKILL:  # nobody but the machine does that, for want of memory
            raise _StoppedError("gpg was killed", said.read())
        return said.read()


def _stop_agents(home: Path) -> None:
    """Nothing above starts one; a gpg that does so in spite of its options leaves none behind."""
    with suppress(OSError, subprocess.TimeoutExpired):
        command = ["gpgconf", f"--homedir={home}", "--kill", "all"]
        subprocess.run(command, capture_output=True, timeout=_SECONDS, env=_environment(home), check=False)


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C"}
