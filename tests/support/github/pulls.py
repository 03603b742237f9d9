"""Operations of pull requests."""

from tests.support.github import bodies, events, merges, pulling
from tests.support.github.messages import Answer, invalid, not_found
from tests.support.github.routing import route

PULLS = "/repos/{owner}/{repo}/pulls"
ONE = PULLS + "/{pull_number}"


def pull_of(call):
    """The pull request of a path; raises Refused(404)."""
    name = call.names.get("pull_number") or call.names["issue_number"]
    found = call.repo.pulls.get(int(name)) if name.isdigit() else None
    if found is None:
        raise not_found()
    return found


@route("GET", PULLS)
def list_pulls(call):
    state, base, head = (call.query.get(name) for name in ("state", "base", "head"))
    found = [pull for pull in call.repo.pulls.values() if state == "all" or pull.state == (state or "open")]
    if base:
        found = [pull for pull in found if pull.base_ref == base]
    if head and ":" in head:  # without an owner GitHub ignores it
        found = [pull for pull in found if f"{pull.head_owner.login}:{pull.head_ref}" == head]
    down = call.query.get("direction", "desc" if call.query.get("sort", "created") == "created" else "asc") == "desc"
    key = {"updated": "updated"}.get(call.query.get("sort"), "created")
    found.sort(key=lambda pull: (getattr(pull, key), pull.number), reverse=down)
    return [bodies.pull(call.repo, pull, simple=True) for pull in found]


@route("POST", PULLS)
def open_pull(call):
    if call.account is None:
        call.allow("write")
    if not call.body.get("title"):
        raise invalid("PullRequest", "title can't be blank", field="title", code="missing_field")
    return Answer(201, bodies.pull(call.repo, pulling.open_pull(call.repo, call.account, call.body)))


@route("GET", ONE)
def get_pull(call):
    return bodies.pull(call.repo, pull_of(call))


@route("PATCH", ONE)
def update_pull(call):
    pull, given = pull_of(call), call.body
    if call.account is not pull.author:
        call.allow("write")
    changed = {name: {"from": getattr(pull, name)} for name in ("title", "body") if name in given}
    pull.title, pull.body = given.get("title", pull.title), given.get("body", pull.body)
    pull.updated = call.fake.now()
    if changed:
        events.pull_request(call.repo, pull, call.account, "edited", changes=changed)
    if given.get("base", pull.base_ref) != pull.base_ref:
        _retarget(call, pull, given["base"])
    if given.get("state", pull.state) != pull.state:
        (pulling.close if given["state"] == "closed" else pulling.reopen)(call.repo, pull, call.account)
    return bodies.pull(call.repo, pull)


def _retarget(call, pull, base):
    tip = call.repo.bare.tip(base)
    if tip is None:
        raise invalid("PullRequest", "base is invalid", field="base", code="invalid")
    was = {"base": {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_oid}}}
    pull.base_ref, pull.base_oid = base, tip
    pull.bases.append((call.fake.next_id(), "base_ref_changed", call.account, call.fake.now()))
    events.pull_request(call.repo, pull, call.account, "edited", changes=was)


@route("GET", ONE + "/commits")
def list_commits(call):
    pull = pull_of(call)
    return [bodies.commit(call.repo, each) for each in call.repo.bare.between(pull.base_oid, pull.head)][:250]


@route("GET", ONE + "/files")
def list_files(call):
    pull = pull_of(call)
    return [bodies.file(call.repo, pull.head, patch) for patch in call.repo.bare.diff(pull.base_oid, pull.head)][:3000]


@route("PUT", ONE + "/merge")
def merge(call):
    pull, given = pull_of(call), call.body
    call.allow("write")
    words = {"title": given.get("commit_title"), "body": given.get("commit_message")}
    method = given.get("merge_method", "merge")
    made = merges.merge(call.repo, pull, call.account, method=method, expected=given.get("sha"), **words)
    return {"sha": made, "merged": True, "message": "Pull Request successfully merged"}


@route("GET", ONE + "/requested_reviewers")
def list_reviewers(call):
    shown = bodies.pull(call.repo, pull_of(call), simple=True)
    return {"users": shown["requested_reviewers"], "teams": shown["requested_teams"]}


@route("POST", ONE + "/requested_reviewers")
def request_reviewers(call):
    pull = pull_of(call)
    call.allow("write")
    accounts = [call.fake.accounts.get(login) for login in call.body.get("reviewers", ())]
    teams = [call.fake.teams.get((call.repo.owner.login, slug)) for slug in call.body.get("team_reviewers", ())]
    if None in accounts + teams or any(
        not call.repo.may(account, "read") or account.kind == "Bot" for account in accounts
    ):
        raise invalid("PullRequest", "Reviews may only be requested from collaborators.")
    if pull.author in accounts:
        raise invalid("PullRequest", "Review cannot be requested from pull request author.")
    for account in accounts:
        if account not in pull.reviewers:
            pull.reviewers.append(account)
            shown = bodies.user(call.fake, account)
            events.pull_request(call.repo, pull, call.account, "review_requested", requested_reviewer=shown)
    pull.teams += [team for team in teams if team not in pull.teams]
    return Answer(201, bodies.pull(call.repo, pull, simple=True))


def _reviews(repo, account):
    return repo.may(account, "read") and account.kind == "User"


@route("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls")
def pulls_of_commit(call):
    """Those that brought a commit to their base, and the open ones that hold it."""
    commit = call.repo.bare.commit(call.names["commit_sha"])
    if commit is None:
        raise not_found()
    found = [pull for pull in call.repo.pulls.values() if _holds(call.repo, pull, str(commit.id))]
    return [bodies.pull(call.repo, pull, simple=True) for pull in found]


def _holds(repo, pull, oid):
    if pull.state == "closed" and not pull.merged:
        return False
    return oid == pull.merge_commit or any(str(each.id) == oid for each in repo.bare.between(pull.base_oid, pull.head))
