"""Whom Sigstore verification rests on: a trusted root from a file, or the one that came with sigstore-python.

Never the cache in the user's home: sigstore's offline mode reads it unverified, so whoever can write there could
choose the certificate authority. What comes with the package is as trusted as the package itself.
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

__all__ = ["load_verifier", "packaged", "verifier_of"]

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
    """Return a verifier for the trusted root of these bytes, None for the production root that sigstore carries.

    Made once for each root: a history may hold many bundles.
    Raises GM-T708 for bytes that are no trusted root; ``where`` is said with it.
    """
    if root is None:
        return load_verifier()
    read_object(root, "trusted root", code="GM-T708", limit=_LIMIT)
    with TemporaryDirectory(prefix="gm-root-") as folder:
        path = Path(folder) / "trusted_root.json"
        path.write_bytes(root)
        return _verifier(path, where)


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
