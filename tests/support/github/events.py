"""Webhook payloads, in the order in which things happen; shaped like those of @octokit/webhooks-examples."""

from collections import deque

from tests.support.github import bodies
from tests.support.github.bare import ZERO
from tests.support.github.descriptions import node, repository, user


class Events(deque):
    """Pairs of event name and payload."""

    def named(self, name, action=None):
        """The payloads of one event that wait, in order."""
        return [body for kind, body in self if kind == name and action in (None, body.get("action"))]

    def take(self, name, action=None):
        """Remove the first payload of this event and give it; raises LookupError."""
        for number, (kind, body) in enumerate(self):
            if kind == name and action in (None, body.get("action")):
                del self[number]
                return body
        raise LookupError(f"no {name} {action or ''} among {[kind for kind, _ in self]}")


def emit(repo, sender, name, **body):
    """Put an event into the queue and give its payload."""
    whose = {"organization": _organization(repo)} if repo.owner.kind == "Organization" else {}
    payload = {**body, "repository": repository(repo), **whose, "sender": user(repo.fake, sender)}
    repo.fake.events.append((name, payload))
    return payload


def _organization(repo):
    place = f"{repo.fake.api_url}/orgs/{repo.owner.login}"
    links = {f"{name}_url": f"{place}/{name}" for name in ("repos", "events", "hooks", "issues")}
    more = {"members_url": f"{place}/members{{/member}}", "public_members_url": f"{place}/public_members{{/member}}"}
    facts = {
        "login": repo.owner.login,
        "id": repo.owner.id,
        "node_id": node("Organization", repo.owner.id),
        "url": place,
    }
    return {**facts, **links, **more, "avatar_url": f"{repo.fake.url}/avatars/u/{repo.owner.id}?v=4", "description": ""}


def pull_request(repo, pull, sender, action, **more):
    return emit(
        repo, sender, "pull_request", action=action, number=pull.number, pull_request=bodies.pull(repo, pull), **more
    )


def review(repo, pull, sender, action, given):
    stated = bodies.review(repo, pull, given)
    stated["state"] = stated["state"].lower()
    shown = bodies.pull(repo, pull, simple=True)
    return emit(repo, sender, "pull_request_review", action=action, review=stated, pull_request=shown)


def push(repo, pusher, ref, before, after):
    """A push to a branch or tag; ``commits`` are those that the ref did not have."""
    fresh, gone = before == ZERO, after == ZERO
    commit = None if gone else repo.bare.opened[after]
    listed = [] if gone or fresh or ref.startswith("refs/tags/") else repo.bare.between(before, after)
    forced = not (fresh or gone or ref.startswith("refs/tags/")) and not repo.bare.contains(after, before)
    payload = emit(
        repo,
        pusher,
        "push",
        ref=ref,
        before=before,
        after=after,
        pusher={"name": pusher.login, "email": pusher.noreply},
        created=fresh,
        deleted=gone,
        forced=forced,
        base_ref=None,
        compare=f"{repo.html}/compare/{before[:12]}...{after[:12]}",
        commits=[_pushed(repo, each) for each in listed],
        head_commit=_pushed(repo, commit) if commit is not None and commit.type_str == "commit" else None,
    )
    payload["repository"] |= {"master_branch": repo.default, "stargazers": 0}
    payload["repository"]["owner"] |= {"name": repo.owner.login, "email": None}
    return payload


def _pushed(repo, commit):
    oid = str(commit.id)
    parent = commit.parents[0].tree if commit.parents else None
    changed = repo.bare.opened.diff(parent, commit.tree) if parent else commit.tree.diff_to_tree(swap=True)
    named = {"A": [], "D": [], "M": []}
    for delta in changed.deltas:
        named.setdefault(delta.status_char(), named["M"]).append(delta.new_file.path)
    return {
        "id": oid,
        "tree_id": str(commit.tree_id),
        "distinct": True,
        "message": commit.message.rstrip("\n"),
        "timestamp": bodies.moment(commit.committer),
        "url": f"{repo.html}/commit/{oid}",
        "author": _named(repo, commit.author),
        "committer": _named(repo, commit.committer),
        "added": named["A"],
        "removed": named["D"],
        "modified": named["M"],
    }


def _named(repo, signature):
    account = repo.fake.by_email(signature.email)
    known = {"username": account.login} if account else {}
    return {"name": signature.name, "email": signature.email, **known}


