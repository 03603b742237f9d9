"""How GitHub merges: whether it may, the message, the commit with its own key, the queue."""

from datetime import datetime

from tests.support.github import events, pulling, rules
from tests.support.github.bare import Conflict
from tests.support.github.messages import Refused
from tests.support.signed import put_signature

COMMITTER = "GitHub <noreply@github.com>"
BLOCKED = "Base branch was modified. Review and try the merge again."


def mergeable(repo, pull):
    """The tree of the merge of base and head, or None where they conflict."""
    try:
        return repo.bare.merged_tree(repo.bare.tip(pull.base_ref), pull.head)
    except Conflict:
        return None


def trial_merge(repo, pull):
    """``refs/pull/<n>/merge``: what ``merge_commit_sha`` says while the pull request is open."""
    base, name = repo.bare.tip(pull.base_ref), f"refs/pull/{pull.number}/merge"
    known = repo.bare.refs("refs/pull/").get(name)
    if known and [str(each) for each in repo.bare.opened[known].parent_ids] == [base, pull.head]:
        return known
    tree = mergeable(repo, pull)
    if tree is None:
        return None
    made = commit(repo, tree, [base, pull.head], pull.author, f"Merge {pull.head} into {base}")
    repo.bare.move(name, made)
    repo.seen = repo.bare.refs()
    return made


def identity(account):
    return f"{account.name or account.login} <{account.emails[0] if account.emails else account.noreply}>"


def commit(repo, tree, parents, author, message, *, committer=COMMITTER, signed=True):
    """Write a commit of GitHub's own making, signed with its key."""
    stamp = f"{int(datetime.fromisoformat(repo.fake.now()).timestamp())} +0000"
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [
        f"author {author if isinstance(author, str) else identity(author)} {stamp}",
        f"committer {committer} {stamp}",
    ]
    raw = ("\n".join(lines) + "\n\n" + message).encode()
    return repo.bare.write_commit(put_signature(raw, repo.fake.merge_key.sign(raw, "git")) if signed else raw)


def message(repo, pull, title=None, body=None):
    """The message of a merge commit, by the repository's settings where the request says nothing."""
    settings = repo.settings
    bodies = {"PR_BODY": pull.body or "", "PR_TITLE": pull.title, "BLANK": ""}
    if title is None:
        automatic = f"Merge pull request #{pull.number} from {pull.head_owner.login}/{pull.head_ref}"
        title = f"{pull.title} (#{pull.number})" if settings.merge_commit_title == "PR_TITLE" else automatic
    body = bodies[settings.merge_commit_message] if body is None else body
    return f"{title}\n\n{body}".rstrip("\n") if body else title


def squash_message(repo, pull, title=None, body=None):
    commits = repo.bare.between(pull.base_oid, pull.head)
    single = commits[0].message if len(commits) == 1 else None
    if title is None:
        use_commit = single and repo.settings.squash_merge_commit_title == "COMMIT_OR_PR_TITLE"
        title = f"{single.splitlines()[0] if use_commit else pull.title} (#{pull.number})"
    if body is None:
        listed = "\n\n".join(f"* {each.message.strip()}" for each in commits)
        bodies = {"PR_BODY": pull.body or "", "BLANK": "", "COMMIT_MESSAGES": listed}
        body = bodies[repo.settings.squash_merge_commit_message]
    return f"{title}\n\n{body}".rstrip("\n") if body else title


def merge(repo, pull, by, *, method="merge", title=None, body=None, expected=None):
    """Merge a pull request and give the commit; raises Refused(405 or 409)."""
    if pull.state != "open":
        raise Refused(405, "Pull Request is not mergeable")
    if pull.draft:
        raise Refused(405, "Pull Request is still a work in progress")
    if expected is not None and expected != pull.head:
        raise Refused(409, "Head branch was modified. Review and try the merge again.")
    rules.judge(repo, pull, by, method)
    base = repo.bare.tip(pull.base_ref)
    if mergeable(repo, pull) is None:
        raise Refused(405, "Pull Request is not mergeable")
    makers = {"merge": _merged, "squash": _squashed, "rebase": _rebased}
    made = makers[method](repo, pull, by, base, title, body)
    if not repo.bare.move(f"refs/heads/{pull.base_ref}", made, base):
        raise Refused(405, BLOCKED)
    land(repo, [(pull, made)], by)
    return made


