"""How GitHub protects a branch: rulesets and classic protection put together, and the commands that mend them.

Rulesets and protection add up: what one of them demands is demanded. Rules in force are shown to everybody who may
read, classic protection and merge settings to administrators only, and who may pass by a ruleset not in its list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gitops_models.errors import GmError
from gitops_models.forge.protection import MERGE, Need, Pin, Settings, Source
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitops_models.forge.github.client import GitHub
    from gitops_models.forge.github.models import BranchProtection, RepositoryInfo, Rule, Ruleset

T = TypeVar("T")
GATE = "gm-policy"
GATE_FILE = "/gm-policy.yml"
ACTIONS_APP = 15368
"""GitHub Actions on github.com, https://api.github.com/apps/github-actions; other servers have another number."""

LINE, TAGS = "gm: the protected branch", "gm: version tags"
CLASSIC = "branch protection"
UNTOLD = {
    "approval by Actions": "gh api repos/{owner}/{repo}/actions/permissions/workflow"
    "  # can_approve_pull_request_reviews must be false",
    "rules of tags": "gh api repos/{owner}/{repo}/rulesets  # then .../rulesets/ID of the one for tags/*@v*",
}
"""What none of the calls that gm makes says, and how a person finds out."""

_FORBIDDEN = frozenset({"GM-F402", "GM-F403"})
_PLAIN = {"non_fast_forward": Need.FORWARD, "deletion": Need.STAYS, "pull_request": Need.PULL_REQUEST}
_REVIEWS = {"dismiss_stale_reviews_on_push": Need.STALE, "require_last_push_approval": Need.LAST_PUSH}
_LINE_FILE, _TAG_FILE = ".github/rulesets/gm-line.json", ".github/rulesets/gm-tags.json"


def read_settings(github: GitHub, branch: str) -> Settings:
    """Ask for the settings that protect ``branch``; what is refused to this token is named in ``unseen``.

    Raises GM-F401 to F409 for everything else, and for a repository that cannot be seen at all.
    """
    repository, asked = github.repository(), _Asked()
    rules = asked.of("rules of the branch", lambda: github.branch_rules(branch)) or ()
    rulesets = asked.of("rulesets", github.rulesets)
    classic = asked.of(CLASSIC, lambda: github.protection(branch))
    known = {one.id: one for one in rulesets or ()}
    met = dict[Need, tuple[Source, ...]]()
    for need, source in (*_of_rules(rules, known), *_of_classic(classic)):
        met[need] = (*met.get(need, ()), source)
    return Settings(
        branch,
        met,
        pins=tuple(_pins(rules, classic, _actions(github, branch))),
        methods=_methods(repository, rules, classic),
        message=_message(repository),
        unseen=tuple(asked.refused),
        asleep=tuple(visible(one.name) for one in rulesets or () if one.enforcement != "active"),
        tags=None if rulesets is None else any(_keeps_tags(one) for one in rulesets),
        untold=UNTOLD,
        remedies=_remedies(rulesets or ()),
    )


