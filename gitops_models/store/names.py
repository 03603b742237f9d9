"""Names that reach git's arguments: object ids, refs, revisions, remotes. What looks like an option is refused.

Git has a long record of option injection (CVE-2017-1000117, CVE-2018-17456 and kin); ``--`` and ``--end-of-options``
stand in every command as well, these checks are the first fence.
"""

import re

from gitops_models.errors import GmError
from gitops_models.registry.text import visible

_OID = re.compile(r"[0-9a-f]{40}", re.ASCII)
# git-check-ref-format(1): no leading dot or .lock in a component, no "..", "@{", control or glob signs.
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|$)|[./]$")
_BAD_TEXT = re.compile(r"[\x00-\x1f\x7f]")
_HELPER = re.compile(r"^[A-Za-z0-9+.-]+::")
_SCHEME = re.compile(r"^(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)$", re.DOTALL)
_SCP = re.compile(r"^(?:[^/:@]+@)?(?P<host>[^/:]+):(?!//)")


def check_oid(oid: str) -> str:
    """Accept a full lower-case SHA-1 object id; GM-S012 for anything else."""
    if _OID.fullmatch(oid) is None:
        raise GmError("GM-S012", f"{visible(oid)} is not an object id of 40 hex digits", where=visible(oid))
    return oid


def check_ref(name: str) -> str:
    """Accept a full ref name (``refs/…`` or ``HEAD``) in the grammar of git-check-ref-format; else GM-S015."""
    if name == "HEAD":
        return name
    if not name.startswith("refs/") or _BAD_REF.search(name):
        raise GmError("GM-S015", f"{visible(name)} is not a full ref name", where=visible(name))
    return name


def check_revision(text: str) -> str:
    """Accept text that may be looked up as a revision: no option, no control characters, not empty; else S012."""
    if not text or text.startswith("-") or _BAD_TEXT.search(text):
        raise GmError("GM-S012", f"{visible(text) or 'empty text'} is not a revision", where=visible(text))
    return text


def check_remote(text: str) -> str:
    """Accept a remote's name or address: https, ssh, file, ``host:path`` or a path; else GM-S017.

    Refused: options, transport helpers (``ext::`` runs a command), other schemes, hosts that look like options.
    """
    if not text or text.startswith("-") or _BAD_TEXT.search(text) or _HELPER.match(text):
        raise GmError("GM-S017", f"{visible(text) or 'an empty address'} cannot be a remote", where=visible(text))
    scheme = _SCHEME.match(text)
    if scheme is not None:
        _check_url(text, scheme["scheme"].lower(), scheme["rest"])
        return text
    scp = _SCP.match(text)
    if scp is not None and scp["host"].startswith("-"):
        raise GmError("GM-S017", f"{visible(text)} names a host that looks like an option", where=visible(text))
    return text


def _check_url(text: str, scheme: str, rest: str) -> None:
    if scheme not in {"https", "ssh", "git+ssh", "ssh+git", "file"}:
        raise GmError("GM-S017", f"{scheme}:// is not allowed for a remote", where=visible(text))
    host = rest.split("/", 1)[0].rpartition("@")[2]
    if scheme != "file" and (not host or host.startswith("-")):
        raise GmError("GM-S017", f"{visible(text)} names no usable host", where=visible(text))
