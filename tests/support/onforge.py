"""A registry on GitHub without the API: accounts for its people, merges made by the forge, pull requests in memory."""

from dataclasses import dataclass, field
from datetime import timedelta

from gitops_models.forge.base import SeenReview
from gitops_models.forge.github.models import Account, PullRequest, RepositoryInfo, Review
from gitops_models.registry import yamls
from gitops_models.registry.times import format_time
from gitops_models.trust.memory import Memory, Pin, memory_path, save_memory
from gitops_models.verification.proposal import evaluate
from tests.support import policy as documents
from tests.support import stories
from tests.support.keys import ed25519_key
from tests.support.provenance import with_workloads

ACCOUNTS = {"lead": 11, "lead2": 12, "engineer": 13, "raio": 14, "domain": 15}
FORGE_KEY = "web-flow"
NOBODY = 999
HERE = 1


def people(*, second=None, scribe=(), **workload):
    """Everybody's account, ``second`` accounts of some, the forge's own key, and who signs receipts with a key."""
    key = {"type": "ssh", "key": ed25519_key("scribe").public_key}
    writer = {"id": "scribe", "emails": ["scribe@example.org"], "keys": [key], "may": ["receipt", *scribe], **workload}
    found = yamls.load(with_workloads(writer), "people.yaml")
    for person in found["people"]:
        numbers = [ACCOUNTS.get(person["id"]), (second or {}).get(person["id"])]
        logins = [{"forge": "github", "login": f"{person['id']}{n}", "id": n} for n in numbers if n]
        if logins:
            person["logins"] = logins
    keys = [{"type": "ssh", "key": ed25519_key(FORGE_KEY).public_key}]
    forge = {"id": "github", "emails": [f"{FORGE_KEY}@example.org"], "keys": keys}
    return yamls.dump({**found, "forges": [forge]})


def told(path, *, risk="low", files=None, second=None, scribe=(), changes=None, **workload):
    """``fraud`` 1.0.0 and ``spam`` 1.0.0 are registered in a repository whose accepted forge is GitHub."""
    story = stories.registry(path, changes=changes or {})
    first = {
        "gm.yaml": documents.document("Repository", id="test-registry", line="main", models="models", forge="github"),
        "policies/people.yaml": people(second=second, scribe=scribe, **workload),
        **(files or {}),
    }
    story.pin = story.commit(first, land=True)
    memory = Memory(repository="test-registry", line="main", pin=Pin(commit=story.pin)).advanced(story.pin)
    save_memory(memory_path(story.store.common_dir), memory)
    for model in ("fraud", "spam"):
        story.version(model, "1.0.0", risk=risk)
    return story


def seen(story, who, state="approved", *, commit, number=1, minutes=0, bot=False, login=None):
    """A review as the API shows it, given ``minutes`` after now; ``who`` is a person, an account or nobody."""
    account = ACCOUNTS.get(who, who)
    at = story.clock.now() + timedelta(minutes=minutes)
    return SeenReview(number, account, login or str(who), bot, state, commit, at)


def judged(story, head, *reviews):
    """The evaluation of merging ``head`` now with these reviews."""
    now = story.clock.now()
    return evaluate(story.store, story.history(), head, story.ledger, at=now, reviews=reviews)


def on_page(story, head):
    """The merge that somebody makes on the forge's page; returns the step."""
    return story.merge_by_hand(head, by=FORGE_KEY)


@dataclass
class Pulls:
    """Pull requests and their reviews, as the client of the API gives them.

    ``away`` is raised by every call, ``wrong`` by that of the reviews of one pull request. ``turned`` is when some got
    their base.
    """

    merged: dict = field(default_factory=dict)
    said: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    away: Exception | None = None
    wrong: dict = field(default_factory=dict)
    turned: dict = field(default_factory=dict)

    def add(self, number, step, head, *reviews, **changes):
        """Pull request ``number`` became ``step``."""
        fields = {
            "state": "closed",
            "merged": True,
            "draft": False,
            "title": "t",
            "body": "",
            "head": head,
            "head_ref": "b",
            "head_repository": 1,
            "base_ref": "main",
            "base": "0" * 40,
            "author": Account(13, "engineer", "User"),
            "merge_commit": step,
            "labels": (),
            "base_repository": HERE,
            "url": f"https://github.example/acme/registry/pull/{number}",
            **changes,
        }
        self.merged.setdefault(step, []).append(PullRequest(number=number, **fields))
        self.said[number] = [*map(_review, reviews)]

    def repository(self):
        return RepositoryInfo(HERE, 1, "acme/registry", "main", private=False)

    def pulls_of_commit(self, oid):
        self._ask(oid)
        return tuple(self.merged.get(oid, ()))

    def reviews(self, number):
        self._ask(number)
        if number in self.wrong:
            raise self.wrong[number]
        return tuple(self.said[number])

    def retargeted(self, number):
        return self.turned.get(number)

    def _ask(self, what):
        self.asked.append(what)
        if self.away is not None:
            raise self.away


def _review(one):
    account = Account(one.account, one.login, "Bot" if one.bot else "User") if one.account else None
    return Review(one.id, account, one.state, one.commit, format_time(one.submitted), "LGTM")
