"""Labels and comments of a pull request."""

from tests.support.github import bodies, events
from tests.support.github.descriptions import node
from tests.support.github.messages import Answer, invalid, not_found
from tests.support.github.pulls import pull_of
from tests.support.github.routing import route
from tests.support.github.state import Comment

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"


@route("GET", ISSUE + "/labels")
def list_labels(call):
    return [bodies.label(call.repo, name) for name in pull_of(call).labels]


@route("POST", ISSUE + "/labels")
def add_labels(call):
    pull = pull_of(call)
    call.allow("triage")
    given = call.given if isinstance(call.given, list) else call.body.get("labels", [])
    for name in (each if isinstance(each, str) else each["name"] for each in given):
        if len(name) > 50:
            raise invalid("Label", "name is too long (maximum is 50 characters)", field="name", code="invalid")
        if name not in pull.labels:
            pull.labels.append(name)
            events.pull_request(call.repo, pull, call.account, "labeled", label=bodies.label(call.repo, name))
    return list_labels(call)


@route("GET", ISSUE + "/events")
def list_events(call):
    """Of all that happens to a pull request the changes of its base; the operation is not in the description."""
    pull = pull_of(call)
    call.fake.violations += [f"{call.route.template}: query {name}" for name in {*call.query} - {"page", "per_page"}]
    return [_event(call, *each) for each in pull.bases]


def _event(call, number, name, account, at):
    told = {"id": number, "node_id": node("BaseRefChangedEvent", number), "event": name, "created_at": at}
    told |= {"url": f"{call.repo.api}/issues/events/{number}", "actor": bodies.person(call.fake, account)}
    return told | {"commit_id": None, "commit_url": None, "performed_via_github_app": None}


@route("GET", ISSUE + "/comments")
def list_comments(call):
    since = call.query.get("since", "")
    return [bodies.comment(call.repo, each) for each in pull_of(call).comments if each.updated >= since]


@route("POST", ISSUE + "/comments")
def create_comment(call):
    pull = pull_of(call)
    if call.account is None:
        call.allow("write")
    body, now = _body(call), call.fake.now()
    made = Comment(call.fake.next_id(), call.account, body, now, now, pull.number)
    pull.comments.append(made)
    call.repo.comments[made.id] = made
    return Answer(201, bodies.comment(call.repo, made))


def _body(call):
    body = call.body.get("body", "")
    if not body.strip() or len(body) > 65536:
        words = "body is too long (maximum is 65536 characters)" if body.strip() else "body cannot be blank"
        raise invalid("IssueComment", words, field="body", code="unprocessable")
    return body


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}")
def update_comment(call):
    found = call.repo.comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    if found.author is not call.account:
        call.allow("write")
    found.body, found.updated = _body(call), call.fake.now()
    return bodies.comment(call.repo, found)
