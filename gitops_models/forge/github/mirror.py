"""Deployments on GitHub's page: what reconcilers serve, environment by environment. Nobody reads it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.forge.github.client import GitHub
    from gitops_models.forge.github.models import Deployment, DeploymentStatus

OVER = "inactive"


class GitHubDeployments:
    """The deployments of one repository; the token needs ``deployments: write``. Raises GM-F401 to F409."""

    def __init__(self, github: GitHub) -> None:
        self.github = github

    def show(self, environment: str, commit: str, payload: Mapping[str, str], phase: str, words: str) -> None:
        """Say how the deployment of ``commit`` with this payload stands, where that is not what it says already.

        Several targets share one deployment. Of each, known by what stands before ``: `` in ``words``, the newest
        status counts.
        """
        known = self._known(environment, commit, payload)
        if known is None and phase == OVER:
            return
        if known is None:
            known = self.github.create_deployment(commit, environment, payload=payload, description="served by gm")
        newest = self._newest(known, words)
        if newest is None or (newest.state, newest.description) != (phase, words):
            self.github.set_deployment_status(known.id, phase, words)

    def _known(self, environment: str, commit: str, payload: Mapping[str, str]) -> Deployment | None:
        found = self.github.deployments(environment, commit)
        return next((one for one in found if dict(one.payload) == dict(payload)), None)

    def _newest(self, deployment: Deployment, words: str) -> DeploymentStatus | None:
        target = words.partition(": ")[0] + ": "
        found = self.github.deployment_statuses(deployment.id)
        return next((one for one in found if one.description.startswith(target)), None)