def _merged(repo, pull, by, base, title, body):
    return commit(repo, mergeable(repo, pull), [base, pull.head], by, message(repo, pull, title, body))


def _squashed(repo, pull, _by, base, title, body):
    return commit(repo, mergeable(repo, pull), [base], pull.author, squash_message(repo, pull, title, body))


def _rebased(repo, pull, by, base, _title, _body):
    """Each commit anew and unsigned, as GitHub does."""
    tip = base
    for each in repo.bare.between(base, pull.head):
        index = repo.bare.opened.merge_trees(each.parents[0].tree, repo.bare.opened[tip].tree, each.tree)
        if index.conflicts:
            raise Refused(405, "This branch can't be rebased")
        tree = str(index.write_tree(repo.bare.opened))
        author = f"{each.author.name} <{each.author.email}>"
        tip = commit(repo, tree, [tip], author, each.message, committer=identity(by), signed=False)
    return tip


def land(repo, merged, by):
    """The base has moved: one push, every pull request of it closed, heads deleted where the settings say so."""
    base = merged[0][0].base_ref
    old, new = repo.seen.get(f"refs/heads/{base}"), repo.bare.tip(base)
    repo.seen = repo.bare.refs()
    for pull, made in merged:
        pull.base_oid = str(repo.bare.opened[made].parent_ids[0])
        pulling.close(repo, pull, by, merge_commit=made)
    events.push(repo, by, f"refs/heads/{base}", old, new)
    repo.fake.branch_moved(repo, base, new, by)
    for pull, _ in merged:
        if repo.settings.delete_branch_on_merge and pull.head_repo is repo:
            repo.bare.move(f"refs/heads/{pull.head_ref}", None)
    repo.scan(by)


def update_branch(repo, pull, by):
    """Merge the base into the head."""
    base, tree = repo.bare.tip(pull.base_ref), mergeable(repo, pull)
    if tree is None:
        raise Refused(422, "merge conflict between base and head")
    words = f"Merge branch '{pull.base_ref}' into {pull.head_ref}"
    made = commit(repo, tree, [pull.head, base], by, words)
    pull.head_repo.bare.move(f"refs/heads/{pull.head_ref}", made, pull.head)
    repo.scan(by)
    return made


class Group:
    """A merge group: its branch is there and its event is out; ``land`` moves the base in one push."""

    def __init__(self, repo, pulls, by):
        self.repo, self.by, self.base = repo, by, repo.bare.tip(pulls[0].base_ref)
        tip, self.merged = self.base, []
        for pull in pulls:
            tree = repo.bare.merged_tree(tip, pull.head)
            tip = commit(repo, tree, [tip, pull.head], by, message(repo, pull))
            self.merged.append((pull, tip))
        self.head, self.base_ref = tip, pulls[0].base_ref
        self.ref = f"refs/heads/gh-readonly-queue/{self.base_ref}/pr-{pulls[-1].number}-{self.base}"
        repo.bare.move(self.ref, tip)
        repo.seen = repo.bare.refs()
        self.event = events.merge_group(repo, self)

    def land(self):
        """Raises Refused(405) when a required check of the group's head is missing or the base has moved."""
        with self.repo.fake.lock:
            rules.judge_checks(self.repo, self.base_ref, self.head)
            if not self.repo.bare.move(f"refs/heads/{self.base_ref}", self.head, self.base):
                raise Refused(405, BLOCKED)
            self.repo.bare.move(self.ref, None)
            land(self.repo, self.merged, self.by)
            return self.head


def state(repo, pull):
    """``mergeable_state`` of a pull request that has no conflict."""
    try:
        rules.judge(repo, pull, repo.fake.actions, "merge")
    except Refused:
        return "blocked"
    behind = not repo.bare.contains(pull.head, repo.bare.tip(pull.base_ref))
    return "behind" if behind and any(rules.strict(repo, pull.base_ref)) else "clean"
