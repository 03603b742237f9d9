"""What an attempt to serve a version depends on, as one fingerprint. Pure: accepted files by their object ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.waysback import change_step
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.registry.paths import POLICY_YAML, TARGETS_YAML, model_scope

if TYPE_CHECKING:
    from gitops_models.delivery.values import Desired
    from gitops_models.verification.history import History


def inputs_of(history: History, desired: Desired, *, site: str) -> str:
    """Return the fingerprint of everything that an attempt at ``desired`` reads.

    The step that asks for it and the override, the files of the version, what the model and the policies say; ``site``
    stands for the reconciler's own file. An unrelated commit changes none of it, so what failed for good is not tried
    again with every commit, and a version that did not pass its checks is not switched to and fro.
    """
    wanted = desired.deployment
    snapshot, layout = history.state.snapshot, history.layout
    files: dict[str, str] = {}
    if wanted is not None:
        folder = layout.version_dir(wanted.source, wanted.version) + "/"
        scope = snapshot.scope(model_scope(wanted.source))
        files = {path: entry.oid for path, entry in scope.items() if path.startswith(folder)}
    for path in (layout.model_path(desired.at.model), POLICY_YAML, TARGETS_YAML):
        entry = snapshot.entry(path)
        files[path] = entry.oid if entry else ""
    said = [wanted.digest, wanted.lineage_sha256, wanted.label, wanted.override or ""] if wanted else []
    step = change_step(history, desired.at) or ""
    return sha256_hex(jcs({"site": site, "standing": desired.standing.value, "step": step, "is": said, "of": files}))
