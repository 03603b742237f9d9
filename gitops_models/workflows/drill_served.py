"""The checks of an operator's file that ask a server, asked of a server of our own over the scratch directory.

Production is not asked: it serves something else. What is not ONNX, or where onnxruntime is missing, is not served here
and said so.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import CheckResult
from gitops_models.delivery.checks.demands import applies
from gitops_models.delivery.checks.runner import Runner
from gitops_models.delivery.checks.settings import Served
from gitops_models.errors import GmError
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.delivery.checks.settings import Check
    from gitops_models.delivery.targets.directory import DirectoryTarget
    from gitops_models.delivery.values import Deployment
    from gitops_models.verification.history import History

_HERE = "127.0.0.1"


def everywhere(checks: Sequence[Check]) -> list[Check]:
    """Return the checks as if they named no targets: the scratch one has a name of its own."""
    return [check.model_copy(update={"targets": None}) for check in checks]


def ask_here(
    checks: Sequence[Check], target: DirectoryTarget, history: History, wanted: Deployment
) -> tuple[CheckResult, ...]:
    """Serve what ``target`` has live and run the checks that ask a server; nothing where there are none."""
    asking = [one for one in everywhere(checks) if isinstance(one, Served) and applies(one, target.id, wanted.at)]
    if not asking:
        return ()
    from gitops_models.delivery.inference.runtime import load_onnx, need_runtime  # noqa: PLC0415 - few drills serve
    from gitops_models.delivery.inference.server import InferenceServer  # noqa: PLC0415 - as above
    from gitops_models.delivery.inference.shelf import Shelf  # noqa: PLC0415 - as above

    shelf = Shelf(target.root, wanted.stage, partial(load_onnx, threads=1))
    try:
        need_runtime()
        shelf.load(wanted.model, digest=wanted.digest)
    except GmError as error:
        why = visible(f"nothing was asked: {error.message}")
        return tuple(CheckResult(one.id, one.use, None, required=False, message=why) for one in asking)
    with InferenceServer(_HERE, 0, shelf) as server, server.in_background():
        here = [one.model_copy(update={"url": server.url, "name": "{model}"}) for one in asking]
        return Runner(here, target, history).after(wanted, target.observe(wanted.at))
