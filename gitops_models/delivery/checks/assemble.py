"""From the operator's list of checks to checks that are ready to run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.runner import Runner
from gitops_models.delivery.checks.settings import InterfaceCheck, Scan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitops_models.delivery.checks.base import ChecksFor
    from gitops_models.delivery.checks.settings import Check

ALWAYS: tuple[Check, ...] = (
    Scan(id="scan", use="scan", when="before", timeout=600, retries=0),
    InterfaceCheck(id="interface", use="interface", timeout=60, retries=0),
)
"""What is looked at before every switch, whatever the operator's file says of other checks."""


def checks_for(checks: Sequence[Check], *, wait: Callable[[float], None] = time.sleep) -> ChecksFor:
    """Return what gives the checks of a target: those of the file, and ``ALWAYS``.

    Of a kind that is always run, one that the file names takes its place, with its own limits.
    """
    named = {check.use for check in checks if check.early}
    every = (*(one for one in ALWAYS if one.use not in named), *checks)
    return lambda target, history: Runner(every, target, history, wait)
