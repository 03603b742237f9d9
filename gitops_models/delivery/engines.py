"""What is known of a program that stands between the files of a target and those who ask."""

from gitops_models.registry.values import dataclass

UNSETTLED = "?"  # told: begun and not ended, so nobody knows what the engine did
REFUSALS = frozenset({"GM-R311", "GM-R312", "GM-R314"})
"""Codes of an engine that does not serve what it was told; the bytes themselves are as they should be."""
AWAY = frozenset({"GM-R310", "GM-R313", "GM-R315", "GM-R316", "GM-R317", "GM-R318"})
"""Codes of an engine that cannot be told or asked now."""


@dataclass(frozen=True)
class EngineState:
    """What an engine serves.

    ``told`` is the store entry that it was last told to serve, ``None`` for nothing and ``UNSETTLED`` where that has
    not ended. ``digest`` is what it says that it serves, where it ``answers`` such a question.
    """

    told: str | None
    digest: str | None = None
    answers: bool = False

    @property
    def idle(self) -> bool:
        """Whether it serves nothing, as far as it can be asked."""
        return self.told is None and self.digest is None

    def follows(self, entry: str | None, digest: str | None) -> bool:
        """Whether it serves the store entry, which holds the bytes ``digest``."""
        return self.told == entry and (not self.answers or self.digest == digest)
