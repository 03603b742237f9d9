"""Check runs, commit statuses and deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.forge.github import reading_settings as reading
from gitops_models.forge.github.calls import Calls, cut, segment
from gitops_models.forge.github.fields import unlike

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitops_models.forge.github.models import (
        Annotation,
        Check,
        CombinedStatus,
        Deployment,
        DeploymentStatus,
        Status,
    )

# GitHub's own limits: annotations a request, characters of a summary and of a description.
_ANNOTATIONS = 50
_SUMMARY = 65535
_TITLE = 255
_DESCRIPTION = 140


class CheckCalls(Calls):
    """The calls on checks, statuses and deployments."""

    def checks(self, ref: str, name: str | None = None) -> tuple[Check, ...]:
        """The newest check runs on a commit, of every App, or those of one name."""
        query = {"filter": "latest", **({"check_name": name} if name else {})}
        found = self._list(f"/commits/{segment(ref)}/check-runs", "check", query, under="check_runs")
        return tuple(reading.check(one) for one in found)

    def create_check(  # noqa: PLR0913 - what GitHub's call takes, by name
        self,
        name: str,
        head: str,
        *,
        status: str,
        conclusion: str | None = None,
        title: str = "",
        summary: str = "",
        annotations: Sequence[Annotation] = (),
        external_id: str | None = None,
        details_url: str | None = None,
    ) -> Check:
        """Set a check run on ``head``: ``queued``, ``in_progress`` or ``completed`` with a conclusion."""
        wanted = {
            "name": name,
            "head_sha": head,
            "status": status,
            "conclusion": conclusion,
            "external_id": external_id,
            "details_url": details_url,
            "output": _output(title, summary, annotations[:_ANNOTATIONS]),
        }
        made = reading.check(self._send("POST", "/check-runs", wanted, "check"))
        if made.head != head:
            raise unlike(f"GitHub set the check on {made.head} instead of {head}")
        return self._rest(made, title, summary, annotations)

    def update_check(
        self,
        check: int,
        *,
        status: str | None = None,
        conclusion: str | None = None,
        title: str = "",
        summary: str = "",
        annotations: Sequence[Annotation] = (),
        external_id: str | None = None,
    ) -> Check:
        """Change a check run; annotations are added to those that are there."""
        output = _output(title, summary, annotations[:_ANNOTATIONS])
        wanted = {"status": status, "conclusion": conclusion, "external_id": external_id, "output": output}
        path = f"/check-runs/{check}"
        made = reading.check(self._send("PATCH", path, wanted, "check", repeatable=not annotations))
        return self._rest(made, title, summary, annotations)

    def _rest(self, made: Check, title: str, summary: str, annotations: Sequence[Annotation]) -> Check:
        for start in range(_ANNOTATIONS, len(annotations), _ANNOTATIONS):
            output = _output(title, summary, annotations[start : start + _ANNOTATIONS])
            made = reading.check(self._send("PATCH", f"/check-runs/{made.id}", {"output": output}, "check"))
        return made

    def set_status(
        self, oid: str, *, state: str, context: str, description: str = "", target_url: str | None = None
    ) -> Status:
        """Set a commit status: ``error``, ``failure``, ``pending`` or ``success``."""
        wanted = {
            "state": state,
            "context": context,
            "description": cut(description, _DESCRIPTION),
            "target_url": target_url,
        }
        return reading.status(self._send("POST", f"/statuses/{segment(oid)}", wanted, "status", repeatable=True))

    def status(self, ref: str) -> CombinedStatus:
        """The newest status of every context of a commit."""
        path = f"/commits/{segment(ref)}/status"
        statuses = self._list(path, "status", under="statuses")
        return reading.combined_status(self._get(path, "status", {"per_page": "100", "page": "1"}), statuses)

    def deployments(self, environment: str | None = None, sha: str | None = None) -> tuple[Deployment, ...]:
        """Deployments, newest first."""
        query = {"environment": environment, "sha": sha}
        found = self._list("/deployments", "deployment", {name: said for name, said in query.items() if said})
        return tuple(reading.deployment(one) for one in found)

    def create_deployment(
        self, sha: str, environment: str, *, payload: Mapping[str, Any], description: str = ""
    ) -> Deployment:
        """Tell that ``sha`` is being deployed; GitHub merges nothing and waits for no check."""
        wanted = {
            "ref": sha,
            "task": "deploy",
            "auto_merge": False,
            "required_contexts": [],
            "payload": dict(payload),
            "environment": environment,
            "description": cut(description, _DESCRIPTION),
        }
        return reading.deployment(self._send("POST", "/deployments", wanted, "deployment"))

    def deployment_statuses(self, deployment: int) -> tuple[DeploymentStatus, ...]:
        """What became of a deployment, newest first."""
        found = self._list(f"/deployments/{deployment}/statuses", "deployment status")
        return tuple(reading.deployment_status(one) for one in found)

    def set_deployment_status(
        self,
        deployment: int,
        state: str,
        description: str = "",
        *,
        log_url: str | None = None,
        environment_url: str | None = None,
        auto_inactive: bool | None = None,
    ) -> DeploymentStatus:
        """Tell what became of a deployment: ``success``, ``failure``, ``error``, ``in_progress`` and so on."""
        wanted = {
            "state": state,
            "description": cut(description, _DESCRIPTION),
            "log_url": log_url,
            "environment_url": environment_url,
            "auto_inactive": auto_inactive,
        }
        return reading.deployment_status(
            self._send("POST", f"/deployments/{deployment}/statuses", wanted, "deployment status")
        )


def _output(title: str, summary: str, annotations: Sequence[Annotation]) -> dict[str, Any] | None:
    if not title:
        return None
    rows = [
        {
            "path": one.path,
            "start_line": one.start_line,
            "end_line": one.end_line,
            "annotation_level": one.level,
            "message": one.message,
            **({"title": cut(one.title, _TITLE)} if one.title else {}),
        }
        for one in annotations
    ]
    return {"title": cut(title, _TITLE), "summary": cut(summary, _SUMMARY), **({"annotations": rows} if rows else {})}
