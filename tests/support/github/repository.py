"""One repository of the fake: its settings, what a test does to it, and what pushes do to its pull requests."""

from tests.support.github import events, merges, rules
from tests.support.github.bare import ZERO, Bare
from tests.support.github.routing import LEVELS
from tests.support.github.state import Settings


class Repository:
    """A bare repository at ``path`` with what GitHub keeps beside it."""

    def __init__(self, fake, number, owner, name, path, parent=None):
        self.fake, self.id, self.owner, self.name, self.path, self.parent = fake, number, owner, name, path, parent
        self.bare = Bare(path)
        self.settings = Settings()
        self.pulls, self.comments, self.checks, self.statuses = {}, {}, {}, []
        self.deployments, self.attestations, self.labels = {}, [], {}
        self.rulesets, self.protections = [], {}
        self.permissions = {}  # login to permission, where it differs from the account's own
        self.tells_bypass = False  # GitHub leaves bypass actors out of the list of rulesets
        self.numbers = 0
        self.seen = self.bare.refs()

    full_name = property(lambda self: f"{self.owner.login}/{self.name}")
    api = property(lambda self: f"{self.fake.api_url}/repos/{self.full_name}")
    remote_url = property(lambda self: f"{self.fake.url}/{self.full_name}.git")
    html = property(lambda self: f"{self.fake.url}/{self.full_name}")
    default = property(lambda self: self.settings.default_branch)
    required_checks = property(lambda self: [check["context"] for check in rules.checks(self, self.default)])

    def permission(self, account):
        """``none`` to ``admin``; the anonymous read what is public."""
        least = "none" if self.settings.private else "read"
        if account is None:
            return least
        own = "admin" if account is self.owner else self.permissions.get(account.login, account.permission)
        return max(own, least, key=LEVELS.index)

    def may(self, account, level):
        return LEVELS.index(self.permission(account)) >= LEVELS.index(level)

    # What a test sets.

    def protect(self, branch="main", **wanted):
        """Put classic protection on a branch (see ``rules.protection``); none when ``wanted`` says ``off=True``."""
        rules.protect(self, branch, **wanted)

    def ruleset(self, name, *wanted, **more):
        """Add a ruleset and give it as the API does; ``wanted`` are rules as of ``rules.pull_request`` and its kin."""
        return rules.add_ruleset(self, name, *wanted, **more)

    def require_checks(self, *contexts, app=None):
        """A ruleset of the default branch that wants these checks (from one App only, when ``app`` is its id)."""
        return self.ruleset("checks", rules.status_checks(*contexts, app=app))

    # What people do on the page.

    def pull(self, number):
        return self.pulls[number]

    def merge_on_page(self, number, by, method="merge"):
        """Press the button; gives the new commit. Raises Refused."""
        with self.fake.lock:
            return merges.merge(self, self.pulls[number], self.fake.accounts[by], method=method)

    def update_branch(self, number, by):
        """Press "Update branch": the base is merged into the head, with GitHub's key. Gives the new head."""
        with self.fake.lock:
            return merges.update_branch(self, self.pulls[number], self.fake.accounts[by])

    def merge_group(self, numbers, by):
        """Let the merge queue build a group; ``.event``, ``.head``, ``.land()``."""
        with self.fake.lock:
            return merges.Group(self, [self.pulls[number] for number in numbers], self.fake.accounts[by])

    def workflow_run(self, name, event, head, *, conclusion="success", branch=None, number=None, by=None):
        """The event of a finished workflow run; the fake itself runs none."""
        account = self.fake.accounts[by] if by else self.fake.actions
        return events.workflow_run(
            self, account, name, event, head, conclusion=conclusion, branch=branch, number=number
        )

    # What pushes do.

    def scan(self, pusher=None):
        """Compare the refs with those that were seen last; tells pull requests and emits push events."""
        now = self.bare.refs()
        before, self.seen = self.seen, now
        moved = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
        for name in moved:
            old, new = before.get(name, ZERO), now.get(name, ZERO)
            if name.startswith(("refs/heads/", "refs/tags/")):
                events.push(self, pusher or self.owner, name, old, new)
            if name.startswith("refs/heads/"):
                self.fake.branch_moved(self, name.removeprefix("refs/heads/"), new, pusher or self.owner)
