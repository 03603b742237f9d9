"""Signing through ``ssh-keygen -Y sign`` (agents, passphrases and hardware keys come with it).

The key is the user's own: ``gpg.format`` and ``user.signingkey`` as git reads them. What the program gives back is
checked in this process before it is used, so a wrapper that signs with another key is noticed here.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass
from gitops_models.trust.keys import PublicKey, read_key_line
from gitops_models.trust.privatekey import public_half
from gitops_models.trust.problem import SignatureProblem
from gitops_models.trust.sshsig import verify_sshsig

__all__ = [
    "Signer",
    "SshSigner",
    "generate_key",
    "in_namespace",
    "key_signer",
    "names_a_key",
    "ssh_signer",
    "ssh_signer_from_config",
]

_LITERALS = ("key::", "ssh-", "ecdsa-", "sk-")
_UNATTENDED_SECONDS = 60.0
_ATTENDED_SECONDS = 300.0
_LOCKED = ("passphrase", "agent refused", "agent socket", "find key in agent", "no private key found")


class Signer(Protocol):
    """A key that can be asked for signatures."""

    @property
    def fingerprint(self) -> str:
        """Return the OpenSSH fingerprint, ``SHA256:…``."""

    @property
    def public_key(self) -> str:
        """Return the key as ``type base64``."""

    def sign(self, data: bytes, namespace: str) -> str:
        """Return the armored SSHSIG over ``data``."""


@dataclass(frozen=True)
class SshSigner:
    """Signs with the key at ``path``, or, when ``path`` is None, with ``key`` in the user's agent.

    ``interactive`` lets ssh-keygen ask for a passphrase on the terminal.
    """

    key: PublicKey
    path: Path | None
    program: str = "ssh-keygen"
    interactive: bool = False

    @property
    def fingerprint(self) -> str:
        """Return the OpenSSH fingerprint of the key."""
        return self.key.fingerprint

    @property
    def public_key(self) -> str:
        """Return the key as ``type base64``."""
        return self.key.line

    def sign(self, data: bytes, namespace: str) -> str:
        """Return the armored signature.

        Raises GM-T201 (no program), GM-T203 (locked: no passphrase, not in the agent), GM-T204 (anything else, also
        a signature that is not by this key).
        """
        with self._key_file() as (path, options):
            command = [self.program, "-Y", "sign", "-n", namespace, "-f", str(path), *options]
            armored = _run(command, stdin=data, interactive=self.interactive, where=str(self.path or "agent"))
        try:
            made = verify_sshsig(data, armored, namespace)
        except SignatureProblem as problem:
            raise GmError("GM-T204", f"{self.program} made no usable signature: {problem.detail}") from problem
        if made.fingerprint != self.fingerprint:
            raise GmError("GM-T204", f"{self.program} signed with {made.fingerprint}, not with {self.fingerprint}")
        return armored.decode()

    @contextmanager
    def _key_file(self) -> Iterator[tuple[Path, Sequence[str]]]:
        if self.path is not None:
            yield self.path, ()
            return
        with tempfile.TemporaryDirectory(prefix="gm-key-") as folder:
            path = Path(folder, "key.pub")
            path.write_text(self.key.line + "\n")
            yield path, ("-U",)


def ssh_signer_from_config(get: Callable[[str], str | None], *, interactive: bool = False) -> SshSigner:
    """Make the signer that the user's git configuration names; ``get`` reads one configuration value.

    Raises GM-T205 (another gpg.format), GM-T200 (no user.signingkey), GM-T202 and GM-T024 (no usable key).
    """
    if (form := get("gpg.format") or "ssh") != "ssh":
        raise GmError("GM-T205", f"git is set to sign with {form}, not with SSH keys", where="gpg.format")
    return ssh_signer(get, get("user.signingkey"), interactive=interactive)


def ssh_signer(get: Callable[[str], str | None], signing_key: str | None, *, interactive: bool = False) -> SshSigner:
    """Make the signer for an SSH key, written out or in a file; raises as ``ssh_signer_from_config``."""
    program = get("gpg.ssh.program") or "ssh-keygen"
    if not signing_key:
        raise GmError("GM-T200", "git has no user.signingkey", where="git config")
    if names_a_key(signing_key):
        key = _literal(signing_key.removeprefix("key::"))
        return SshSigner(key, None, program, interactive)
    return key_signer(Path(signing_key).expanduser(), program=program, interactive=interactive)


def names_a_key(text: str) -> bool:
    """Whether ``text`` is an SSH public key itself, and no path."""
    return text.startswith(_LITERALS)


def in_namespace(signer: Signer, namespace: str) -> Signer:
    """Return who signs in ``namespace`` for ``signer``: whoever signs commits with GPG signs records with SSH.

    Raises GM-T207 where that needs an SSH key and none is named.
    """
    choose: Callable[[str], Signer] | None = getattr(signer, "in_namespace", None)
    return choose(namespace) if choose else signer


def key_signer(path: Path, *, program: str = "ssh-keygen", interactive: bool = False) -> SshSigner:
    """Make the signer for a private key file, or for a ``.pub`` file whose private key lies beside it or in the agent.

    Raises GM-T202 when the file cannot be read or holds no key of a known form.
    """
    return SshSigner(public_half(path), path, program, interactive)


def generate_key(path: Path, comment: str) -> SshSigner:
    """Make a new ed25519 key without a passphrase at ``path``; GM-T206 when something is there."""
    for taken in (path, path.with_name(path.name + ".pub")):
        if taken.exists():
            raise GmError("GM-T206", "a key would be overwritten", where=str(taken))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    _run(command, stdin=b"", interactive=False, where=str(path))
    return key_signer(path)


def _literal(line: str) -> PublicKey:
    try:
        return read_key_line(line)
    except SignatureProblem as problem:
        raise GmError("GM-T202", f"user.signingkey is no public key: {problem.detail}") from problem


def _run(command: Sequence[str], *, stdin: bytes, interactive: bool, where: str) -> bytes:
    seconds = _ATTENDED_SECONDS if interactive else _UNATTENDED_SECONDS
    try:
        # A session of its own has no terminal: ssh-keygen cannot stop and wait for a passphrase nobody will type.
        done = subprocess.run(
            command,
            input=stdin,
            capture_output=True,
            timeout=seconds,
            env=_environment(interactive=interactive),
            start_new_session=not interactive,
            check=False,
        )
    except FileNotFoundError as error:
        raise GmError("GM-T201", f"{command[0]} is not there", where=where) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GmError("GM-T204", f"{command[0]} did not finish: {type(error).__name__}", where=where) from error
    if done.returncode:
        raise _failure(command[0], done.stderr.decode("utf-8", "replace"), where)
    return done.stdout


def _environment(*, interactive: bool) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env |= {"LC_ALL": "C"}
    return env if interactive else env | {"SSH_ASKPASS_REQUIRE": "never"}


def _failure(program: str, said: str, where: str) -> GmError:
    lines = [line for line in said.splitlines() if line.strip()]
    locked = any(word in said.lower() for word in _LOCKED)
    reason = lines[-1] if lines else "no reason given"
    return GmError("GM-T203" if locked else "GM-T204", f"{program}: {reason}", where=where, details=lines[:-1])
