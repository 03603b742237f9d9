"""A verdict in the forms that ``gm check --format`` knows, one a module. Pure strings and plain objects.

Everything that comes from documents or commits passes through ``visible`` so that no control or bidirectional
character reaches a terminal or a log. SARIF, which needs the table of rules, is imported from its own module.
"""

from gitops_models.policy.render.github import to_github
from gitops_models.policy.render.jsons import to_json
from gitops_models.policy.render.markdown import to_markdown
from gitops_models.policy.render.text import WORDS, finding_text, to_text
from gitops_models.policy.render.words import docs, listed, outcome, short, standing

__all__ = [
    "WORDS",
    "docs",
    "finding_text",
    "listed",
    "outcome",
    "short",
    "standing",
    "to_github",
    "to_json",
    "to_markdown",
    "to_text",
]
