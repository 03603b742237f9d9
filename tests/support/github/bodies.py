"""Bodies of pull requests, reviews, commits, checks and deployments."""

from datetime import UTC, datetime, timedelta, timezone

from tests.support.github import merges
from tests.support.github.descriptions import app, association, node, person, repository, reviewer, team, user
from tests.support.github.signatures import verification

LINKED = ("html", "issue", "comments", "commits", "review_comments", "review_comment", "statuses")
LABEL_COLOUR = "ededed"


def moment(signature):
    """When somebody signed a commit, as an instant of RFC 3339."""
    zone = timezone(timedelta(minutes=signature.offset))
    return datetime.fromtimestamp(signature.time, zone).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def label(repo, name):
    number = repo.labels.setdefault(name, repo.fake.next_id() if name not in repo.labels else 0)
    place = f"{repo.api}/labels/{name.replace(' ', '%20')}"
    facts = {"name": name, "color": LABEL_COLOUR, "default": False, "description": ""}
    return {"id": number, "node_id": node("Label", number), "url": place, **facts}


def _side(repo, where, owner, ref, oid):
    shown = repository(where) if where else None  # a fork that is gone
    return {"label": f"{owner.login}:{ref}", "ref": ref, "sha": oid, "user": user(repo.fake, owner), "repo": shown}


def _links(repo, pull):
    place, issue = f"{repo.api}/pulls/{pull.number}", f"{repo.api}/issues/{pull.number}"
    page = f"{repo.html}/pull/{pull.number}"
    urls = {
        "url": place,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": f"{place}/commits",
        "review_comments_url": f"{place}/comments",
        "review_comment_url": f"{repo.api}/pulls/comments{{/number}}",
        "comments_url": f"{issue}/comments",
        "statuses_url": f"{repo.api}/statuses/{pull.head}",
    }
    named = {"self": "url"} | {name: f"{name}_url" for name in LINKED}
    return {**urls, "_links": {name: {"href": urls[key]} for name, key in named.items()}}


def pull(repo, given, *, simple=False):
    """``pull-request``, or ``pull-request-simple`` as it stands in lists."""
    fake = repo.fake
    return {
        **_links(repo, given),
        "id": given.id,
        "node_id": node("PullRequest", given.id),
        "number": given.number,
        "state": given.state,
        "locked": False,
        "active_lock_reason": None,
        "title": given.title,
        "user": person(fake, given.author),
        "body": given.body,
        "labels": [label(repo, name) for name in given.labels],
        "milestone": None,
        "created_at": given.created,
        "updated_at": given.updated,
        "closed_at": given.closed,
        "merged_at": given.merged,
        "merge_commit_sha": given.merge_commit or (merges.trial_merge(repo, given) if given.state == "open" else None),
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [user(fake, account) for account in given.reviewers],
        "requested_teams": [team(fake, found) for found in given.teams],
        "head": _side(repo, given.head_repo, given.head_owner, given.head_ref, given.head),
        "base": _side(repo, repo, repo.owner, given.base_ref, given.base_oid),
        "author_association": association(given.author),
        "auto_merge": None,
        "draft": given.draft,
        **({} if simple else _figures(repo, given)),
    }


def _figures(repo, given):
    commits, changed = repo.bare.between(given.base_oid, given.head), repo.bare.diff(given.base_oid, given.head)
    mergeable = None if given.state != "open" else merges.trial_merge(repo, given) is not None
    state = {None: "unknown", False: "dirty"}.get(mergeable) or ("draft" if given.draft else merges.state(repo, given))
    return {
        "merged": given.merged is not None,
        "mergeable": mergeable,
        "rebaseable": mergeable,
        "mergeable_state": state,
        "merged_by": user(repo.fake, given.merged_by),
        "comments": len(given.comments),
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(commits),
        "additions": changed.stats.insertions,
        "deletions": changed.stats.deletions,
        "changed_files": changed.stats.files_changed,
    }


def minimal_pull(repo, given):
    def side(where, ref, oid):
        return {"ref": ref, "sha": oid, "repo": {"id": where.id, "url": where.api, "name": where.name}}

    ends = {
        "head": side(given.head_repo, given.head_ref, given.head),
        "base": side(repo, given.base_ref, given.base_oid),
    }
    return {"id": given.id, "number": given.number, "url": f"{repo.api}/pulls/{given.number}", **ends}


def review(repo, given_pull, given):
    page, place = f"{repo.html}/pull/{given_pull.number}", f"{repo.api}/pulls/{given_pull.number}"
    page = f"{page}#pullrequestreview-{given.id}"
    return {
        "id": given.id,
        "node_id": node("PullRequestReview", given.id),
        "user": reviewer(repo.fake, given.author),
        "body": given.body,
        "state": given.state,
        "html_url": page,
        "pull_request_url": place,
        "_links": {"html": {"href": page}, "pull_request": {"href": place}},
        **({"submitted_at": given.at} if given.at else {}),
        "commit_id": given.commit,
        "author_association": association(given.author),
    }


def comment(repo, given):
    issue = f"{repo.api}/issues/{given.number}"
    return {
        "id": given.id,
        "node_id": node("IssueComment", given.id),
        "url": f"{repo.api}/issues/comments/{given.id}",
        "html_url": f"{repo.html}/pull/{given.number}#issuecomment-{given.id}",
        "issue_url": issue,
        "user": person(repo.fake, given.author),
        "body": given.body,
        "created_at": given.created,
        "updated_at": given.updated,
        "author_association": association(given.author),
        "performed_via_github_app": app(repo.fake, given.author),
    }


