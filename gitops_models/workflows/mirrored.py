"""The forge that shows what a reconciler serves. Its modules are imported only where the operator names one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_models.delivery.mirroring import DeploymentMirror

SECONDS = 10.0


def deployment_mirror(address: str) -> DeploymentMirror:
    """The deployments of the repository on GitHub that ``address`` names; nothing is waited for and tried again.

    Raises GM-F410, F411, F413 and F414; no request is made.
    """
    from gitops_models.forge.github.connect import Patience, github_of  # noqa: PLC0415 - most reconcilers ask no forge
    from gitops_models.forge.github.mirror import GitHubDeployments  # noqa: PLC0415 - as above

    return GitHubDeployments(github_of(address, os.environ, Patience(SECONDS, limit=0.0, pauses=())))
