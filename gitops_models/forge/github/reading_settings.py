"""From GitHub's JSON to gm's plain data: checks, deployments, branches, rules and protection. Raises GM-F408."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.forge.github.models import (
    Branch,
    BranchProtection,
    Bypass,
    Check,
    CombinedStatus,
    Deployment,
    DeploymentStatus,
    RequiredCheck,
    Rule,
    Ruleset,
    Status,
)

if TYPE_CHECKING:
    from gitops_models.forge.github.fields import Fields


def check(data: Fields) -> Check:
    """A check run."""
    app = data.maybe_child("app")
    return Check(
        id=data.number("id"),
        name=data.word("name"),
        head=data.oid("head_sha"),
        status=data.word("status"),
        conclusion=data.maybe_word("conclusion"),
        app_id=app.maybe_number("id") if app else None,
        app_slug=app.maybe_word("slug") if app else None,
        external_id=data.maybe_word("external_id"),
    )


def status(data: Fields) -> Status:
    """One commit status."""
    return Status(data.number("id"), data.word("context"), data.word("state"), data.maybe_text("description"))


def combined_status(data: Fields, statuses: tuple[Fields, ...]) -> CombinedStatus:
    """What the statuses of a commit come to; ``statuses`` are those of all pages."""
    return CombinedStatus(data.oid("sha"), data.word("state"), tuple(status(one) for one in statuses))


def deployment(data: Fields) -> Deployment:
    """A deployment; other tools put texts into the payload, which is left out."""
    payload = data.values.get("payload")
    return Deployment(
        id=data.number("id"),
        sha=data.oid("sha"),
        environment=data.word("environment"),
        payload=payload if isinstance(payload, dict) else {},
        task=data.word("task"),
    )


def deployment_status(data: Fields) -> DeploymentStatus:
    """What became of a deployment."""
    said = data.maybe_text("description") or ""
    return DeploymentStatus(data.number("id"), data.word("state"), said, data.maybe_word("log_url") or "")


def branch(data: Fields) -> Branch:
    """A branch."""
    return Branch(data.word("name"), data.child("commit").oid("sha"), data.flag("protected"))


def rule(data: Fields) -> Rule:
    """A rule in force on a branch."""
    parameters = data.maybe_child("parameters")
    return Rule(
        kind=data.word("type"),
        parameters=parameters.values if parameters else {},
        ruleset=data.maybe_number("ruleset_id"),
        source=data.maybe_word("ruleset_source") or "",
    )


def ruleset(data: Fields) -> Ruleset:
    """A ruleset, without its rules."""
    actors = data.maybe_children("bypass_actors")
    return Ruleset(
        id=data.number("id"),
        name=data.word("name"),
        target=data.maybe_word("target") or "",
        enforcement=data.word("enforcement"),
        source=data.maybe_word("source") or "",
        bypass=None if actors is None else tuple(_bypass(one) for one in actors),
    )


def _bypass(data: Fields) -> Bypass:
    return Bypass(data.word("actor_type"), data.maybe_number("actor_id"), data.maybe_word("bypass_mode") or "always")


def protection(data: Fields) -> BranchProtection:
    """The classic protection of a branch."""
    checks, reviews = data.maybe_child("required_status_checks"), data.maybe_child("required_pull_request_reviews")
    return BranchProtection(
        checks=_checks(checks) if checks else None,
        strict=checks.maybe_flag("strict") if checks else None,
        # Zero approvals is what the page makes of "require a pull request" alone.
        approvals=(reviews.maybe_number("required_approving_review_count") or 0) if reviews else None,
        dismiss_stale=reviews.maybe_flag("dismiss_stale_reviews") if reviews else None,
        code_owners=reviews.maybe_flag("require_code_owner_reviews") if reviews else None,
        last_push=reviews.maybe_flag("require_last_push_approval") if reviews else None,
        bypass_reviews=_somebody(reviews.maybe_child("bypass_pull_request_allowances")) if reviews else False,
        enforce_admins=_enabled(data, "enforce_admins"),
        force_pushes=_enabled(data, "allow_force_pushes"),
        deletions=_enabled(data, "allow_deletions"),
        signatures=_enabled(data, "required_signatures"),
        linear=_enabled(data, "required_linear_history"),
        restricted=data.maybe_child("restrictions") is not None,
    )


def _checks(data: Fields) -> tuple[RequiredCheck, ...]:
    """The required checks; older servers name contexts only."""
    found = data.maybe_children("checks")
    if found is None:
        return tuple(RequiredCheck(name, None) for name in data.words("contexts"))
    return tuple(RequiredCheck(one.word("context"), _app(one)) for one in found)


def _app(data: Fields) -> int | None:
    """The App that a check must come from; GitHub writes -1 for whichever."""
    return None if data.values.get("app_id") == -1 else data.maybe_number("app_id")


def _enabled(data: Fields, name: str) -> bool | None:
    found = data.maybe_child(name)
    return found.flag("enabled") if found else None


def _somebody(data: Fields | None) -> bool:
    return data is not None and any(data.maybe_children(kind) for kind in ("users", "teams", "apps"))
