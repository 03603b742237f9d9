"""What several modules share: the processes that fork runs to be stopped, a receiver of notices, a GitHub with people.

A module whose repository or GitHub is another has fixtures of its own by these names.
"""

import pytest

from tests.support.receiver import Waits, receiver


@pytest.fixture(scope="module")
def kills(tmp_path_factory):
    """Runs whole commands, counted or killed; see ``tests/support/killing.py``."""
    from tests.support.killing import killer  # noqa: PLC0415 - for the few modules that stop runs

    with killer(tmp_path_factory.mktemp("notes")) as runner:
        yield runner


@pytest.fixture(scope="module")
def runner():
    """Runs a reconcile alone, counted or killed; see ``tests/support/disturbing.py``."""
    from tests.support.disturbing import tracing  # noqa: PLC0415 - as above

    with tracing() as made:
        yield made


@pytest.fixture
def hook():
    """A receiver of notices; see ``tests/support/receiver.py``."""
    with receiver() as made:
        yield made


@pytest.fixture
def waits():
    """The clock of ``post``."""
    return Waits()


@pytest.fixture
def post(tmp_path, waits):
    """Opens the post with the places that it is given; see ``tests/support/notices.py``."""
    from tests.support.notices import poster  # noqa: PLC0415 - as above

    return poster(tmp_path / "state", waits)


@pytest.fixture
def fake(shared_data, tmp_path, monkeypatch):  # noqa: ARG001 - skips where it is absent
    """A GitHub with people and an app; see ``tests/support/github/work.py``."""
    from tests.support.github.work import peopled  # noqa: PLC0415 - for the few modules that speak to it

    with peopled(tmp_path / "github", monkeypatch) as made:
        yield made


@pytest.fixture
def repo(fake):
    """``acme/registry`` on ``fake``."""
    return fake.repository("acme", "registry")


@pytest.fixture
def work(fake, repo, tmp_path, home):
    """A clone of ``repo``, from which everybody pushes and proposes."""
    from tests.support.github.work import Work  # noqa: PLC0415 - as above

    return Work(fake, repo, tmp_path / "work", home)
