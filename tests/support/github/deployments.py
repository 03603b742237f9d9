"""Deployments and their statuses."""

from tests.support.github import bodies, events
from tests.support.github.messages import Answer, Refused, invalid, not_found
from tests.support.github.routing import route
from tests.support.github.rules import PASSED, conclusion
from tests.support.github.state import Deployment, DeploymentStatus

ALL = "/repos/{owner}/{repo}/deployments"
STATUSES = ALL + "/{deployment_id}/statuses"


@route("GET", ALL)
def list_deployments(call):
    found = [bodies.deployment(call.repo, each) for each in call.repo.deployments.values()]
    for name in ("sha", "ref", "task", "environment"):
        wanted = call.query.get(name, "none")
        found = [each for each in found if wanted in ("none", each[name])]
    return found[::-1]


@route("POST", ALL)
def create(call):
    call.allow("write")
    given = call.body
    commit = call.repo.bare.commit(given["ref"])
    if commit is None:
        raise Refused(422, f"No ref found for: {given['ref']}", [])
    if len(given.get("description") or "") > 140:
        raise invalid("Deployment", "description is too long (maximum is 140 characters)", field="description")
    sha = str(commit.id)
    _judge(call, given, sha)
    made = Deployment(call.fake.next_id(), sha, given["ref"], call.account, given, call.fake.now())
    call.repo.deployments[made.id] = made
    events.emit(call.repo, call.account, "deployment", action="created", deployment=bodies.deployment(call.repo, made))
    return Answer(201, bodies.deployment(call.repo, made))


def _judge(call, given, sha):
    """GitHub merges the default branch into the ref and wants every check green, unless the request says otherwise."""
    tip = call.repo.bare.tip(call.repo.default)
    if given.get("auto_merge", True) and tip and not call.repo.bare.contains(sha, tip):
        raise Refused(409, f"Conflict merging {call.repo.default} into {given['ref']}.")
    known = {check.name for check in call.repo.checks.values() if check.head == sha}
    known |= {status.context for status in call.repo.statuses if status.sha == sha}
    wanted = given.get("required_contexts", sorted(known))
    if any(conclusion(call.repo, sha, context) not in PASSED for context in wanted):
        raise Refused(409, "Conflict: Commit status checks failed for " + given["ref"])


def _found(call):
    found = call.repo.deployments.get(call.number("deployment_id"))
    if found is None:
        raise not_found()
    return found


@route("GET", STATUSES)
def list_statuses(call):
    found = _found(call)
    return [bodies.deployment_status(call.repo, found, each) for each in found.statuses[::-1]]


@route("POST", STATUSES)
def create_status(call):
    call.allow("write")
    found, given = _found(call), call.body
    if len(given.get("description", "")) > 140:
        raise invalid("DeploymentStatus", "description is too long (maximum is 140 characters)", field="description")
    made = DeploymentStatus(call.fake.next_id(), call.account, given, call.fake.now())
    found.statuses.append(made)
    events.deployment_status(call.repo, found, made)
    if given["state"] == "success" and given.get("auto_inactive", True):
        _retire(call, found)
    return Answer(201, bodies.deployment_status(call.repo, found, made))


def _retire(call, found):
    """Earlier deployments to the same environment go inactive."""
    environment = found.given.get("environment", "production")
    for other in call.repo.deployments.values():
        same = other.id < found.id and other.given.get("environment", "production") == environment
        if same and other.statuses and other.statuses[-1].given["state"] == "success":
            other.statuses.append(
                DeploymentStatus(call.fake.next_id(), call.account, {"state": "inactive"}, call.fake.now())
            )
