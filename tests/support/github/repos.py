"""The repository, its branches, rules and collaborators."""

from tests.support.github import bodies, rules
from tests.support.github.descriptions import full_repository, granted, user
from tests.support.github.messages import not_found
from tests.support.github.routing import route

REPO = "/repos/{owner}/{repo}"
BRANCH = REPO + "/branches/{branch}"
ROLES = {"none": "none", "read": "read", "triage": "read", "write": "write", "maintain": "write", "admin": "admin"}


@route("GET", REPO)
def get(call):
    return full_repository(call.repo, call.account)


@route("GET", BRANCH)
def get_branch(call):
    name = call.names["branch"]
    tip = call.repo.bare.tip(name)
    if tip is None:
        raise not_found()
    place = f"{call.repo.api}/branches/{name}"
    shown = rules.protection(call.repo, name)
    return {
        "name": name,
        "commit": bodies.commit(call.repo, call.repo.bare.opened[tip]),
        "_links": {"html": f"{call.repo.html}/tree/{name}", "self": place},
        "protected": shown is not None or any(rules.effective(call.repo, name)),
        "protection": _summary(shown),
        "protection_url": f"{place}/protection",
    }


def _summary(shown):
    """What everybody may know of the protection of a branch: the checks."""
    if shown is None:
        none = {"enforcement_level": "off", "contexts": [], "checks": []}
        return {"enabled": False, "required_status_checks": none}
    wanted = shown.get("required_status_checks", {"contexts": [], "checks": []})
    level = "everyone" if shown["enforce_admins"]["enabled"] else "non_admins"
    said = {"enforcement_level": level, "contexts": wanted["contexts"], "checks": wanted["checks"]}
    return {"enabled": True, "required_status_checks": said}


@route("GET", BRANCH + "/protection")
def get_protection(call):
    call.allow("admin")
    shown = rules.protection(call.repo, call.names["branch"])
    if shown is None:
        raise not_protected()
    return shown


def not_protected():
    refused = not_found()
    refused.message = "Branch not protected"
    return refused


@route("GET", REPO + "/rules/branches/{branch}")
def branch_rules(call):
    return list(rules.effective(call.repo, call.names["branch"]))


@route("GET", REPO + "/rulesets")
def rulesets(call):
    """Summaries: neither rules nor bypass actors (unless a test says that they are told, to administrators)."""
    hidden = {"rules", "conditions", "bypass_actors"}
    if call.repo.tells_bypass and call.repo.may(call.account, "admin"):
        hidden.remove("bypass_actors")
    targets = call.query.get("targets", "").split(",") if call.query.get("targets") else None
    found = [each for each in call.repo.rulesets if targets is None or each["target"] in targets]
    return [{name: value for name, value in each.items() if name not in hidden} for each in found]


@route("GET", REPO + "/collaborators/{username}/permission")
def permission(call):
    account = call.fake.accounts.get(call.names["username"])
    if account is None:
        raise not_found()
    role = call.repo.permission(account)
    shown = {**user(call.fake, account), "permissions": granted(role), "role_name": role}
    return {"permission": ROLES[role], "role_name": role, "user": shown}
