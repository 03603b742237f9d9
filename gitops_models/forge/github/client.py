"""GitHub as gm uses it: about forty calls on one repository, plain data in and out (models.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.forge.github import reading, reading_settings
from gitops_models.forge.github.calls import segment
from gitops_models.forge.github.checks import CheckCalls
from gitops_models.forge.github.fields import fields_of, unlike
from gitops_models.forge.github.pulls import PullCalls
from gitops_models.forge.github.reviews import ReviewCalls

if TYPE_CHECKING:
    from gitops_models.forge.github.models import (
        Account,
        Branch,
        BranchProtection,
        Commit,
        RepositoryInfo,
        Rule,
        Ruleset,
    )

_UNPROTECTED = "Branch not protected"
_HEX_DIGITS = 40


class GitHub(PullCalls, ReviewCalls, CheckCalls):
    """One repository on GitHub or GitHub Enterprise (connect.py makes it). Every call raises GM-F401 to F409."""

    def me(self) -> Account:
        """Whose token it is. GM-F402 for the token of an App's installation or a workflow, which is nobody's."""
        return reading.account(fields_of(self.api.get("/user"), "user"))

    def repository(self) -> RepositoryInfo:
        """The repository and its merge settings."""
        return reading.repository(self._get("", "repository"))

    def branch(self, name: str) -> Branch:
        """A branch and its tip."""
        found = reading_settings.branch(self._get(f"/branches/{segment(name)}", "branch"))
        if found.name != name:
            raise unlike(f"GitHub answers with the branch `{found.name}`")
        return found

    def branch_rules(self, branch: str) -> tuple[Rule, ...]:
        """The rules in force on a branch, of all rulesets that are active."""
        found = self._list(f"/rules/branches/{segment(branch)}", "rule", key=None)
        return tuple(reading_settings.rule(one) for one in found)

    def rulesets(self) -> tuple[Ruleset, ...]:
        """The rulesets of the repository and those above it."""
        found = self._list("/rulesets", "ruleset", {"includes_parents": "true"})
        return tuple(reading_settings.ruleset(one) for one in found)

    def protection(self, branch: str) -> BranchProtection | None:
        """The classic protection of a branch, None when it has none. GM-F402 or F403 for who may not see it."""
        try:
            return reading_settings.protection(self._get(f"/branches/{segment(branch)}/protection", "protection"))
        except GmError as error:
            # GitHub answers 404 in both cases; only these words say that there is none.
            if error.code == "GM-F403" and _UNPROTECTED in error.message:
                return None
            raise

    def permission(self, login: str) -> str:
        """What an account may do here: ``admin``, ``write``, ``read`` or ``none``."""
        return self._get(f"/collaborators/{segment(login)}/permission", "permission").word("permission")

    def team_members(self, organization: str, slug: str) -> tuple[Account, ...]:
        """Who is in a team, child teams included."""
        found = self.api.pages(f"/orgs/{segment(organization)}/teams/{segment(slug)}/members")
        return tuple(reading.account(fields_of(one, "member")) for one in found)

    def commit(self, ref: str) -> Commit:
        """A commit by its id or by a name."""
        found = reading.commit(self._get(f"/commits/{segment(ref)}", "commit"))
        if len(ref) >= _HEX_DIGITS and found.sha != ref:
            raise unlike(f"GitHub answers with commit {found.sha} for {ref}")
        return found
