"""Bodies of accounts, repositories, teams and Apps."""

import base64

from tests.support.github.state import GHOST, Account

STARTED = "2026-01-01T00:00:00Z"
TEMPLATED = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "{/user}",
    "git_blobs": "{/sha}",
    "branches": "{/branch}",
    "collaborators": "{/collaborator}",
    "comments": "{/number}",
    "commits": "{/sha}",
    "compare": "/{base}...{head}",
    "contents": "/{+path}",
    "git_commits": "{/sha}",
    "git_refs": "{/sha}",
    "git_tags": "{/sha}",
    "issue_comment": "{/number}",
    "issue_events": "{/number}",
    "issues": "{/number}",
    "keys": "{/key_id}",
    "labels": "{/name}",
    "milestones": "{/number}",
    "notifications": "{?since,all,participating}",
    "pulls": "{/number}",
    "releases": "{/id}",
    "statuses": "/{sha}",
    "git_trees": "{/sha}",
}
PLAIN = "contributors deployments downloads events forks hooks languages merges stargazers"
PLAIN += " subscribers subscription tags teams"
PLACES = {"git_blobs": "git/blobs", "git_commits": "git/commits", "git_refs": "git/refs", "git_tags": "git/tags"}
PLACES |= {"git_trees": "git/trees", "archive": "", "issue_comment": "issues/comments", "issue_events": "issues/events"}
FIELDS = {"git_blobs": "blobs_url", "git_trees": "trees_url"}
OFF = ("has_projects", "has_wiki", "has_pages", "has_discussions", "archived", "disabled")
LEVELS = ("pull", "triage", "push", "maintain", "admin")
PERMISSIONS = ("read", "triage", "write", "maintain", "admin")


def node(kind, number):
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def user(fake, account: Account | None):
    """simple-user; None for nobody and for reviews of the deleted."""
    if account is None:
        return None
    login, place = account.login, f"{fake.api_url}/users/{account.login}"
    links = {f"{name}_url": f"{place}/{name}" for name in ("followers", "subscriptions", "repos", "received_events")}
    return {
        "login": login,
        "id": account.id,
        "node_id": node(account.kind, account.id),
        "avatar_url": f"{fake.url}/avatars/u/{account.id}?v=4",
        "gravatar_id": "",
        "url": place,
        "html_url": f"{fake.url}/{login}",
        "following_url": f"{place}/following{{/other_user}}",
        "gists_url": f"{place}/gists{{/gist_id}}",
        "starred_url": f"{place}/starred{{/owner}}{{/repo}}",
        "organizations_url": f"{place}/orgs",
        "events_url": f"{place}/events{{/privacy}}",
        **links,
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def person(fake, account):
    """The author of a pull request or comment: those who left are "ghost"."""
    return user(fake, Account(GHOST, "ghost") if account.deleted else account)


def reviewer(fake, account):
    """The author of a review: null for those who left."""
    return None if account.deleted else user(fake, account)


def association(account):
    return {"none": "NONE", "read": "NONE"}.get(account.permission, "MEMBER")


def public_user(fake, account):
    """What ``GET /user`` says."""
    nothing = dict.fromkeys(("company", "location", "email", "hireable", "bio", "twitter_username"))
    figures = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    return {
        **user(fake, account),
        **nothing,
        **figures,
        "name": account.name,
        "blog": "",
        "created_at": STARTED,
        "updated_at": STARTED,
    }


def _links(repo):
    place = repo.api
    yield "url", place
    for name, ending in TEMPLATED.items():
        path = PLACES.get(name, name)
        yield FIELDS.get(name, f"{name}_url"), f"{place}{'/' if path else ''}{path}{ending}"
    for name in PLAIN.split():
        yield f"{name}_url", f"{place}/{name}"


def granted(permission):
    """The permissions of a repository or collaborator, each true up to the given one."""
    reached = PERMISSIONS.index(permission) if permission in PERMISSIONS else -1
    return {name: number <= reached for number, name in enumerate(LEVELS)}


def repository(repo, account=None):
    """``repository`` of the description, as it stands in pull requests and events; settings are left out."""
    fake, home = repo.fake, f"{repo.fake.url}/{repo.full_name}"
    figures = ("forks_count", "stargazers_count", "watchers_count", "size", "forks", "watchers")
    switches = dict.fromkeys(
        ("has_projects", "has_wiki", "has_pages", "has_discussions", "archived", "disabled"), False
    )
    opened = sum(pull.state == "open" for pull in repo.pulls.values())
    return {
        "id": repo.id,
        "node_id": node("Repository", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": user(fake, repo.owner),
        "private": repo.settings.private,
        "html_url": home,
        "description": None,
        "fork": repo.parent is not None,
        **dict(_links(repo)),
        "git_url": home.replace("https", "git", 1) + ".git",
        "ssh_url": f"git@127.0.0.1:{repo.full_name}.git",
        "clone_url": repo.remote_url,
        "svn_url": home,
        **dict.fromkeys(("mirror_url", "homepage", "language", "license")),
        **dict.fromkeys(figures, 0),
        **switches,
        "has_issues": True,
        "has_downloads": True,
        "is_template": False,
        "topics": [],
        "web_commit_signoff_required": False,
        "custom_properties": {},
        "visibility": "private" if repo.settings.private else "public",
        "default_branch": repo.settings.default_branch,
        "open_issues_count": opened,
        "open_issues": opened,
        "pushed_at": STARTED,
        "created_at": STARTED,
        "updated_at": STARTED,
        **({"permissions": granted(repo.permission(account))} if account else {}),
    }


def full_repository(repo, account):
    """``GET /repos/…``: settings of merges stand there for those who may push."""
    settings = repo.settings
    names = [name for name in vars(settings) if name.startswith(("allow_", "merge_", "squash_", "delete_"))]
    shown = {name: getattr(settings, name) for name in names} if repo.may(account, "write") else {}
    organization = {"organization": user(repo.fake, repo.owner)} if repo.owner.kind == "Organization" else {}
    return {**repository(repo, account), **shown, **organization, "network_count": 0, "subscribers_count": 0}


def app(fake, account):
    """``integration``: the App of a bot, null for people."""
    if account.app_id is None:
        return None
    home = f"{fake.url}/apps/{account.slug}"
    return {
        "id": account.app_id,
        "slug": account.slug,
        "node_id": node("Integration", account.app_id),
        "owner": user(fake, fake.github),
        "name": account.slug,
        "description": None,
        "external_url": home,
        "html_url": home,
        "created_at": STARTED,
        "updated_at": STARTED,
        "permissions": {"checks": "write", "contents": "write", "metadata": "read"},
        "events": [],
    }


def team(fake, found):
    place = f"{fake.api_url}/orgs/{found.organization}/teams/{found.slug}"
    return {
        "id": found.id,
        "node_id": node("Team", found.id),
        "name": found.slug,
        "slug": found.slug,
        "description": None,
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "permission": "push",
        "url": place,
        "html_url": f"{fake.url}/orgs/{found.organization}/teams/{found.slug}",
        "members_url": f"{place}/members{{/member}}",
        "repositories_url": f"{place}/repos",
        "type": "organization",
        "parent": None,
    }
