"""One file that differs."""

from gitops_models.registry.paths import Place
from gitops_models.registry.scopes import Entry
from gitops_models.registry.values import dataclass


@dataclass(frozen=True)
class PathChange:
    """A governed file before and after (None: absent), and what its path is."""

    path: str
    before: Entry | None
    after: Entry | None
    place: Place
