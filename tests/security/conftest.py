"""What the attacks begin with: stories, told once for each worker and copied for each test, and whom they meet."""

import os

import pygit2
import pytest

from gitops_models.store.repository import Store
from tests.support import stories
from tests.support.victim import Victim, server_now
from tests.support.whole import listed


@pytest.fixture(scope="session")
def told(_isolated_session, tmp_path_factory):
    stories_told = {}

    def tell(teller, *arguments):
        key = (teller.__module__, teller.__qualname__, *arguments)
        if key not in stories_told:
            stories_told[key] = teller(tmp_path_factory.mktemp("story") / "r", *arguments)
        return stories_told[key]

    return tell


@pytest.fixture
def story(told, tmp_path):
    """Copies a story for this test: ``story(stories.two_models)``."""
    return lambda teller, *arguments: told(teller, *arguments).copy(tmp_path / "r")


@pytest.fixture
def registry(story):
    """Two models of low risk; see ``stories.two_models``."""
    return story(stories.two_models)


@pytest.fixture
def live(story):
    """Three versions of one model of low risk, all of them promoted; see ``stories.three_versions``."""
    return story(stories.three_versions)


@pytest.fixture(scope="module")
def _shared_server(_isolated_session, tmp_path_factory):
    return server_now(tmp_path_factory.mktemp("server") / "r")


@pytest.fixture
def server(_shared_server, tmp_path):
    """A registry that others can write to; see ``victim.server_now``."""
    return _shared_server.copy(tmp_path / "server.git")


@pytest.fixture
def victim(server, tmp_path, home):
    """Somebody's clone of ``server``, and gm run there."""
    return Victim(server, tmp_path / "work", home)


@pytest.fixture
def fake(shared_data, tmp_path):  # noqa: ARG001 - skips where it is absent
    """A GitHub with nothing on it."""
    from tests.support.github import FakeGitHub  # noqa: PLC0415 - half a second that most modules need not pay for

    with FakeGitHub(tmp_path / "github") as made:
        yield made


@pytest.fixture
def team(tmp_path, home, fake):
    """Colleagues on ``fake``, and ``fraud`` 1.0.0 of medium risk, which a raio has to approve."""
    from tests.support.colleagues import Colleagues  # noqa: PLC0415 - as above

    return Colleagues(tmp_path / "team", home, fake)


@pytest.fixture
def hurry(monkeypatch, home):
    """What a crash would lose is shown elsewhere: nobody waits for the disk, neither we nor libgit2 nor git.

    Refs are read without a process too; each story holds that against what git lists.
    """
    monkeypatch.setattr(os, "fsync", lambda _: None)
    pygit2.settings.enable_fsync_gitdir(value=False)
    monkeypatch.setattr(type(pygit2.settings), "enable_fsync_gitdir", lambda *_, **__: None)
    monkeypatch.setattr(Store, "refs", listed)
    (home / ".gitconfig").write_text("[core]\n\tfsync = none\n")
