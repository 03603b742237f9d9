"""Events of GitHub, as a workflow finds them in GITHUB_EVENT_PATH: only what is used, in plain data.

An event says that something happened; what is true is asked of Git and of the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.github import reading, reading_settings
from gitops_models.forge.github.answers import parse_json
from gitops_models.forge.github.fields import Fields, fields_of, unlike
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from gitops_models.forge.github.models import (
        Account,
        Check,
        Deployment,
        DeploymentStatus,
        PullRequest,
        Review,
    )

# What GitHub sends is capped at 25 MB.
MOST_BYTES = 25 * 1024 * 1024


@dataclass(frozen=True)
class Origin:
    """Where an event comes from. ``sender`` is None for a deleted account, ``action`` empty where there is none."""

    action: str
    repository: int
    full_name: str
    sender: Account | None


@dataclass(frozen=True)
class PullRequestEvent:
    """``pull_request`` and ``pull_request_target``."""

    origin: Origin
    pull: PullRequest


@dataclass(frozen=True)
class ReviewEvent:
    """``pull_request_review``."""

    origin: Origin
    pull: PullRequest
    review: Review


@dataclass(frozen=True)
class PushEvent:
    """``push``: ``ref`` moved from ``before`` to ``after``; zeros for a ref that was made or deleted."""

    origin: Origin
    ref: str
    before: str
    after: str
    created: bool
    deleted: bool
    forced: bool


@dataclass(frozen=True)
class WorkflowRunEvent:
    """``workflow_run``: the run of another workflow on ``head``.

    ``event`` is what started that run, ``path`` its file, ``pulls`` the numbers of pull requests from this repository.
    """

    origin: Origin
    run: int
    name: str
    path: str
    event: str
    head: str
    head_branch: str | None
    head_repository: int | None
    status: str
    conclusion: str | None
    pulls: tuple[int, ...]


@dataclass(frozen=True)
class CheckRunEvent:
    """``check_run``."""

    origin: Origin
    check: Check


@dataclass(frozen=True)
class DeploymentStatusEvent:
    """``deployment_status``."""

    origin: Origin
    deployment: Deployment
    status: DeploymentStatus


Event = PullRequestEvent | ReviewEvent | PushEvent | WorkflowRunEvent | CheckRunEvent | DeploymentStatusEvent


def parse_event(name: str, payload: bytes | dict[str, Any]) -> Event:
    """Read the event that GitHub calls ``name`` (GITHUB_EVENT_NAME).

    GM-F412 for an event that gm has no use for, GM-F408 for a payload that GitHub's documentation does not describe.
    """
    read = _READERS.get(name)
    if read is None:
        raise GmError("GM-F412", f"`{visible(name)}` is no event that gm reads")
    if isinstance(payload, bytes):
        if len(payload) > MOST_BYTES:
            raise unlike(f"the event has {len(payload)} bytes, more than GitHub sends")
        payload = parse_json(payload, "the event")
    data = fields_of(payload, name)
    return read(data, _origin(data))


def _origin(data: Fields) -> Origin:
    repository = data.child("repository")
    return Origin(
        action=data.maybe_word("action") or "",
        repository=repository.number("id"),
        full_name=repository.word("full_name"),
        sender=reading.maybe_account(data, "sender"),
    )


def _pull_request(data: Fields, origin: Origin) -> PullRequestEvent:
    return PullRequestEvent(origin, reading.pull_request(data.child("pull_request")))


def _review(data: Fields, origin: Origin) -> ReviewEvent:
    return ReviewEvent(origin, reading.pull_request(data.child("pull_request")), reading.review(data.child("review")))


def _push(data: Fields, origin: Origin) -> PushEvent:
    flags = (data.flag(name) for name in ("created", "deleted", "forced"))
    return PushEvent(origin, data.word("ref"), data.oid("before"), data.oid("after"), *flags)


def _workflow_run(data: Fields, origin: Origin) -> WorkflowRunEvent:
    run = data.child("workflow_run")
    fork = run.maybe_child("head_repository")
    return WorkflowRunEvent(
        origin=origin,
        run=run.number("id"),
        name=run.maybe_word("name") or "",
        path=run.maybe_word("path") or "",
        event=run.word("event"),
        head=run.oid("head_sha"),
        head_branch=run.maybe_word("head_branch"),
        head_repository=fork.number("id") if fork else None,
        status=run.word("status"),
        conclusion=run.maybe_word("conclusion"),
        pulls=tuple(one.number("number") for one in run.maybe_children("pull_requests") or ()),
    )


def _check_run(data: Fields, origin: Origin) -> CheckRunEvent:
    return CheckRunEvent(origin, reading_settings.check(data.child("check_run")))


def _deployment_status(data: Fields, origin: Origin) -> DeploymentStatusEvent:
    return DeploymentStatusEvent(
        origin,
        reading_settings.deployment(data.child("deployment")),
        reading_settings.deployment_status(data.child("deployment_status")),
    )


_READERS: dict[str, Callable[[Fields, Origin], Event]] = {
    "pull_request": _pull_request,
    "pull_request_target": _pull_request,
    "pull_request_review": _review,
    "push": _push,
    "workflow_run": _workflow_run,
    "check_run": _check_run,
    "deployment_status": _deployment_status,
}