def _person_of(repo, email):
    return user(repo.fake, repo.fake.by_email(email))


def commit(repo, given):
    """``commit``: authors are accounts where the e-mail address is known."""
    oid, place = str(given.id), f"{repo.api}/commits/{given.id}"
    stated = git_commit(repo, given)
    inner = {name: stated[name] for name in ("author", "committer", "message", "tree", "verification")}
    parents = [{**each, "url": f"{repo.api}/commits/{each['sha']}"} for each in stated["parents"]]
    return {
        "url": place,
        "sha": oid,
        "node_id": node("Commit", oid),
        "html_url": f"{repo.html}/commit/{oid}",
        "comments_url": f"{place}/comments",
        "commit": {**inner, "url": stated["url"], "comment_count": 0},
        "author": _person_of(repo, given.author.email),
        "committer": _person_of(repo, given.committer.email),
        "parents": parents,
    }


def git_commit(repo, given):
    def signed(signature):
        return {"name": signature.name, "email": signature.email, "date": moment(signature)}

    def link(kind, oid):
        return {"sha": str(oid), "url": f"{repo.api}/git/{kind}/{oid}"}

    return {
        **link("commits", given.id),
        "node_id": node("Commit", given.id),
        "html_url": f"{repo.html}/commit/{given.id}",
        "author": signed(given.author),
        "committer": signed(given.committer),
        "tree": link("trees", given.tree_id),
        "message": given.message.removesuffix("\n"),
        "parents": [{**link("commits", oid), "html_url": f"{repo.html}/commit/{oid}"} for oid in given.parent_ids],
        "verification": verification(repo, str(given.id)),
    }


def file(repo, head, patch):
    """``diff-entry`` of one changed file."""
    delta = patch.delta
    kinds = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
    status, path = kinds[delta.status_char()], delta.new_file.path
    _, added, removed = patch.line_stats
    entry = {
        "sha": str(delta.old_file.id if status == "removed" else delta.new_file.id),
        "filename": path,
        "status": status,
        "additions": added,
        "deletions": removed,
        "changes": added + removed,
        "blob_url": f"{repo.html}/blob/{head}/{path}",
        "raw_url": f"{repo.html}/raw/{head}/{path}",
        "contents_url": f"{repo.api}/contents/{path}?ref={head}",
    }
    moved = {"previous_filename": delta.old_file.path} if status in ("renamed", "copied") else {}
    text = {} if delta.is_binary or not patch.hunks else {"patch": "".join(_hunk(hunk) for hunk in patch.hunks)}
    return {**entry, **moved, **text}


def _hunk(hunk):
    return hunk.header + "".join(f"{line.origin}{line.content}" for line in hunk.lines)


def check(repo, given):
    place = f"{repo.api}/check-runs/{given.id}"
    output = {name: given.output.get(name) for name in ("title", "summary", "text")}
    figures = {"annotations_count": len(given.annotations), "annotations_url": f"{place}/annotations"}
    opened = [pull for pull in repo.pulls.values() if pull.state == "open" and pull.head_repo]
    return {
        "id": given.id,
        "node_id": node("CheckRun", given.id),
        "head_sha": given.head,
        "external_id": given.external,
        "url": place,
        "html_url": f"{repo.html}/runs/{given.id}",
        "details_url": given.details or f"{repo.html}/runs/{given.id}",
        "status": given.status,
        "conclusion": given.conclusion,
        "started_at": given.started,
        "completed_at": given.completed,
        "output": output | figures,
        "name": given.name,
        "check_suite": {"id": given.author.app_id},
        "app": app(repo.fake, given.author),
        "pull_requests": [minimal_pull(repo, pull) for pull in opened if pull.head == given.head],
    }


def deployment(repo, given):
    place, said = f"{repo.api}/deployments/{given.id}", given.given
    environment = said.get("environment", "production")
    return {
        "url": place,
        "id": given.id,
        "node_id": node("Deployment", given.id),
        "sha": given.sha,
        "ref": given.ref,
        "task": said.get("task", "deploy"),
        "payload": said.get("payload", {}),
        "original_environment": environment,
        "environment": environment,
        "description": said.get("description"),
        "creator": user(repo.fake, given.author),
        "created_at": given.at,
        "updated_at": given.at,
        "statuses_url": f"{place}/statuses",
        "repository_url": repo.api,
        "transient_environment": said.get("transient_environment", False),
        "production_environment": said.get("production_environment", environment == "production"),
    }


def deployment_status(repo, parent, given):
    place, said = f"{repo.api}/deployments/{parent.id}", given.given
    urls = {name: said.get(name, "") for name in ("environment_url", "log_url")}
    return {
        "url": f"{place}/statuses/{given.id}",
        "id": given.id,
        "node_id": node("DeploymentStatus", given.id),
        "state": said["state"],
        "creator": user(repo.fake, given.author),
        "description": said.get("description", ""),
        "environment": said.get("environment", parent.given.get("environment", "production")),
        "target_url": said.get("log_url") or said.get("target_url", ""),
        "created_at": given.at,
        "updated_at": given.at,
        "deployment_url": place,
        "repository_url": repo.api,
        **urls,
    }
