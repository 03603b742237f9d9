"""What this clone showed of each proposal last: who decides must decide on that, and not on what came since.

Kept in ``<git common dir>/gm/shown.json``, by branch. A branch can be moved between looking and signing, and its name
does not change with it.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.wording import phrase
from gitops_models.registry.events import StageMove, Undeployed
from gitops_models.trust.memory import write_durably

if TYPE_CHECKING:
    from pathlib import Path

    from gitops_models.registry.change import Change
    from gitops_models.registry.events import Event
    from gitops_models.store.repository import Store

LIMIT = 500
_GIVEN = re.compile(r"[0-9a-f]{8,64}")


def remember_shown(store: Store, name: str, change_id: str, *, in_full: bool = True) -> None:
    """Note that the change of the proposal ``name`` was shown; one line of a list replaces no full view."""
    known = _load(store)
    if known.get(name) == change_id or (name in known and not in_full):
        return
    known.pop(name, None)
    latest = dict([*known.items(), (name, change_id)][-LIMIT:])
    # Whoever may not write here cannot decide here either: looking must still be possible.
    with suppress(OSError):
        write_durably(_path(store), json.dumps(latest, indent=0).encode())


def last_shown(store: Store, name: str) -> str | None:
    """The change id that was shown last, or None."""
    return _load(store).get(name)


def hold_to(change_id: str, *, shown: str | None, given: str | None, name: str) -> None:
    """Refuse to decide on another change than the one ``given`` by the person, or else the one ``shown`` last.

    Raises GM-F103 when it is another one now, GM-F105 when what was given is no beginning of a change id.
    """
    if given is not None and _GIVEN.fullmatch(given) is None:
        raise GmError("GM-F105", "a change is named by at least the first 8 digits of its id", where=given)
    wanted = given or shown
    if wanted is None or change_id.startswith(wanted):
        return
    what = "you named" if given else "was shown here"
    raise GmError("GM-F103", f"change {wanted[:8]} {what}, now it would be {change_id[:8]}", where=name)


def described(change: Change) -> list[str]:
    """What a change does, one line for each event, derived from its content and from nobody's words."""
    return [_line(event) for event in change.events]


def _line(event: Event) -> str:
    moved = f" (from {event.from_version or 'nothing'})" if isinstance(event, StageMove | Undeployed) else ""
    files = "" if moved else f": {', '.join(event.paths)}" if event.paths else ""
    return f"{phrase(event)}{moved}{files}"


def _load(store: Store) -> dict[str, str]:
    try:
        found = json.loads(_path(store).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise GmError("GM-F106", f"what was shown cannot be read: {error}", where=str(_path(store))) from error
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise GmError("GM-F106", "what was shown cannot be read", where=str(_path(store)))
    return found


def _path(store: Store) -> Path:
    return store.common_dir / "gm" / "shown.json"
