"""What is suspicious about a policy before it is proposed: ``gm policy lint``. Pure: documents and a time in.

A policy that lint finds fault with may still be accepted: the judge refuses only what no policy may say. ``DENY`` marks
what would lock somebody out or leave a clause without force, ``WARN`` what is likely a slip.
"""

from gitops_models.policy.lint.document import lint_policy, unread
from gitops_models.policy.lint.people import lint_people
from gitops_models.policy.lint.waivers import lint_waivers
from gitops_models.policy.lint.whole import Ground, lint

__all__ = ["Ground", "lint", "lint_people", "lint_policy", "lint_waivers", "unread"]
