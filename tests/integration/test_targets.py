"""The suite of targets over each kind that there is."""

import pytest

from tests.support.sites import CommandSite, DirectorySite, ServeSite
from tests.support.target_conformance import TargetConformance


@pytest.mark.clause("A-limits-7", "A-testing-2", "A-testing-5")
class TestDirectory(TargetConformance):
    @pytest.fixture
    def site(self, tmp_path):
        return DirectorySite(tmp_path)


@pytest.mark.clause("A-limits-7", "A-testing-2", "A-testing-5")
class TestCommand(TargetConformance):
    @pytest.fixture
    def site(self, tmp_path):
        return CommandSite(tmp_path)


@pytest.mark.clause("A-limits-7", "A-testing-2", "A-testing-5")
class TestDirectoryThatGmServeAnswersFrom(TargetConformance):
    @pytest.fixture
    def site(self, tmp_path):
        made = ServeSite(tmp_path)
        yield made
        made.stop()
