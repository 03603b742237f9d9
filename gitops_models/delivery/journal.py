"""Intent before a switch: flushed to disk first, so that the run after a crash knows what had been begun.

The journal says what was intended, never what is served: that is hashed. Losing it loses nothing but the record of a
switch that was made and not yet recorded.
"""

import json
from pathlib import Path

from gitops_models.delivery import durable
from gitops_models.delivery.records import DeploymentRecord, parse_record, render_record
from gitops_models.delivery.values import ModelStage
from gitops_models.errors import GmError


class Journal:
    """At most one open intent per target, model and stage, each one file below ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def begin(self, intent: DeploymentRecord) -> None:
        """Keep ``intent`` before anything that is live changes. Raises GM-R302."""
        path = self._path(intent.target, ModelStage(intent.model, intent.stage))
        try:
            durable.make_directory(path.parent)
            durable.write_file(path, render_record(intent))
        except OSError as error:
            raise GmError("GM-R302", f"the journal cannot be written: {error.strerror}", where=str(path)) from error

    def pending(self, target: str, at: ModelStage) -> DeploymentRecord | None:
        """Return what was begun and not finished; ``None`` also where the file makes no sense."""
        path = self._path(target, at)
        try:
            return parse_record(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            return None

    def finish(self, target: str, at: ModelStage) -> None:
        """Close the intent: it is done and recorded, or given up. Raises GM-R302."""
        path = self._path(target, at)
        try:
            durable.remove_file(path)
        except OSError as error:
            raise GmError("GM-R302", f"the journal cannot be written: {error.strerror}", where=str(path)) from error

    def _path(self, target: str, at: ModelStage) -> Path:
        return self._root / target / f"{at}.json"
