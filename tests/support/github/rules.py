"""Rulesets and classic branch protection: what a test sets, what stands in the way of a merge or a push."""

from fnmatch import fnmatchcase

from tests.support.github.descriptions import node, user
from tests.support.github.messages import Refused
from tests.support.github.state import ACTIONS_APP

PASSED = ("success", "neutral", "skipped")  # a skipped check counts as passed


def pull_request(*, approvals=1, stale=False, last_push=False, owners=False, methods=("merge", "squash", "rebase")):
    """The rule that pull requests and approvals are needed."""
    parameters = {
        "allowed_merge_methods": list(methods),
        "dismiss_stale_reviews_on_push": stale,
        "require_code_owner_review": owners,
        "require_last_push_approval": last_push,
        "required_approving_review_count": approvals,
        "required_review_thread_resolution": False,
    }
    return {"type": "pull_request", "parameters": parameters}


def status_checks(*contexts, app=None, strict=False):
    """The rule that checks are needed; ``app`` pins them to one App."""
    wanted = [{"context": name, **({} if app is None else {"integration_id": app})} for name in contexts]
    parameters = {"required_status_checks": wanted, "strict_required_status_checks_policy": strict}
    return {"type": "required_status_checks", "parameters": parameters}


def plain(kind):
    """A rule without parameters: ``non_fast_forward``, ``deletion``, ``creation``, ``required_signatures``, …"""
    return {"type": kind}


def add_ruleset(repo, name, *rules, include=("~DEFAULT_BRANCH",), target="branch", enforcement="active", bypass=()):
    """Add a ruleset and give it; ``bypass`` are bypass actors as of the API."""
    now = repo.fake.now()
    number = repo.fake.next_id()
    made = {
        "id": number,
        "name": name,
        "target": target,
        "source_type": "Repository",
        "source": repo.full_name,
        "enforcement": enforcement,
        "bypass_actors": list(bypass),
        "node_id": node("RepositoryRuleset", number),
        "_links": {"self": {"href": f"{repo.api}/rulesets/{number}"}},
        "conditions": {"ref_name": {"include": list(include), "exclude": []}},
        "rules": list(rules),
        "created_at": now,
        "updated_at": now,
    }
    repo.rulesets.append(made)
    return made


def applies(repo, ruleset, branch):
    if ruleset["target"] != "branch" or ruleset["enforcement"] != "active":
        return False
    names = ruleset["conditions"]["ref_name"]
    return _matches(repo, names["include"], branch) and not _matches(repo, names["exclude"], branch)


def _matches(repo, patterns, branch):
    special = {"~ALL": True, "~DEFAULT_BRANCH": branch == repo.default}
    return any(special.get(each, fnmatchcase(f"refs/heads/{branch}", each)) for each in patterns)


def effective(repo, branch):
    """The rules in force for a branch, with where they come from."""
    for ruleset in repo.rulesets:
        if applies(repo, ruleset, branch):
            facts = {"ruleset_source_type": "Repository", "ruleset_source": repo.full_name, "ruleset_id": ruleset["id"]}
            yield from ({**rule, **facts} for rule in ruleset["rules"])


def protect(repo, branch, *, off=False, **wanted):
    """Set classic protection: reviews, stale, last_push, owners, checks, app, strict, admins, force, deletions,
    signatures, linear; each off unless said."""
    if off:
        repo.protections.pop(branch, None)
        return
    repo.protections[branch] = wanted


def protection(repo, branch):
    """``branch-protection`` of the description; None where there is none."""
    wanted = repo.protections.get(branch)
    if wanted is None:
        return None
    place = f"{repo.api}/branches/{branch}/protection"
    switches = {"required_linear_history": "linear", "allow_force_pushes": "force", "allow_deletions": "deletions"}
    never = ("block_creations", "required_conversation_resolution", "lock_branch", "allow_fork_syncing")
    return {
        "url": place,
        **_reviews(repo.fake, place, wanted),
        **_checks(place, wanted),
        "enforce_admins": {"url": f"{place}/enforce_admins", "enabled": wanted.get("admins", False)},
        "required_signatures": {"url": f"{place}/required_signatures", "enabled": wanted.get("signatures", False)},
        **{name: {"enabled": wanted.get(key, False)} for name, key in switches.items()},
        **{name: {"enabled": False} for name in never},
    }


def _reviews(fake, place, wanted):
    if "reviews" not in wanted:
        return {}
    said = {
        "url": f"{place}/required_pull_request_reviews",
        "dismiss_stale_reviews": wanted.get("stale", False),
        "require_code_owner_reviews": wanted.get("owners", False),
        "require_last_push_approval": wanted.get("last_push", False),
        "required_approving_review_count": wanted["reviews"],
    }
    if "bypass" in wanted:  # accounts that need no pull request
        accounts = [user(fake, account) for account in wanted["bypass"]]
        said["bypass_pull_request_allowances"] = {"users": accounts, "teams": [], "apps": []}
    return {"required_pull_request_reviews": said}


def _checks(place, wanted):
    if "checks" not in wanted:
        return {}
    said = {
        "url": f"{place}/required_status_checks",
        "strict": wanted.get("strict", False),
        "contexts": list(wanted["checks"]),
        "contexts_url": f"{place}/required_status_checks/contexts",
        "checks": [{"context": name, "app_id": wanted.get("app")} for name in wanted["checks"]],
    }
    return {"required_status_checks": said}


def checks(repo, branch):
    """The checks that a merge into a branch needs, as of ``required_status_checks`` of rulesets."""
    for rule in effective(repo, branch):
        if rule["type"] == "required_status_checks":
            yield from rule["parameters"]["required_status_checks"]
    wanted = repo.protections.get(branch, {})
    for context in wanted.get("checks", ()):
        yield {"context": context, **({"integration_id": wanted["app"]} if wanted.get("app") else {})}


