"""The names of the ledger: one ref per change or target, where it is fetched to, and what was seen of it.

A fetch goes to ``refs/gm-remote/<remote>/…``, never straight onto ``refs/gm/…``. What was seen is kept under
``refs/gm-seen/<remote>/…``, which is no destination of any fetch: pruning there was seen to destroy evidence.
"""

import re

from gitops_models.errors import GmError
from gitops_models.registry.names import check_name, is_name
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

__all__ = [
    "CHANGES",
    "CHECKPOINTS",
    "DEPLOYMENTS",
    "DRILLS",
    "LedgerNames",
    "changes_topic",
    "deployments_topic",
    "is_change_id",
    "is_ledger_ref",
]

CHANGES = "changes/"
DEPLOYMENTS = "deployments/"
CHECKPOINTS = "checkpoints"
DRILLS = "drills"
_CHANGE_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class LedgerNames:
    """Full ref names of a topic (``changes/<id>``, ``deployments/<target>``) for one remote, or for none."""

    remote: str | None

    @property
    def refspec(self) -> str:
        """What a fetch of the ledger asks for."""
        return f"+refs/gm/*:{self.fetched('*')}"

    def shared(self, topic: str) -> str:
        """Return the ref as every repository names it for others."""
        return f"refs/gm/{topic}"

    def fetched(self, topic: str) -> str:
        """Return the ref as this clone last saw it at its remote."""
        return f"refs/gm-remote/{self.remote}/{topic}" if self.remote else self.shared(topic)

    def seen(self, topic: str) -> str:
        """Return the ref that remembers what this clone has seen."""
        return f"refs/gm-seen/{self.remote or 'here'}/tips/{topic}"

    def diverged(self, topic: str, number: int) -> str:
        """Return the ref for the ``number``-th tip that did not continue what was seen (numbers keep their order)."""
        return f"{self.kept_diverged}{topic}/{number:06d}"

    @property
    def kept_diverged(self) -> str:
        """Where tips are kept that were rewritten away."""
        return f"refs/gm-seen/{self.remote or 'here'}/diverged/"

    @property
    def kept(self) -> tuple[str, ...]:
        """Where this clone keeps what it has seen."""
        return (self.seen(""), self.kept_diverged)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Where refs of a topic stand, in the order in which they are read: first what was seen first."""
        return (*self.kept, *dict.fromkeys((self.fetched(""), self.shared(""))))


def is_change_id(text: str) -> bool:
    """Tell whether ``text`` has the form of a change id."""
    return _CHANGE_ID.fullmatch(text) is not None


def is_ledger_ref(name: str) -> bool:
    """Tell whether ``name`` is the full name of a ref that the ledger has."""
    topic = name.removeprefix("refs/gm/")
    if topic.startswith(CHANGES):
        return is_change_id(topic.removeprefix(CHANGES))
    target = topic.removeprefix(DEPLOYMENTS)
    return topic in (CHECKPOINTS, DRILLS, "archive") or (target != topic and is_name(target))


def changes_topic(change_id: str) -> str:
    """Return the topic of a change; GM-T403 when the id is not 64 hex digits."""
    if not is_change_id(change_id):
        raise GmError("GM-T403", f"`{visible(change_id)}` is no change id")
    return f"{CHANGES}{change_id}"


def deployments_topic(target: str) -> str:
    """Return the topic of a target's deployment records; GM-D… when the target's name is malformed."""
    return f"{DEPLOYMENTS}{check_name(target, 'target')}"
