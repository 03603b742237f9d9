"""Who signs here, by the user's own git configuration: ``gpg.format``, ``user.signingkey``, ``gm.signingkey``."""

from collections.abc import Callable
from pathlib import Path

from gitops_models.errors import GmError
from gitops_models.trust.gpgsigning import RECORD_KEY, GpgSigner, gpg_signer
from gitops_models.trust.signing import SshSigner, names_a_key, ssh_signer, ssh_signer_from_config

__all__ = ["record_signer_from_config", "signer_from_config"]

_Get = Callable[[str], str | None]


def signer_from_config(get: _Get, *, interactive: bool = False) -> SshSigner | GpgSigner:
    """Make the signer of commits, tags and records that the user's git configuration names; ``get`` reads one value.

    ``gpg.format`` says which kind it is; without it, ``user.signingkey`` does: git's own default is OpenPGP, but a key
    that lies in a file or is written out is an SSH key. Raises GM-T205 (x509, or an unknown format), GM-T200 (no key),
    GM-T202 and GM-T024 (no usable SSH key), GM-T209 and GM-T302 (no usable GPG key).
    """
    form = _format(get)
    if form == "ssh":
        return ssh_signer(get, get("user.signingkey"), interactive=interactive)
    if form == "openpgp":
        return gpg_signer(get, interactive=interactive, records=_beside(get, interactive=interactive))
    raise GmError("GM-T205", f"git is set to sign with {form}; gm signs with SSH or GPG keys", where="gpg.format")


def record_signer_from_config(get: _Get) -> SshSigner | None:
    """Make the signer of records alone; None for a GPG user who named no SSH key. Raises as ``signer_from_config``."""
    if _format(get) == "openpgp":
        return _beside(get, interactive=False)
    return ssh_signer_from_config(get)


def _format(get: _Get) -> str:
    if form := get("gpg.format"):
        return form
    key = get("user.signingkey")
    return "ssh" if not key or names_a_key(key) or Path(key).expanduser().is_file() else "openpgp"


def _beside(get: _Get, *, interactive: bool) -> SshSigner | None:
    key = get(RECORD_KEY)
    return ssh_signer(get, key, interactive=interactive) if key else None
