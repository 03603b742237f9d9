"""The life of a pull request, apart from merging: opened, pushed to, closed with its branch, merged from outside."""

from tests.support.github import events, rules
from tests.support.github.bare import ZERO
from tests.support.github.messages import invalid
from tests.support.github.state import Pull


def open_pull(repo, author, given):
    """Open a pull request as the API does; raises Refused(422)."""
    owner, branch = _head(repo, given["head"])
    source = repo.fake.found(owner, repo)
    head, base = source and source.bare.tip(branch), repo.bare.tip(given["base"])
    if head is None:
        raise invalid("PullRequest", "head is invalid", field="head", code="invalid")
    if base is None:
        raise invalid("PullRequest", "base is invalid", field="base", code="invalid")
    if any(_same(pull, source, branch, given["base"]) for pull in repo.pulls.values()):
        raise invalid("PullRequest", f"A pull request already exists for {owner}:{branch}.")
    _fetch(repo, source, head)
    if not repo.bare.between(base, head):
        raise invalid("PullRequest", f"No commits between {given['base']} and {branch}")
    return _keep(repo, author, given, source, branch, head, base)


def _keep(repo, author, given, source, branch, head, base):
    repo.numbers += 1
    now = repo.fake.now()
    words = {"title": given["title"], "body": given.get("body"), "draft": given.get("draft", False)}
    where = {"head_repo": source, "head_owner": source.owner, "head_ref": branch, "head": head}
    where |= {"base_ref": given["base"], "base_oid": base}
    times = {"created": now, "updated": now}
    pull = Pull(repo.fake.next_id(), repo.numbers, author, **words, **where, **times, last_pusher=author)
    repo.pulls[pull.number] = pull
    show(repo, pull)
    events.pull_request(repo, pull, author, "opened")
    return pull


def _head(repo, words):
    owner, colon, branch = words.partition(":")
    return (owner, branch) if colon else (repo.owner.login, words)


def _same(pull, source, branch, base):
    return pull.state == "open" and pull.head_repo is source and (pull.head_ref, pull.base_ref) == (branch, base)


def _fetch(repo, source, oid):
    """GitHub keeps the objects of forks together."""
    if source is not repo:
        repo.bare.git("fetch", "--quiet", "--no-tags", str(source.path), f"{oid}:refs/pull/fetched")
        repo.bare.move("refs/pull/fetched", None)


def show(repo, pull):
    """Let ``refs/pull/<n>/head`` be the head; the test merge is made when somebody asks."""
    repo.bare.move(f"refs/pull/{pull.number}/head", pull.head)
    repo.seen = repo.bare.refs()


def close(repo, pull, by, *, merge_commit=None):
    """Close a pull request, merged when there is a commit of it."""
    pull.state, pull.closed = "closed", repo.fake.now()
    pull.updated = pull.closed
    if merge_commit:
        pull.merged, pull.merged_by, pull.merge_commit = pull.closed, by, merge_commit
    repo.bare.move(f"refs/pull/{pull.number}/merge", None)
    events.pull_request(repo, pull, by, "closed")


def reopen(repo, pull, by):
    if pull.merged or pull.head_repo is None or pull.head_repo.bare.tip(pull.head_ref) is None:
        raise invalid("PullRequest", "state cannot be changed. The branch was deleted.", field="state", code="invalid")
    pull.state, pull.closed = "open", None
    pull.base_oid = repo.bare.tip(pull.base_ref)
    events.pull_request(repo, pull, by, "reopened")


def branch_moved(repo, source, branch, new, by):
    """A branch of ``source`` moved: what that means for the pull requests of ``repo``."""
    for pull in [pull for pull in repo.pulls.values() if pull.state == "open"]:
        if pull.head_repo is source and pull.head_ref == branch and pull.head != new:
            _head_moved(repo, pull, source, new, by)
        elif repo is source and pull.base_ref == branch and new != ZERO and repo.bare.contains(new, pull.head):
            # Whoever pushes a merge of the head to the base has merged the pull request.
            close(repo, pull, by, merge_commit=repo.bare.first_parent_step(new, pull.head))


def _head_moved(repo, pull, source, new, by):
    if new == ZERO:
        close(repo, pull, by)
        return
    before, pull.head, pull.last_pusher = pull.head, new, by
    _fetch(repo, source, new)
    pull.base_oid, pull.updated = repo.bare.tip(pull.base_ref) or pull.base_oid, repo.fake.now()
    show(repo, pull)
    stale(repo, pull)
    events.pull_request(repo, pull, by, "synchronize", before=before, after=new)


def dismiss(repo, pull, review, by):
    review.state = "DISMISSED"
    events.review(repo, pull, by, "dismissed", review)


def stale(repo, pull):
    """A push to the head: approvals go where a rule of the base says so."""
    if not any(wanted["dismiss_stale_reviews_on_push"] for wanted in rules.reviewing(repo, pull.base_ref)):
        return
    for review in pull.reviews:
        if review.state == "APPROVED":
            dismiss(repo, pull, review, pull.last_pusher)
