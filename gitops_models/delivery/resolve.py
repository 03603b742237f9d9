"""For the programs that serve: turn a place into the one directory of bytes that is live now.

Standard library only and quick to import: serving code needs nothing else of this package.
"""

import os
from pathlib import Path

from gitops_models.errors import GmError

_LINK = "current"


def resolve(path: str | os.PathLike[str]) -> Path:
    """Return the directory that holds the live version's files, absolute and without links.

    ``path`` is ``<root>/<model>/<stage>`` or its ``current``. The link is read once, so every file taken from the
    result belongs to the same version, also while a switch happens; going through ``current`` for each file does not
    promise that. The directory stays until later versions have pushed it out of the store.
    Raises GM-R401 where nothing is live, GM-R402 where the link leads anywhere but into the store beside it.
    """
    place = Path(path)
    if place.name == _LINK:
        place = place.parent
    try:
        folder, _, entry = str((place / _LINK).readlink()).partition("/")
    except FileNotFoundError as error:
        raise GmError("GM-R401", "no version is live here", where=str(place)) from error
    except OSError as error:
        raise GmError("GM-R402", "current is not a link of the reconciler", where=str(place / _LINK)) from error
    store = place.resolve() / "store"
    live = store / entry
    if folder != "store" or not entry or "/" in entry or entry.startswith(".") or live.is_symlink():
        raise GmError("GM-R402", "current leads out of the store", where=str(place / _LINK))
    if not live.is_dir():
        raise GmError("GM-R402", "current names an entry that is not there", where=str(place / _LINK))
    return live
