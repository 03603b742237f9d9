"""A stateful fake of GitHub on the loopback interface; see ``FakeGitHub``."""

from tests.support.github import rules
from tests.support.github.fake import FakeGitHub
from tests.support.github.faults import Fault
from tests.support.github.messages import Refused
from tests.support.github.repository import Repository

__all__ = ["FakeGitHub", "Fault", "Refused", "Repository", "rules"]
