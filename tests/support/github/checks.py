"""Check runs and commit statuses."""

from tests.support.github import bodies, events
from tests.support.github.descriptions import node, repository, user
from tests.support.github.messages import Answer, Refused, invalid, not_found
from tests.support.github.routing import route
from tests.support.github.state import Check, Status

RUNS = "/repos/{owner}/{repo}/check-runs"
COMMIT = "/repos/{owner}/{repo}/commits/{ref}"


def _commit(call, name):
    found = call.repo.bare.commit(call.names.get(name, name))
    if found is None:
        raise Refused(422, f"No commit found for SHA: {call.names.get(name, name)}", [])
    return str(found.id)


def _allow(call):
    call.allow("write")
    if call.account.app_id is None:
        raise Refused(403, "You must authenticate via a GitHub App.")


@route("POST", RUNS)
def create(call):
    _allow(call)
    given, now = call.body, call.fake.now()
    made = Check(
        call.fake.next_id(), given["name"], _commit(call, given["head_sha"]), call.account, "queued", None,
        given.get("started_at", now), None, given.get("external_id", ""), given.get("details_url"),
    )  # fmt: skip
    _change(call, made, given)
    call.repo.checks[made.id] = made
    events.check_run(call.repo, made, "completed" if made.status == "completed" else "created")
    return Answer(201, bodies.check(call.repo, made))


@route("PATCH", RUNS + "/{check_run_id}")
def update(call):
    _allow(call)
    found = call.repo.checks.get(call.number("check_run_id"))
    if found is None:
        raise not_found()
    if found.author.app_id != call.account.app_id:
        raise Refused(403, "Invalid app_id `{0}` - check run can only be modified by the GitHub App that created it.")
    _change(call, found, call.body)
    if found.status == "completed":
        events.check_run(call.repo, found, "completed")
    return bodies.check(call.repo, found)


def _change(call, check, given):
    status = "completed" if "conclusion" in given else given.get("status", check.status)
    if status == "completed" and not (given.get("conclusion") or check.conclusion):
        raise invalid("CheckRun", "conclusion is required when the status is completed", field="conclusion")
    check.status, check.conclusion = (
        status,
        given.get("conclusion", check.conclusion if status == "completed" else None),
    )
    check.completed = given.get("completed_at", call.fake.now()) if status == "completed" else None
    check.name, check.details = given.get("name", check.name), given.get("details_url", check.details)
    check.external = given.get("external_id", check.external)
    output = given.get("output", {})
    check.annotations += output.get("annotations", [])  # each request adds to them
    check.output = check.output | {name: output[name] for name in ("title", "summary", "text") if name in output}


@route("GET", COMMIT + "/check-runs")
def list_runs(call):
    head = _commit(call, "ref")
    found = [check for check in call.repo.checks.values() if check.head == head]
    for name, field in (("check_name", "name"), ("status", "status")):
        found = [check for check in found if call.query.get(name) in (None, getattr(check, field))]
    if "app_id" in call.query:
        found = [check for check in found if check.author.app_id == int(call.query["app_id"])]
    if call.query.get("filter", "latest") == "latest":
        found = list({(check.name, check.author.app_id): check for check in found}.values())
    found.sort(key=lambda check: -check.id)
    return {"total_count": len(found), "check_runs": [bodies.check(call.repo, check) for check in found]}


@route("POST", "/repos/{owner}/{repo}/statuses/{sha}")
def create_status(call):
    call.allow("write")
    given, sha = call.body, _commit(call, "sha")
    texts = (given.get("description"), given.get("target_url"))
    made = Status(
        call.fake.next_id(), sha, call.account, given["state"], given.get("context", "default"), *texts, call.fake.now()
    )
    call.repo.statuses.append(made)
    events.emit(call.repo, call.account, "status", sha=sha, state=made.state, context=made.context)
    return Answer(201, {**_status(call, made), "creator": user(call.fake, call.account)})


def _status(call, given):
    return {
        "url": f"{call.repo.api}/statuses/{given.sha}",
        "avatar_url": f"{call.fake.url}/avatars/u/{given.author.id}",
        "id": given.id,
        "node_id": node("StatusContext", given.id),
        "state": given.state,
        "description": given.description,
        "target_url": given.target,
        "context": given.context,
        "created_at": given.at,
        "updated_at": given.at,
    }


@route("GET", COMMIT + "/status")
def combined(call):
    """The latest of each context; without any the state is pending."""
    sha = _commit(call, "ref")
    found = list({each.context: each for each in call.repo.statuses if each.sha == sha}.values())
    states = {each.state for each in found}
    bad, good = states & {"failure", "error"}, states == {"success"}
    return {
        "state": "failure" if bad else "success" if good else "pending",
        "statuses": [_status(call, each) for each in found],
        "sha": sha,
        "total_count": len(found),
        "repository": _minimal(call.repo),
        "commit_url": f"{call.repo.api}/commits/{sha}",
        "url": f"{call.repo.api}/commits/{sha}/status",
    }


def _minimal(repo):
    return repository(repo)
