"""What the end-to-end tests share: the installed wheel."""

import os

import pytest

from tests.support.installed import install


@pytest.fixture(scope="session")
def installed(repository_root, tmp_path_factory):
    """The project's wheel in an environment of its own, one for all workers."""
    shared = tmp_path_factory.getbasetemp()
    return install(repository_root, shared.parent if os.environ.get("PYTEST_XDIST_WORKER") else shared)