def check_run(repo, check, action):
    shown = bodies.check(repo, check)
    pull = next((each for each in repo.pulls.values() if each.head == check.head), None)
    suite = {
        "node_id": node("CheckSuite", check.author.app_id),
        "head_branch": pull.head_ref if pull else repo.default,
        "head_sha": check.head,
        "status": check.status,
        "conclusion": check.conclusion,
        "url": f"{repo.api}/check-suites/{check.author.app_id}",
        "before": pull.base_oid if pull else check.head,
        "after": check.head,
        "pull_requests": shown["pull_requests"],
        "app": shown["app"],
        "created_at": check.started,
        "updated_at": check.completed or check.started,
    }
    shown["check_suite"] |= suite
    return emit(repo, check.author, "check_run", action=action, check_run=shown)


def deployment_status(repo, deployment, status):
    shown = bodies.deployment(repo, deployment)
    stated = bodies.deployment_status(repo, deployment, status)
    return emit(
        repo,
        status.author,
        "deployment_status",
        action="created",
        deployment_status=stated,
        deployment=shown,
        check_run=None,
    )


def merge_group(repo, group):
    """What the queue asks for: checks of the group's head."""
    said = {
        "head_sha": group.head,
        "head_ref": group.ref,
        "base_sha": group.base,
        "base_ref": f"refs/heads/{group.base_ref}",
        "head_commit": _head_commit(repo, group.head),
    }
    return emit(repo, group.by, "merge_group", action="checks_requested", merge_group=said)


def _minimal(repo):
    """A repository as it stands in a run: who and where, and nothing of its state."""
    kept = {"id", "node_id", "name", "full_name", "private", "owner", "html_url", "description", "fork", "url"}
    away = {"git_url", "ssh_url", "clone_url", "svn_url", "mirror_url"}
    shown = repository(repo)
    return {
        name: value for name, value in shown.items() if name in kept or (name.endswith("_url") and name not in away)
    }


def _head_commit(repo, oid):
    shown = _pushed(repo, repo.bare.opened[oid])
    return {key: shown[key] for key in ("id", "tree_id", "message", "timestamp", "author", "committer")}


def workflow_run(repo, account, name, event, head, *, conclusion, branch, number):
    """The end of a run of workflow ``name`` that ``event`` started."""
    fake, oid = repo.fake, repo.fake.next_id()
    place, now = f"{repo.api}/actions/runs/{oid}", fake.now()
    pull = repo.pulls.get(number)
    links = ("jobs", "logs", "artifacts", "cancel", "rerun")
    path = f".github/workflows/{name}.yml"
    run = {
        "id": oid,
        "name": name,
        "node_id": node("WorkflowRun", oid),
        "head_branch": branch or (pull.head_ref if pull else repo.default),
        "head_sha": head,
        "path": path,
        "run_number": 1,
        "run_attempt": 1,
        "event": event,
        "display_title": pull.title if pull else name,
        "status": "completed",
        "conclusion": conclusion,
        "workflow_id": 1,
        "check_suite_id": oid,
        "check_suite_node_id": node("CheckSuite", oid),
        "url": place,
        "html_url": f"{repo.html}/actions/runs/{oid}",
        "pull_requests": [bodies.minimal_pull(repo, pull)] if pull and pull.head_repo is repo else [],
        "created_at": now,
        "updated_at": now,
        "run_started_at": now,
        "actor": user(fake, account),
        "triggering_actor": user(fake, account),
        **{f"{each}_url": f"{place}/{each}" for each in links},
        "check_suite_url": f"{repo.api}/check-suites/{oid}",
        "workflow_url": f"{repo.api}/actions/workflows/1",
        "previous_attempt_url": None,
        "head_commit": _head_commit(repo, head),
        "repository": _minimal(repo),
        "head_repository": _minimal((pull and pull.head_repo) or repo),
    }
    facts = {"id": 1, "node_id": node("Workflow", 1), "name": name, "path": path, "state": "active"}
    links = {"url": f"{repo.api}/actions/workflows/1", "html_url": f"{repo.html}/blob/{repo.default}/{path}"}
    links["badge_url"] = f"{repo.html}/workflows/{name}/badge.svg"
    workflow = {**facts, **links, "created_at": now, "updated_at": now}
    return emit(repo, account, "workflow_run", action="completed", workflow_run=run, workflow=workflow)