def reviewing(repo, branch):
    """The rules about reviews of a branch, in the words of ``pull_request`` of rulesets."""
    for rule in effective(repo, branch):
        if rule["type"] == "pull_request":
            yield rule["parameters"]
    wanted = repo.protections.get(branch, {})
    if "reviews" in wanted:
        given = {
            "approvals": wanted["reviews"],
            **{key: wanted.get(key, False) for key in ("stale", "last_push", "owners")},
        }
        yield pull_request(**given)["parameters"]


def judge(repo, pull, by, method):
    """Raise Refused(405) where settings, rules or protection stand in the way of a merge."""
    allowed = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}
    if not getattr(repo.settings, allowed[method]):
        names = {"merge": "Merge commits", "squash": "Squash merges", "rebase": "Rebase merges"}
        raise Refused(405, f"{names[method]} are not allowed on this repository.")
    if _exempt(repo, pull.base_ref, by):
        return
    for wanted in reviewing(repo, pull.base_ref):
        _judge_reviews(repo, pull, wanted, method)
    judge_checks(repo, pull.base_ref, pull.head)


def _exempt(repo, branch, by):
    """Administrators pass classic protection that does not include them, where no ruleset is in force."""
    wanted = repo.protections.get(branch)
    return (
        wanted is not None and not wanted.get("admins") and repo.may(by, "admin") and not list(effective(repo, branch))
    )


def _judge_reviews(repo, pull, wanted, method):
    if method not in wanted.get("allowed_merge_methods", (method,)):
        raise Refused(405, f"Repository rule violations found\n\nThis branch must not be merged by {method}.")
    states = latest(repo, pull)
    if "CHANGES_REQUESTED" in states.values():
        raise Refused(405, "Repository rule violations found\n\nChanges have been requested.")
    approving = [account for account, state in states.items() if state == "APPROVED"]
    count = wanted["required_approving_review_count"]
    if len(approving) < count:
        some = "review is" if count == 1 else "reviews are"
        raise Refused(405, f"At least {count} approving {some} required by reviewers with write access.")
    if wanted["require_last_push_approval"] and not any(account is not pull.last_pusher for account in approving):
        raise Refused(405, "New changes require approval from someone other than the last pusher.")


def latest(repo, pull):
    """The latest opinion of each reviewer who may write: account to APPROVED, CHANGES_REQUESTED or DISMISSED."""
    opinions = [review for review in pull.reviews if review.state not in ("COMMENTED", "PENDING")]
    return {
        review.author: review.state
        for review in opinions
        if repo.may(review.author, "write") and not review.author.deleted
    }


def judge_checks(repo, branch, head):
    """Raise Refused(405) where a required check is missing or has not passed."""
    for wanted in checks(repo, branch):
        context = wanted["context"]
        state = conclusion(repo, head, context, wanted.get("integration_id"))
        if state is None:
            raise Refused(405, f'Required status check "{context}" is expected.')
        if state not in PASSED:
            raise Refused(
                405, f'Required status check "{context}" is {"failing" if state != "pending" else "in progress"}.'
            )


def conclusion(repo, head, context, app=None):
    """What the latest check run or status of that name says; None where there is none (of that App)."""
    runs = [check for check in repo.checks.values() if (check.head, check.name) == (head, context)]
    runs = [check for check in runs if app is None or check.author.app_id == app]
    if runs:
        return runs[-1].conclusion or "pending"
    said = [status for status in repo.statuses if (status.sha, status.context) == (head, context)]
    said = [status for status in said if app is None or app == ACTIONS_APP == status.author.app_id]
    return said[-1].state if said else None


def refuses_push(repo, account, commands):
    """The words with which a push to a protected branch is declined, or None; commands are (old, new, ref)."""
    for old, new, name in commands:
        branch = name.removeprefix("refs/heads/")
        kinds = {rule["type"] for rule in effective(repo, branch)} if name.startswith("refs/heads/") else set()
        wanted = repo.protections.get(branch) if name.startswith("refs/heads/") else None
        if wanted is not None and (wanted.get("admins") or not repo.may(account, "admin")):
            kinds |= {"non_fast_forward"} if not wanted.get("force") else set()
            kinds |= {"deletion"} if not wanted.get("deletions") else set()
            kinds |= {"pull_request"} if "reviews" in wanted or "checks" in wanted else set()
        words = _declined(kinds, old, new)
        if words:
            return f"GH013: Repository rule violations found for {name}.\n\n- {words}"
    return None


def _declined(kinds, old, new):
    gone, fresh = not new.strip("0"), not old.strip("0")
    if gone:
        return "Cannot delete this branch" if "deletion" in kinds else None
    if "pull_request" in kinds and not fresh:
        return "Changes must be made through a pull request."
    if "required_status_checks" in kinds and not fresh:
        return "Required status checks are expected."
    return None


def rewinds(repo, branch):
    """Whether force pushes to a branch are refused: only git can tell, once it has the objects."""
    wanted = repo.protections.get(branch)
    kinds = {rule["type"] for rule in effective(repo, branch)}
    return "non_fast_forward" in kinds or (wanted is not None and not wanted.get("force"))


def strict(repo, branch):
    """Whether the head must hold the base's tip, once per rule that says so."""
    found = (rule["parameters"] for rule in effective(repo, branch) if rule["type"] == "required_status_checks")
    yield from (True for wanted in found if wanted["strict_required_status_checks_policy"])
    yield from (True for _ in range(bool(repo.protections.get(branch, {}).get("strict"))))
