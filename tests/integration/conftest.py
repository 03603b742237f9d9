"""What several modules of runs that are stopped or disturbed share: the processes that fork the runs."""

import pytest


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
