"""Whom Sigstore verification rests on: a trusted root from a file, or the one that came with sigstore-python.

Governed history rests on the root that its own policy pins, and on no other. Never on the cache in the user's home:
sigstore's offline mode reads it unverified, so whoever can write there could choose the certificate authority. What
comes with the package is as trusted as the package itself.
"""

from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote

from gitops_models.errors import GmError
from gitops_models.trust.keyless.strict import read_object

if TYPE_CHECKING:
    from sigstore.verify import Verifier

__all__ = ["HOW", "load_verifier", "packaged", "verifier_of"]

HOW = "copy the trusted_root.json of your Sigstore instance there (sigstore-python carries one) and have it accepted"
"""How a root comes to be pinned."""

_LIMIT = 1024 * 1024
_PRODUCTION = "https://tuf-repo-cdn.sigstore.dev"
_STAGING = "https://tuf-repo-cdn.sigstage.dev"


def load_verifier(path: Path | None = None, *, staging: bool = False) -> "Verifier":
    """Return a verifier that never uses the network.

    ``path`` is a ``trusted_root.json`` (media type ``application/vnd.dev.sigstore.trustedroot+json;version=0.1``);
    without one, the production root (``staging``: the staging root) of the installed sigstore package counts.
    Raises GM-T709 for both at once and GM-T708 when the root cannot be used.
    """
    if path is not None and staging:
        raise GmError("GM-T709", "a trusted root and the staging root cannot both count")
    if path is not None:
        return _verifier(path)
    with resources.as_file(packaged("trusted_root.json", staging=staging)) as file:
        return _verifier(file)


@lru_cache(maxsize=4)
def verifier_of(root: bytes | None, where: str) -> "Verifier":
    """Return a verifier for the trusted root of these bytes, which the accepted policy pins in the file ``where``.

    Made once for each root: a history may hold many bundles. There is no other root to fall back on: the one that
    sigstore carries changes with its releases, and two readers of one history would disagree.
    Raises GM-T708 where none is pinned, for bytes that are no trusted root and when it cannot be read here and now.
    """
    if root is None:
        raise GmError("GM-T708", f"keyless signatures count only by the trusted root that {where} pins; {HOW}")
    read_object(root, "trusted root", code="GM-T708", limit=_LIMIT)
    try:
        with TemporaryDirectory(prefix="gm-root-") as folder:
            path = Path(folder) / "trusted_root.json"
            path.write_bytes(root)
            return _verifier(path, where)
    except OSError as error:
        raise GmError("GM-T708", f"the trusted root cannot be read here and now: {error.strerror}") from error


def packaged(name: str, *, staging: bool) -> Traversable:
    """Return a file of the production or staging instance that came with sigstore-python."""
    return resources.files("sigstore._store") / quote(_STAGING if staging else _PRODUCTION, safe="") / name


def _verifier(path: Path, where: str | None = None) -> "Verifier":
    from sigstore.models import TrustedRoot  # noqa: PLC0415 - a second of imports
    from sigstore.verify import Verifier  # noqa: PLC0415 - a second of imports

    try:
        return Verifier(trusted_root=TrustedRoot.from_file(str(path)))
    except Exception as error:  # whatever the library says about a damaged root, it cannot be used
        said = where or str(path)
        raise GmError("GM-T708", f"the trusted root cannot be used: {_first_line(error)}", where=said) from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
