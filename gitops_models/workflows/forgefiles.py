"""What ``gm init --forge github`` brings along: workflows, CODEOWNERS, rulesets, and the commands that apply them.

The workflows are those that gm's own repository runs, byte for byte but for the name of the protected branch.
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitops_models.errors import GmError

if TYPE_CHECKING:
    from gitops_models.registry.documents import People

FORGES = ("git", "github")
WORKFLOWS = (
    "gm-policy.yml",
    "gm-review-ping.yml",
    "gm-lint.yml",
    "gm-receipt.yml",
    "gm-rollback.yml",
    "gm-audit.yml",
)
CODEOWNERS = ".github/CODEOWNERS"
LINE_RULES = ".github/rulesets/gm-line.json"
TAG_RULES = ".github/rulesets/gm-tags.json"
REQUIRED_CHECK = "gm-policy"
# GitHub Actions on github.com. It keeps out tokens that may only set statuses, not who may push a workflow.
ACTIONS_APP = 15368
OURS = "branches: [main]"
# Whose secrets the workflows of these names get, and which key each is about.
ENVIRONMENTS = {
    "gm-receipt": ("GM_RECEIPT_KEY", "unless receipts are signed keyless"),
    "gm-rollback": ("GM_ROLLBACK_KEY", "signs rollbacks"),
    "gm-audit": ("GM_CHECKPOINT_KEY", "where checkpoints are to be signed"),
}


def forge_files(forge: str, line: str, people: People) -> dict[str, bytes]:
    """The files by path; none for Git alone.

    Raises GM-C002 for a forge that gm does not know, GM-C300 where the package has lost its workflows.
    """
    if forge not in FORGES:
        raise GmError("GM-C002", f"there is no forge {forge} yet", hint=f"--forge {' or '.join(FORGES)}")
    if forge == "git":
        return {}
    rules = {LINE_RULES: line_ruleset(line, alone=len(people.people) == 1), TAG_RULES: tag_ruleset()}
    return {
        **{f".github/workflows/{name}": _workflow(name, line) for name in WORKFLOWS},
        CODEOWNERS: codeowners(people),
        **{path: (json.dumps(ruleset, indent=2) + "\n").encode() for path, ruleset in rules.items()},
    }


def forge_commands(forge: str, pin: str, line: str = "main") -> tuple[str, ...]:
    """What an administrator runs once, in the clone: ``gh`` fills in owner and repository.

    A secret of the repository is handed to a workflow on any branch of anybody who may push. One of an environment that
    takes the protected branch alone is not, so the environments come before the secrets.
    """
    if forge == "git":
        return ()
    merging = "-F allow_merge_commit=true -F allow_squash_merge=false -F allow_rebase_merge=false"
    message = "-f merge_commit_title=PR_TITLE -f merge_commit_message=PR_BODY -F delete_branch_on_merge=true"
    actions = "-f default_workflow_permissions=read -F can_approve_pull_request_reviews=false"
    return (
        f"gh api --method PATCH repos/{{owner}}/{{repo}} {merging} {message}",
        f"gh api --method PUT repos/{{owner}}/{{repo}}/actions/permissions/workflow {actions}",
        f"gh variable set GM_PIN --body {pin}",
        f"gh api --method POST repos/{{owner}}/{{repo}}/rulesets --input {LINE_RULES}",
        f"gh api --method POST repos/{{owner}}/{{repo}}/rulesets --input {TAG_RULES}",
        *(command for name in ENVIRONMENTS for command in _environment(name, line)),
        *(f"gh secret set {secret} --env {name} < KEY_FILE  # {why}" for name, (secret, why) in ENVIRONMENTS.items()),
    )


def _environment(name: str, line: str) -> tuple[str, str]:
    place = f"repos/{{owner}}/{{repo}}/environments/{name}"
    chosen = (
        "deployment_branch_policy[protected_branches]=false",
        "deployment_branch_policy[custom_branch_policies]=true",
    )
    return (
        f"gh api --method PUT {place} -F '{chosen[0]}' -F '{chosen[1]}'",
        f"gh api --method POST {place}/deployment-branch-policies -f name={shlex.quote(line)}",
    )


def codeowners(people: People) -> bytes:
    """Whom GitHub asks for a review of what the policy says; gm itself counts by the people file alone."""
    known = [(person, login) for person in people.people for login in person.logins if login.forge == "github"]
    owners = [login.login for person, login in known if person.has_role("policy-owner")]
    named = " ".join(f"@{name}" for name in owners or [login.login for _, login in known])
    paths = ("/gm.yaml", "/policies/", "/.github/", "/.dvc/config")
    lines = [f"{path} {named}" if named else f"# {path} @who-owns-the-policy" for path in paths]
    return "\n".join(["# GitHub asks these for a review; what counts is policies/people.yaml.", *lines, ""]).encode()


def line_ruleset(line: str, *, alone: bool = False) -> dict[str, Any]:
    """The protected branch moves by merged pull requests that passed the gate, and nobody goes round it.

    Somebody who is ``alone`` has nobody to ask: GitHub takes no review from the author. The form is that of
    https://docs.github.com/en/rest/repos/rules
    """
    reviews = {
        "allowed_merge_methods": ["merge"],
        "dismiss_stale_reviews_on_push": True,
        "require_code_owner_review": False,
        "require_last_push_approval": not alone,
        "required_approving_review_count": 0 if alone else 1,
        "required_review_thread_resolution": False,
    }
    checks = {
        "strict_required_status_checks_policy": True,
        "required_status_checks": [{"context": REQUIRED_CHECK, "integration_id": ACTIONS_APP}],
    }
    rules: list[dict[str, Any]] = [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {"type": "pull_request", "parameters": reviews},
        {"type": "required_status_checks", "parameters": checks},
    ]
    return _ruleset("gm: the protected branch", "branch", f"refs/heads/{line}", rules)


def tag_ruleset() -> dict[str, Any]:
    """A version tag is for ever."""
    rules = [{"type": kind} for kind in ("deletion", "non_fast_forward", "update")]
    return _ruleset("gm: version tags", "tag", "refs/tags/*@v*", rules)


def _ruleset(name: str, target: str, ref: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "target": target,
        "enforcement": "active",
        "bypass_actors": [],
        "conditions": {"ref_name": {"include": [ref], "exclude": []}},
        "rules": rules,
    }


def _workflow(name: str, line: str) -> bytes:
    text = (_workflows() / name).read_text(encoding="utf-8")
    return text.replace(OURS, f'branches: ["{line}"]').encode() if line != "main" else text.encode()


def _workflows() -> Path:
    """Beside an installed package, or in the repository that an editable install points to."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_bundle" / "workflows", package.parent / ".github" / "workflows"):
        if (candidate / WORKFLOWS[0]).is_file():
            return candidate
    raise GmError("GM-C300", "the workflows are not there", where=str(package / "_bundle"))