class _Asked:
    """Asks, and keeps the names of what was refused for want of rights."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def of(self, what: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except GmError as error:
            if error.code not in _FORBIDDEN:
                raise
            self.refused.append(what)
            return None


def _of_rules(rules: tuple[Rule, ...], rulesets: Mapping[int, Ruleset]) -> Iterator[tuple[Need, Source]]:
    for rule in rules:
        source = _source(rule, rulesets)
        if rule.kind in _PLAIN:
            yield _PLAIN[rule.kind], source
        if any(True for _ in _pins_of(rule, frozenset())):
            yield Need.GATE, source
        if rule.kind == "pull_request":
            yield from ((need, source) for name, need in _REVIEWS.items() if rule.parameters.get(name) is True)


def _source(rule: Rule, rulesets: Mapping[int, Ruleset]) -> Source:
    ruleset = rulesets.get(rule.ruleset) if rule.ruleset is not None else None
    if ruleset is None:
        return Source(f"ruleset {rule.ruleset or ''} of {visible(rule.source)}", None)
    said = ruleset.bypass
    who = None if said is None else tuple(f"{visible(one.kind)} {one.id or ''}".strip() for one in said)
    return Source(f"ruleset {visible(ruleset.name)}", who)


def _of_classic(found: BranchProtection | None) -> Iterator[tuple[Need, Source]]:
    if found is None:
        return
    admins = () if found.enforce_admins else ("every administrator",)
    source = Source(CLASSIC, admins)
    reviewed = Source(CLASSIC, (*admins, *(["whom it excepts from pull requests"] if found.bypass_reviews else [])))
    said = {
        Need.FORWARD: found.force_pushes is False,
        Need.STAYS: found.deletions is False,
        Need.GATE: any(check.context == GATE for check in found.checks or ()),
    }
    yield from ((need, source) for need, holds in said.items() if holds)
    if found.approvals is not None:
        yield Need.PULL_REQUEST, reviewed
    more = {Need.STALE: found.dismiss_stale, Need.LAST_PUSH: found.last_push}
    yield from ((need, reviewed) for need, holds in more.items() if holds)


def _pins(rules: tuple[Rule, ...], classic: BranchProtection | None, actions: frozenset[int]) -> Iterator[Pin]:
    for rule in rules:
        yield from _pins_of(rule, actions)
    for check in (classic.checks or ()) if classic else ():
        if check.context == GATE:
            yield _pin(check.app_id, actions)


def _pins_of(rule: Rule, actions: frozenset[int]) -> Iterator[Pin]:
    """From whom a rule wants the gate; parameters are as GitHub sent them."""
    if rule.kind == "required_status_checks":
        for check in _rows(rule.parameters.get("required_status_checks")):
            if check.get("context") == GATE:
                yield _pin(check.get("integration_id"), actions)
    if rule.kind == "workflows":
        for workflow in _rows(rule.parameters.get("workflows")):
            if f"/{workflow.get('path')}".endswith(GATE_FILE):
                yield Pin.REQUIRED_WORKFLOW


def _pin(app: object, actions: frozenset[int]) -> Pin:
    if not isinstance(app, int) or app <= 0:
        return Pin.NOBODY
    return Pin.WORKFLOWS if app in actions else Pin.APP


def _rows(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _actions(github: GitHub, branch: str) -> frozenset[int]:
    """The numbers under which workflows post here: what ran on the branch's tip tells that of this server."""
    checks = _Asked().of("checks", lambda: github.checks(branch)) or ()
    return frozenset({ACTIONS_APP, *(one.app_id for one in checks if one.app_id and one.app_slug == "github-actions")})


def _methods(
    repository: RepositoryInfo, rules: tuple[Rule, ...], classic: BranchProtection | None
) -> frozenset[str] | None:
    """The ways to merge that nothing rules out; None where neither the repository nor a rule says."""
    said = {
        MERGE: repository.allow_merge_commit,
        "squash": repository.allow_squash_merge,
        "rebase": repository.allow_rebase_merge,
    }
    left, told = {name for name, allowed in said.items() if allowed is not False}, None not in said.values()
    for rule in rules:
        named = rule.parameters.get("allowed_merge_methods")
        if rule.kind == "pull_request" and isinstance(named, list):
            left, told = left & {one for one in named if isinstance(one, str)}, True
        if rule.kind == "required_linear_history":
            left.discard(MERGE)
    if classic is not None and classic.linear:
        left.discard(MERGE)
    return frozenset(left) if told else None


def _message(repository: RepositoryInfo) -> bool | None:
    said = (repository.merge_commit_title, repository.merge_commit_message)
    return None if None in said else said == ("PR_TITLE", "PR_BODY")


def _keeps_tags(ruleset: Ruleset) -> bool:
    return ruleset.target == "tag" and ruleset.enforcement == "active"


def _remedies(rulesets: tuple[Ruleset, ...]) -> dict[str, str]:
    """A command for each code, run in the clone: ``gh`` fills in owner and repository."""
    line, tags = _apply(rulesets, LINE, _LINE_FILE), _apply(rulesets, TAGS, _TAG_FILE)
    change = "gh api --method PATCH repos/{owner}/{repo}"
    merging = "-F allow_merge_commit=true -F allow_squash_merge=false -F allow_rebase_merge=false"
    return {
        "GM-F450": "gh auth login  # as an administrator, then run it again; or an App with `administration: read`",
        **dict.fromkeys(("GM-F451", "GM-F452", "GM-F453", "GM-F454", "GM-F456", "GM-F459", "GM-F460"), line),
        "GM-F455": "gh api orgs/{owner}/rulesets  # there, require the workflow gm-policy.yml",
        "GM-F457": f"{change} {merging}",
        "GM-F458": f"{change} -f merge_commit_title=PR_TITLE -f merge_commit_message=PR_BODY",
        "GM-F461": line,
        "GM-F462": line,
        "GM-F463": tags,
    }


def _apply(rulesets: tuple[Ruleset, ...], name: str, file: str) -> str:
    known = next((one.id for one in rulesets if one.name == name), None)
    method, place = ("POST", "rulesets") if known is None else ("PUT", f"rulesets/{known}")
    return f"gh api --method {method} repos/{{owner}}/{{repo}}/{place} --input {file}"
