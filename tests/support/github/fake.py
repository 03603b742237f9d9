"""The fake itself: accounts and repositories, a server, a queue of events, what was asked and what was wrong."""

import base64
import hashlib
import itertools
import os
import threading
from datetime import UTC, datetime

from tests.support.github import api, apps, asking, pulling, repository
from tests.support.github.authority import issued
from tests.support.github.events import Events
from tests.support.github.faults import Faults
from tests.support.github.githttp import basic, serve
from tests.support.github.messages import Answer
from tests.support.github.server import Server
from tests.support.github.state import ACTIONS_APP, Account, Team
from tests.support.github.validation import description
from tests.support.keys import ed25519_key

PREFIX = "/api/v3"


class FakeGitHub:
    """GitHub (Enterprise) on the loopback interface, over bare repositories below ``folder``.

    ``clock`` gives the time that answers are stamped with. Leaving the ``with`` fails when a request or an answer was
    not what GitHub's description says.
    """

    def __init__(self, folder, *, clock=lambda: datetime.now(UTC)):
        description()  # skips where the shared data is absent
        self.folder, self.clock = folder, clock
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, certificate = folder / "authority.pem", folder / "server.pem"
        self.ca.write_bytes(issued().authority)
        certificate.write_bytes(issued().server)
        self.lock, self.stopped = threading.RLock(), threading.Event()
        self.accounts, self.repositories, self.teams, self.verified, self.tokens = {}, {}, {}, {}, {}
        self.events, self.violations, self.requests, self.faults = Events(), [], [], Faults()
        self.merge_key = ed25519_key("web-flow of the fake")
        self._ids = itertools.count(1001)
        self.github = self._put(Account(9919, "github", "Organization"))
        self.web_flow = self._put(Account(19864447, "web-flow", emails=("noreply@github.com",)))
        self.actions = self._bot("github-actions[bot]", 41898282, ACTIONS_APP)
        self._server = Server(certificate, self._answer)

    url = property(lambda self: f"https://127.0.0.1:{self._server.server_port}")
    api_url = property(lambda self: self.url + PREFIX)

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, kind, error, trace):
        self.stopped.set()
        self._server.stop()
        if kind is None:
            assert not self.violations, "\n".join(self.violations)

    def now(self):
        """The time of the fake, as the API says it."""
        return self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def next_id(self):
        return next(self._ids)

    # Accounts.

    def _put(self, account):
        account.token = account.token or f"ghp_{hashlib.sha256(account.login.encode()).hexdigest()[:36]}"
        self.accounts[account.login] = account
        return account

    def _bot(self, login, number, app):
        return self._put(Account(number, login, "Bot", "write", app_id=app))

    def account(self, login, id, permission="write", kind="User", **facts):  # noqa: A002 - the API's word
        """Make an account and give its token. ``facts``: name, emails, keys (signing), app_id, app_key.

        A Bot is an App's; only a Bot may make check runs.
        """
        if kind == "Bot":
            facts.setdefault("app_id", id + 1_000_000)
        return self._put(Account(id, login, kind, permission, **facts)).token

    def team(self, organization, slug, members):
        """Make a team of an organization."""
        self.teams[organization, slug] = Team(
            self.next_id(), organization, slug, [self.accounts[each] for each in members]
        )

    def rename(self, login, new):
        """The account keeps its id and its token."""
        account = self.accounts.pop(login)
        account.login = new
        self.accounts[new] = account

    def delete_account(self, login):
        """Reviews of it say ``null``, its pull requests and comments "ghost"."""
        self.accounts.pop(login).deleted = True

    def by_email(self, email):
        return next((one for one in self.accounts.values() if email in (*one.emails, one.noreply)), None)

    def signing_keys(self):
        """Fingerprint of each registered signing key to its account."""
        pairs = ((line, account) for account in self.accounts.values() for line in account.keys)
        return {_fingerprint(line): account for line, account in pairs}

    def authenticate(self, headers):
        """The account of a request, None for the anonymous, NotImplemented for a token that is none."""
        header = headers.get("Authorization")
        if header is None:
            return None
        words = basic(header) if header.lower().startswith("basic ") else header.partition(" ")[2]
        if words.count(".") == 2:  # header, claims, signature
            return apps.claimed(self, words)
        made = self.tokens.get(words)
        if made is not None:
            return made.account if self.clock() < made.until else NotImplemented
        return next((one for one in self.accounts.values() if one.token == words), NotImplemented)

    # Repositories.

    def repository(self, owner, name, *, path=None, private=False, parent=None):
        """Make a repository, over the bare one at ``path`` where that is given; the owner is made an organization."""
        account = self.accounts.get(owner) or self._put(Account(self.next_id(), owner, "Organization"))
        path = path or self.folder / "repositories" / owner / f"{name}.git"
        path.parent.mkdir(parents=True, exist_ok=True)
        made = repository.Repository(self, self.next_id(), account, name, path, parent)
        made.settings.private = private
        self.repositories[made.full_name.lower()] = made
        return made

    def fork(self, repo, owner):
        """A fork of a repository by an account."""
        fork = self.repository(owner, repo.name, parent=repo)
        fork.bare.git("fetch", "--quiet", str(repo.path), "refs/heads/*:refs/heads/*")
        fork.seen = fork.bare.refs()
        return fork

    def delete_repository(self, repo):
        """A fork goes; the pull requests from it stay, without a head repository."""
        del self.repositories[repo.full_name.lower()]
        for pull in (pull for other in self.repositories.values() for pull in other.pulls.values()):
            pull.head_repo = None if pull.head_repo is repo else pull.head_repo

    def found(self, owner, repo):
        """The repository of ``owner`` in the network of ``repo``, or None."""
        root = repo.parent or repo
        return next(
            (each for each in self.repositories.values() if each.owner.login == owner and root in (each, each.parent)),
            None,
        )

    def branch_moved(self, source, branch, new, by):
        """Tell the pull requests of the whole network."""
        for repo in {id(each): each for each in (source, source.parent or source)}.values():
            pulling.branch_moved(repo, source, branch, new, by)

    # What a test uses.

    def environ(self, login):
        """What a process needs in its environment to be ``login``: API, token, authority, a configuration of Git."""
        account = self.accounts[login]
        file = self.folder / f"{account.id}.gitconfig"
        header = base64.b64encode(f"x-access-token:{account.token}".encode()).decode()
        mine = os.environ.get("GIT_CONFIG_GLOBAL") or os.path.expanduser("~/.gitconfig")  # noqa: PTH111 - as Git finds it
        lines = [f'[http "{self.url}/"]', f"sslCAInfo = {self.ca}", f'extraHeader = "Authorization: Basic {header}"']
        file.write_text("\n".join([f"[include]\npath = {mine}", *lines, ""]) if mine != str(file) else file.read_text())
        names = {"GITHUB_API_URL": self.api_url, "GH_TOKEN": account.token, "SSL_CERT_FILE": str(self.ca)}
        return {**names, "GIT_CONFIG_GLOBAL": str(file), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def fail(self, method, path_pattern, fault, times=1):
        """Let a fault strike requests of a method ("*": any) whose path matches; see ``Fault``."""
        self.faults.add(method, path_pattern, fault, times)

    def ask(self, login, method, path, body=None, **headers):
        """One plain request by an account (None: anonymous): ``status``, ``data``, ``headers``."""
        return asking.ask(self, login, method, path, body, **headers)

    # Answers.

    def _answer(self, request):
        """An answer and how much of it is sent (None: all); no answer closes the connection."""
        if request.path == PREFIX or request.path.startswith(PREFIX + "/"):
            return api.answer(self, request, PREFIX)
        fault = self.faults.take(request.method, request.path)
        if fault is None:
            return serve(self, request), None
        self.wait(fault)
        if not fault.replaces or fault.applied:
            real = serve(self, request)
        if fault.replaces:
            return (None if fault.drop else fault.replacement()), None
        return Answer(real.status, None, real.headers | fault.headers, real.raw), fault.truncate

    def wait(self, fault):
        """Hold an answer back, but not longer than the fake lives."""
        if fault.delay:
            self.stopped.wait(fault.delay)


def _fingerprint(line):
    digest = hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")
