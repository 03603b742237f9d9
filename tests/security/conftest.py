"""Stories that the attacks begin with: told once for each worker, copied for each test."""

import pytest

from tests.support import stories


@pytest.fixture(scope="session")
def told(_isolated_session, tmp_path_factory):
    stories_told = {}

    def tell(teller, *arguments):
        key = (teller.__name__, *arguments)
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
