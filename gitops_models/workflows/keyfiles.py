"""Public keys as people hand them over: an SSH key on a line or in a file, a GPG fingerprint or an exported key.

Read is what becomes part of history for ever, so a private key is refused before a byte of it goes anywhere, and the
comment of a key, which often names a machine, stays out.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.trust.gpg import gpg_keys
from gitops_models.trust.keys import PublicKey, read_key_line
from gitops_models.trust.problem import SignatureProblem

__all__ = ["gpg_fingerprint", "read_gpg_key", "read_ssh_key"]

MOST_BYTES = 64 * 1024
SECONDS = 60.0
_LINE = re.compile(r"(ssh-|ecdsa-|sk-)\S+\s+\S")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")


def read_ssh_key(given: str) -> PublicKey:
    """Return the one SSH key in ``given``, a public key line or the path of a file with one.

    Raises GM-T303 (no such file), GM-C180 (a private key, several keys, or none), and GM-C181 with the reason for a key
    whose signatures would never count: another type, RSA below 2048 bits, a certificate.
    """
    text = given if _LINE.match(given) else _text(Path(given).expanduser())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) != 1:
        raise GmError("GM-C180", f"{len(lines)} lines where one public key belongs", where=_shown(given))
    try:
        return read_key_line(lines[0])
    except SignatureProblem as problem:
        raise GmError("GM-C181", f"{problem.detail} ({problem.code})", where=_shown(given)) from problem


def gpg_fingerprint(given: str) -> str | None:
    """Return the full OpenPGP fingerprint in ``given``, upper case and without blanks; None where it is none."""
    bare = "".join(given.split()).upper().removeprefix("0X")
    return bare if _FINGERPRINT.fullmatch(bare) else None


def read_gpg_key(given: str) -> tuple[str, str]:
    """Return fingerprint and base64 of the one GPG key in ``given``: a file, or a fingerprint in your own keyring.

    What other people say of the key (their certifications) stays out. Raises GM-T303 (no such file), GM-T301 (no GPG
    key), GM-T302 (gpg does not work), GM-C180 (several keys, or too large).
    """
    fingerprint = gpg_fingerprint(given)
    data = _export(None, fingerprint) if fingerprint else _data(Path(given).expanduser())
    with gpg_keys(data) as keys:
        found = sorted(keys.keys)
        if len(found) != 1:
            raise GmError("GM-C180", f"{len(found)} GPG keys where one belongs", where=_shown(given))
        return found[0], base64.b64encode(_export(keys.home, found[0])).decode()


def _export(home: Path | None, fingerprint: str) -> bytes:
    """The public key as gpg itself writes it, from ``home`` or, for None, from the user's own keyring."""
    place = () if home is None else ("--no-options", f"--homedir={home}")
    command = ["gpg", *place, "--batch", "--no-tty", "--no-autostart", "--export-options=export-minimal", "--export"]
    try:
        ran = subprocess.run(
            [*command, f"0x{fingerprint}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GmError("GM-T302", f"gpg cannot be run: {type(error).__name__}") from error
    if not ran.stdout:
        raise GmError("GM-T301", f"gpg has no public key {fingerprint}", where=fingerprint)
    return ran.stdout


def _text(path: Path) -> str:
    data = _data(path)
    if b"PRIVATE KEY" in data:
        raise GmError("GM-C180", "this is a private key: give the .pub file beside it", where=_shown(str(path)))
    return data.decode("utf-8", "replace")


def _data(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise GmError("GM-T303", f"the key cannot be read: {error}", where=_shown(str(path))) from error
    if len(data) > MOST_BYTES:
        raise GmError("GM-C180", "too large for a public key", where=_shown(str(path)))
    return data


def _shown(given: str) -> str:
    return given if len(given) <= 100 else f"{given[:97]}..."  # noqa: PLR2004 - what fits on a line
