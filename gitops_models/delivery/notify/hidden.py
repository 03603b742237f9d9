"""What the operator keeps out of the list of places: secrets, addresses and passwords, by file or by variable.

They are read at each attempt, so that they can be changed while gm runs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitops_models.delivery.notify.ways import web_address
from gitops_models.errors import GmError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from gitops_models.delivery.notify.ways import Hidden, Smtp

LONGEST = 4096
UNUSABLE = "GM-R711"


def hidden(file: str | None, variable: str | None, *, what: str, code: str = UNUSABLE) -> str:
    """Return the text in ``file`` or in the environment, without blanks around it. Raises ``code``."""
    return (_from_file(Path(file), what, code) if file else _from_environment(variable or "", code)).strip()


def channel_of(place: Hidden) -> SplitResult:
    """Return the address of an incoming webhook. Raises GM-R711; the address itself is never shown."""
    where = place.url_file or place.url_env
    try:
        return urlsplit(web_address(address_of(place)))
    except ValueError:  # what it says may quote a part of the address
        raise GmError(UNUSABLE, f"what is in {where} is no plain address that begins with https://") from None


def address_of(place: Hidden) -> str:
    """Return an address as it stands. Raises GM-R711."""
    found = hidden(place.url_file, place.url_env, what="address")
    if not found or not found.isprintable():
        raise GmError(UNUSABLE, f"the address in {place.url_file or place.url_env} must be one line of text")
    return found


def password_of(place: Smtp) -> str:
    """Return the password for the mail server. Raises GM-R711."""
    return hidden(place.password_file, place.password_env, what="password")


def _from_file(path: Path, what: str, code: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST).decode()
    except OSError as error:
        raise GmError(code, f"the {what} cannot be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise GmError(code, f"the {what} is no text", where=str(path)) from error


def _from_environment(name: str, code: str) -> str:
    if name not in os.environ:
        raise GmError(code, f"the environment has no {name}")
    return os.environ[name]
